import CommandLineInterface
import Configuration
import Orchestrator

/// `orchestratord simulate`: what a trace of requests would have cost, how good and how fast it would have been, under each
/// policy; from the file alone.
struct SimulateCommand {
    private let file: String
    private let loader: ConfigurationLoader
    private let trace: String
    /// Nil: all of the file.
    private let policies: [String]?
    private let seed: UInt64
    private let failureRates: [String: Double]
    private let plot: String?
    private let asJSON: Bool

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        let arguments = try Arguments(
            words,
            valued: ["config", "trace", "policy", "seed", "failures", "svg"],
            plain: ["json"]
        )
        guard arguments.operands.isEmpty else { throw Arguments.Misuse(message: "simulate takes options only") }
        guard let trace = arguments["trace"] else { throw Arguments.Misuse(message: "simulate needs --trace FILE") }
        self.trace = trace
        file = arguments["config"] ?? environment["ORCHESTRATOR_CONFIG"] ?? "providers.yaml"
        loader = ConfigurationLoader(kinds: kinds, environment: environment)
        let named = arguments.all("policy").flatMap { $0.split(separator: ",").map(String.init) }
        policies = named.isEmpty ? nil : named
        guard let seed = UInt64(arguments["seed"] ?? "1") else {
            throw Arguments.Misuse(message: "--seed must be a whole number of at least 0")
        }
        self.seed = seed
        failureRates = try Self.rates(arguments.all("failures"))
        plot = arguments["svg"]
        asJSON = arguments.has("json")
    }

    /// `NAME=RATE,…`, a name being a provider or PROVIDER/MODEL.
    private static func rates(_ texts: [String]) throws(Arguments.Misuse) -> [String: Double] {
        var rates: [String: Double] = [:]
        for pair in texts.flatMap({ $0.split(separator: ",") }) {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let rate = Double(parts[1]), (0...1).contains(rate) else {
                throw Arguments.Misuse(message: "--failures takes NAME=RATE with a rate from 0 to 1, not '\(pair)'")
            }
            rates[String(parts[0])] = rate
        }
        return rates
    }

    func run() -> ExitCode {
        let registry: Registry
        do throws(ConfigurationLoader.Failure) {
            registry = try loader.load(file, today: SystemTime().now().day).registry
        } catch {
            for mistake in error.errors { Console.error(mistake.description) }
            return .failure
        }
        let names = policies ?? registry.policies.keys.sorted()
        for name in names where registry.policies[name] == nil {
            let hint = Suggestion.hint(for: name, among: registry.policies.keys.sorted())
            Console.error("orchestratord: no policy is called '\(name)' (\(hint))")
            return .failure
        }
        let known = registry.providers.flatMap { provider in
            [provider.id] + provider.models.map { "\(provider.id)/\($0.id)" }
        }
        for name in failureRates.keys.sorted() where !known.contains(name) {
            Console.error("orchestratord: --failures: '\(name)' is no provider and no PROVIDER/MODEL of \(file)")
            return .failure
        }
        guard let requests = readTrace() else { return .failure }
        let simulation = TraceSimulation(registry: registry, seed: seed, failureRates: failureRates)
        let outcomes = names.map { simulation.outcome(of: requests, under: $0) }
        if let plot, !write(SimulationPlot(outcomes).svg, to: plot) { return .failure }
        if asJSON {
            let answer: JSON = [
                "seed": .string("\(seed)"), "requests": .integer(requests.entries.count),
                "policies": .array(outcomes.map(\.json)),
            ]
            Console.out(answer.text)
        } else {
            for line in SimulationTable(outcomes).lines { Console.out(line) }
        }
        return .success
    }

    private func readTrace() -> Trace? {
        let bytes: [UInt8]
        switch ByteReader.contents(of: .file(path: trace, byteCount: 0)) {
        case .success(let content): bytes = content
        case .failure(.notFound):
            Console.error("orchestratord: there is no file '\(trace)'")
            return nil
        case .failure(let error):
            Console.error("orchestratord: cannot read '\(trace)': \(error)")
            return nil
        }
        do throws(Trace.Mistake) {
            let requests = try Trace(reading: bytes)
            if requests.entries.isEmpty { Console.error("orchestratord: '\(trace)' has no requests") }
            return requests.entries.isEmpty ? nil : requests
        } catch {
            Console.error("\(trace):\(error.line): error: \(error.message)")
            return nil
        }
    }

    private func write(_ text: String, to path: String) -> Bool {
        guard let problem = TextFile.write(text, to: path) else { return true }
        Console.error("orchestratord: cannot write '\(path)': \(problem)")
        return false
    }
}

/// The outcomes for people, a line a policy.
struct SimulationTable {
    let outcomes: [PolicyOutcome]

    init(_ outcomes: [PolicyOutcome]) { self.outcomes = outcomes }

    var lines: [String] {
        let head = ["POLICY", "REQUESTS", "FAILED", "PICTURES", "CALLS", "COST", "A PICTURE", "QUALITY", "P50", "P95"]
        let rows = outcomes.map { outcome in
            [
                outcome.policy, "\(outcome.requests)", "\(outcome.failed)", "\(outcome.pictures)",
                "\(outcome.attempts)",
                "$\(outcome.cost)", outcome.costPerPicture.map { "$\($0)" } ?? "-",
                outcome.quality.map(SimulationPlot.tenths) ?? "-", Self.seconds(outcome.latency(percentile: 50)),
                Self.seconds(outcome.latency(percentile: 95)),
            ]
        }
        return TextTable.lines([head] + rows)
    }

    private static func seconds(_ latency: Duration?) -> String {
        latency.map { SimulationPlot.tenths(Double($0.milliseconds) / 1000) + "s" } ?? "-"
    }
}
