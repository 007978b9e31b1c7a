package import Orchestrator

/// What `check` has to say about a file.
package struct CheckReport: Sendable {
    /// The file as it was named.
    package var file: String
    /// Nil when there are errors.
    package var registry: Registry?
    /// In the order of the file.
    package var errors: [ConfigError]
    package var warnings: [ConfigError]

    /// Whether the file can be served by.
    package var isSound: Bool { errors.isEmpty }

    /// The lines for people and editors, in the order of the file: `FILE:LINE:COLUMN: error: KEY: MESSAGE (HINT)`.
    package var diagnostics: [String] {
        let all = errors.map { ($0, "error") } + warnings.map { ($0, "warning") }
        return all.enumerated().sorted { a, b in
            let (left, right) = (a.element.0, b.element.0)
            return (left.line, left.column, a.offset) < (right.line, right.column, b.offset)
        }.map { $0.element.0.line(severity: $0.element.1) }
    }

    /// One line, such as `providers.yaml: ok, 4 providers, 12 models, 2 left out (OPENAI_API_KEY, STABILITY_API_KEY not set)`.
    package var summary: String {
        guard let registry else { return "\(file): \(Self.count(errors.count, "error"))" }
        let models = registry.providers.reduce(0) { $0 + $1.models.count }
        var text = "\(file): ok, \(Self.count(registry.providers.count, "provider")), \(Self.count(models, "model"))"
        if !registry.leftOut.isEmpty {
            let variables = registry.leftOut.map(\.variable).joined(separator: ", ")
            text += ", \(registry.leftOut.count) left out (\(variables) not set)"
        }
        return text
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
