import CommandLineInterface
import Configuration
import Orchestrator

/// `orchestratord fidelity`: what each model of the file keeps, converts, drops or refuses, as the planner does it.
struct FidelityCommand {
    private let file: String
    private let loader: ConfigurationLoader

    init(_ words: ArraySlice<String>, kinds: AdapterKinds, environment: [String: String]) throws(Arguments.Misuse) {
        let arguments = try Arguments(words, valued: ["config"], plain: [])
        guard arguments.operands.isEmpty else { throw Arguments.Misuse(message: "fidelity takes options only") }
        file = arguments["config"] ?? environment["ORCHESTRATOR_CONFIG"] ?? "providers.yaml"
        loader = ConfigurationLoader(kinds: kinds, environment: environment)
    }

    func run() -> ExitCode {
        do throws(ConfigurationLoader.Failure) {
            let loaded = try loader.load(file, today: SystemTime().now().day)
            // A table with gaps would pass for one without.
            for (provider, variable) in loaded.registry.leftOut {
                Console.error("warning: \(provider) is left out, as \(variable) is not set")
            }
            Console.out(FidelityPage(loaded.registry).text)
            return .success
        } catch {
            for mistake in error.errors { Console.error(mistake.description) }
            return .failure
        }
    }
}

/// The tables of all providers as Markdown; models that are alike share a column.
struct FidelityPage {
    private let registry: Registry

    init(_ registry: Registry) {
        self.registry = registry
    }

    var text: String {
        registry.providers.map(Self.section).joined(separator: "\n\n")
    }

    private static func section(_ provider: Provider) -> String {
        var columns: [(table: FidelityTable, models: [String])] = []
        for model in provider.models {
            let table = FidelityTable(model.capabilities)
            if let index = columns.firstIndex(where: { $0.table == table }) {
                columns[index].models.append(model.id)
            } else {
                columns.append((table, [model.id]))
            }
        }
        let letters = columns.indices.map { "\(UnicodeScalar(UInt8(ascii: "A") + UInt8($0 % 26)))" }
        var lines = ["## \(provider.id)", ""]
        for (letter, column) in zip(letters, columns) {
            lines.append("- \(letter): \(column.models.map { "`\($0)`" }.joined(separator: ", "))")
        }
        lines += ["", "| asked | " + letters.joined(separator: " | ") + " |"]
        lines.append("|" + String(repeating: " --- |", count: columns.count + 1))
        for part in FidelityTable.Part.allCases {
            let cells = columns.map { cell($0.table, part) }
            lines.append("| `\(part.rawValue)` | \(cells.joined(separator: " | ")) |")
        }
        return lines.joined(separator: "\n")
    }

    /// One word, or three: under `strict`, `adapt` and `best_effort`.
    private static func cell(_ table: FidelityTable, _ part: FidelityTable.Part) -> String {
        let words = Fidelity.allCases.map { table[part, $0].rawValue }
        return Set(words).count == 1 ? words[0] : words.joined(separator: " / ")
    }
}
