import CommandLineInterface
import Configuration
import Orchestrator

/// `orchestratord check [FILE]`.
struct CheckCommand {
    private let file: String
    private let loader: ConfigurationLoader

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        let arguments = try Arguments(words, valued: ["config"], plain: [])
        guard arguments.operands.count <= 1 else { throw Arguments.Misuse(message: "check takes one file") }
        file = arguments.operands.first ?? arguments["config"] ?? environment["ORCHESTRATOR_CONFIG"] ?? "providers.yaml"
        loader = ConfigurationLoader(kinds: kinds, environment: environment)
    }

    func run() -> ExitCode {
        let report = loader.check(file, today: SystemTime().now().day)
        for line in report.diagnostics { Console.error(line) }
        guard report.isSound else {
            Console.error(report.summary)
            return .failure
        }
        Console.out(report.summary)
        return .success
    }
}

/// `orchestratord schema`.
struct SchemaCommand {
    private let kinds: AdapterKinds

    init(_ words: ArraySlice<String>, kinds: AdapterKinds) throws(Arguments.Misuse) {
        guard try Arguments(words, valued: [], plain: []).operands.isEmpty else {
            throw Arguments.Misuse(message: "schema takes no operands")
        }
        self.kinds = kinds
    }

    func run() -> ExitCode {
        Console.out(JSONSchema.text(kinds: kinds))
        return .success
    }
}
