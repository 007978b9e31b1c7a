/// One mistake in a configuration file, and where its author can mend it.
public struct ConfigError: Error, Equatable, Sendable {
    /// The file as it was named to us.
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1, in Unicode scalars.
    public var column: Int
    /// The path of the key, for example `providers.openai.timeout`.
    public var key: String
    /// What is wrong; never a secret value.
    public var message: String
    /// What would be right.
    public var hint: String?

    /// A mistake at a place.
    public init(file: String, line: Int, column: Int, key: String, message: String, hint: String? = nil) {
        self.file = file
        self.line = line
        self.column = column
        self.key = key
        self.message = message
        self.hint = hint
    }
}

extension ConfigError {
    /// Where a mistake is: readers that meet it several times report it once.
    package struct Spot: Hashable, Sendable {
        private var line: Int
        private var column: Int
        private var key: String

        fileprivate init(_ error: ConfigError) {
            line = error.line
            column = error.column
            key = error.key
        }
    }

    package var spot: Spot { Spot(self) }
}

extension ConfigError: CustomStringConvertible {
    /// The form editors can jump to: `providers.yaml:12:5: error: key: message (hint)`.
    public var description: String { line(severity: "error") }

    /// The same for a message of another weight, such as `warning`.
    package func line(severity: String) -> String {
        let place = "\(file):\(line):\(column): \(severity): "
        return place + (key.isEmpty ? "" : "\(key): ") + message + (hint.map { " (\($0))" } ?? "")
    }
}
