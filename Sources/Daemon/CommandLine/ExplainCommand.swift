import CommandLineInterface
import Configuration
import Orchestrator

/// `orchestratord explain`: the route of a request, from the file alone.
struct ExplainCommand {
    private let file: String
    private let loader: ConfigurationLoader
    private let fields: JSONObject
    private let asJSON: Bool

    /// Flags that are fields of the request.
    private static let texts = [
        "prompt": "prompt", "model": "model", "quality": "quality", "size": "size", "aspect-ratio": "aspect_ratio",
        "output-format": "output_format", "background": "background", "operation": "operation",
    ]
    private static let numbers = ["n": "n", "references": "references", "seed": "seed"]
    private static let wishes = ["policy": "policy", "fidelity": "fidelity", "max-cost-usd": "max_cost_usd"]

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        let valued = Set(Self.texts.keys).union(Self.numbers.keys).union(Self.wishes.keys).union(["config"])
        let arguments = try Arguments(words, valued: valued, plain: ["json", "mask"])
        guard arguments.operands.isEmpty else { throw Arguments.Misuse(message: "explain takes options only") }
        guard arguments["prompt"] != nil else { throw Arguments.Misuse(message: "explain needs --prompt") }
        file = arguments["config"] ?? environment["ORCHESTRATOR_CONFIG"] ?? "providers.yaml"
        loader = ConfigurationLoader(kinds: kinds, environment: environment)
        asJSON = arguments.has("json")
        var fields: JSONObject = [:]
        for (flag, field) in Self.texts { fields[field] = arguments[flag].map(JSON.string) }
        for (flag, field) in Self.numbers {
            guard let text = arguments[flag] else { continue }
            guard let number = Int64(text) else { throw Arguments.Misuse(message: "--\(flag) must be a number") }
            fields[field] = .integer(number)
        }
        var routing: JSONObject = [:]
        for (flag, field) in Self.wishes { routing[field] = arguments[flag].map(JSON.string) }
        if routing.count > 0 { fields["routing"] = .object(routing) }
        if arguments.has("mask") { fields["mask"] = true }
        self.fields = fields
    }

    func run() -> ExitCode {
        let today = SystemTime().now().day
        let registry: Registry
        do throws(ConfigurationLoader.Failure) {
            registry = try loader.load(file, today: today).registry
        } catch {
            for mistake in error.errors { Console.error(mistake.description) }
            return .failure
        }
        do throws(APIError) {
            let request = try ExplainRequest(fields).request
            let plan = try Planner(registry: registry, health: HealthSnapshot(), today: today)
                .plan(request, for: CallerTerms())
            let quote = CreditQuote(registry.billing, mode: registry.server.mode)
            Console.out(asJSON ? PlanAnswer.body(of: plan, quote: quote).text : PlanTable(plan).text)
            return plan.candidates.isEmpty ? .failure : .success
        } catch {
            Console.error("orchestratord: \(error.message)")
            return .failure
        }
    }
}

/// A plan for people: one line a candidate, one a model that cannot serve.
struct PlanTable {
    let plan: Plan

    init(_ plan: Plan) {
        self.plan = plan
    }

    var text: String {
        var rows = [["", "MODEL", "TIER", "COST", "SCORE", "LATENCY"]]
        for (index, candidate) in plan.candidates.enumerated() {
            rows.append([
                "\(index + 1)", candidate.reference.description, candidate.offer.tier.rawValue, "$\(candidate.cost)",
                candidate.score.flatMap { JSONNumber($0)?.text } ?? "-", candidate.latency.map(Self.text) ?? "-",
            ])
        }
        var lines = ["policy \(plan.policy), fidelity \(plan.fidelity.rawValue)"]
        if plan.candidates.isEmpty { lines.append("nobody can serve this") } else { lines += TextTable.lines(rows) }
        if !plan.excluded.isEmpty {
            lines.append("not considered:")
            lines += plan.excluded.map { "  \($0.reason) [\($0.constraint.rawValue)]" }
        }
        return lines.joined(separator: "\n")
    }

    /// As `providers.yaml` spells it: `25s`, `350ms`.
    private static func text(_ latency: Duration) -> String {
        let milliseconds = latency.milliseconds
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
