import Configuration
import Orchestrator
import Providers

private let loader = ConfigurationLoader(
    kinds: AdapterKinds(Builtin.adapters),
    environment: ["OPENAI_API_KEY": "key", "A": "1", "B": "x: y"]
)
private let today = Day(number: 20_000)

/// Whatever the bytes, checking ends with a registry or with mistakes that have a place in the file.
func fuzzYAML(_ bytes: [UInt8]) {
    // No file of the machine is part of an input.
    guard bytes.span.range(of: Array("file:".utf8)) == nil else { return }
    let report = loader.check(bytes, as: "f.yaml", today: today)
    promise((report.registry == nil) == !report.errors.isEmpty, "neither a registry nor a mistake, or both")
    let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 2
    for mistake in report.errors + report.warnings {
        // Unicode has three line ends of its own, and libyaml counts them.
        let others = bytes.count { $0 == 0x85 || $0 == 0xA8 || $0 == 0xA9 }
        promise(mistake.line >= 1 && mistake.line <= lines + others && mistake.column >= 1, "no place: \(mistake)")
        promise(!mistake.message.isEmpty, "no message")
    }
    promise(report.diagnostics.count == report.errors.count + report.warnings.count, "mistakes not told")
    promise(!report.summary.isEmpty, "no summary")
}
