/// One value of a configuration file with the place where it stands, from which everything typed is read.
public struct ConfigNode: Sendable {
    /// The kinds of value that a file can hold.
    public enum Content: Sendable {
        case null
        case scalar(Scalar)
        case sequence([ConfigNode])
        case mapping([Entry])
    }

    /// A plain or quoted text.
    public struct Scalar: Sendable {
        /// The text with every reference replaced; nil while one of them is not set.
        public var text: String?
        /// The text as it stands in the file.
        public var source: String
        /// Whether it stood in quotes, and so is text whatever it looks like.
        public var isQuoted: Bool
        /// Names of environment variables and files that it refers to.
        public var references: [String]
        /// Those of them that are not set.
        public var unset: [String]
        /// The column at which the text begins, where it stands on one line letter for letter; nil where escapes, folding
        /// or references make the letters of the file others than those of the text.
        public var textColumn: Int?

        /// A scalar as the loader found it.
        public init(
            text: String?,
            source: String,
            isQuoted: Bool = false,
            references: [String] = [],
            unset: [String] = [],
            textColumn: Int? = nil
        ) {
            self.text = text
            self.source = source
            self.isQuoted = isQuoted
            self.references = references
            self.unset = unset
            self.textColumn = textColumn
        }
    }

    /// One key of a mapping with its value.
    public struct Entry: Sendable {
        /// The key's text.
        public var name: String
        /// The key's line, from 1.
        public var line: Int
        /// The key's column, from 1, in Unicode scalars.
        public var column: Int
        /// What the key has.
        public var value: ConfigNode

        /// An entry as the loader found it.
        public init(name: String, line: Int, column: Int, value: ConfigNode) {
            self.name = name
            self.line = line
            self.column = column
            self.value = value
        }
    }

    /// The file as it was named to us.
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1, in Unicode scalars.
    public var column: Int
    /// The path from the top, such as `providers.openai`; empty at the top.
    public var path: String
    /// The value itself.
    public var content: Content

    /// A node at a place.
    public init(file: String, line: Int, column: Int, path: String, content: Content) {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.content = content
    }
}

extension ConfigNode {
    /// The value of a key of this mapping; nil when it is absent.
    public subscript(key: String) -> ConfigNode? {
        entries.first { $0.name == key }?.value
    }

    /// The keys of this mapping in the order of the file; empty for anything else.
    public var entries: [Entry] {
        if case .mapping(let entries) = content { entries } else { [] }
    }

    /// The elements of this sequence; empty for anything else.
    public var elements: [ConfigNode] {
        if case .sequence(let elements) = content { elements } else { [] }
    }

    /// Whether there is nothing, or an explicit null.
    public var isNull: Bool {
        if case .null = content { true } else { false }
    }

    /// A mistake at this value.
    public func error(_ message: String, hint: String? = nil) -> ConfigError {
        ConfigError(file: file, line: line, column: column, key: path, message: message, hint: hint)
    }

    /// A mistake within a text, `offset` Unicode scalars from its beginning; at the value where that place is not known.
    public func error(at offset: Int, _ message: String, hint: String? = nil) -> ConfigError {
        var mistake = error(message, hint: hint)
        if case .scalar(let scalar) = content, let column = scalar.textColumn { mistake.column = column + offset }
        return mistake
    }

    /// A mistake at a key of this mapping, or at the mapping when the key is absent.
    public func error(_ key: String, _ message: String, hint: String? = nil) -> ConfigError {
        if let value = self[key] { return value.error(message, hint: hint) }
        return ConfigError(
            file: file,
            line: line,
            column: column,
            key: path.isEmpty ? key : "\(path).\(key)",
            message: message,
            hint: hint
        )
    }
}

extension ConfigNode.Entry {
    /// A mistake at the key itself.
    package func error(_ message: String, hint: String? = nil) -> ConfigError {
        nameNode.error(message, hint: hint)
    }

    /// The key as a value of its own, at its own place.
    package var nameNode: ConfigNode {
        ConfigNode(
            file: value.file,
            line: line,
            column: column,
            path: value.path,
            content: .scalar(ConfigNode.Scalar(text: name, source: name))
        )
    }
}

// MARK: - Typed reading

extension ConfigNode {
    /// The text of this value.
    public func string() throws(ConfigError) -> String {
        guard case .scalar(let scalar) = content else { throw error("must be a text, not \(contentName)") }
        guard let text = scalar.text else {
            throw error("refers to \(scalar.unset.joined(separator: ", ")), which is not set")
        }
        return text
    }

    /// The text of a required key.
    public func string(_ key: String) throws(ConfigError) -> String {
        guard let node = self[key], !node.isNull else { throw error(key, "is required") }
        return try node.string()
    }

    /// The text of a key that may be absent.
    public func optionalString(_ key: String) throws(ConfigError) -> String? {
        guard let node = self[key], !node.isNull else { return nil }
        return try node.string()
    }

    /// A whole number in a range.
    public func integer(in range: ClosedRange<Int>) throws(ConfigError) -> Int {
        let text = try plainText("a whole number")
        guard let value = Int(text) else { throw error("must be a whole number, not \(quotation)") }
        guard range.contains(value) else {
            let wanted =
                range.lowerBound == range.upperBound
                ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            throw error("must be \(wanted), not \(quotation)")
        }
        return value
    }

    /// `true` or `false`; YAML 1.1's other spellings are refused because people disagree on them.
    public func bool() throws(ConfigError) -> Bool {
        let text = try plainText("true or false")
        switch text {
        case "true": return true
        case "false": return false
        default: throw error("must be true or false, not \(quotation)")
        }
    }

    /// A finite number.
    public func number() throws(ConfigError) -> Double {
        let text = try plainText("a number")
        guard let value = Double(text), value.isFinite else { throw error("must be a number, not \(quotation)") }
        return value
    }

    /// An exact amount of dollars, such as `0.053`.
    public func dollars() throws(ConfigError) -> MicroUSD {
        let text = try plainText("an amount in dollars")
        do throws(MicroUSD.ParseError) {
            return try MicroUSD(decimal: text)
        } catch {
            switch error {
            case .notDecimal:
                throw self.error("must be a decimal number of dollars, not \(quotation)", hint: "such as 0.053")
            case .negative: throw self.error("must not be negative")
            case .tooFine: throw self.error("is finer than a millionth of a dollar: \(quotation)")
            case .tooLarge: throw self.error("is too large: \(quotation)")
            }
        }
    }

    /// A length of time such as `500ms`, `30s`, `2m`, `1h`, `7d`.
    public func duration() throws(ConfigError) -> Duration {
        let text = try plainText("a duration")
        let units: [(String, Int64)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        for (unit, milliseconds) in units where text.hasSuffix(unit) {
            let count = text.dropLast(unit.utf8.count)
            guard let value = Int64(count), value >= 0, value <= 1_000_000_000 else { continue }
            return .milliseconds(value * milliseconds)
        }
        throw error("must be a duration, not \(quotation)", hint: "such as 500ms, 30s or 2m")
    }

    /// A count of bytes such as `10MiB`, `64KiB`, `1GiB` or a plain number.
    public func byteCount() throws(ConfigError) -> Int {
        let text = try plainText("a size in bytes")
        let units: [(String, Int)] = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1000), ("MB", 1_000_000), ("B", 1), ("", 1),
        ]
        for (unit, bytes) in units where text.hasSuffix(unit) {
            guard let value = Int(text.dropLast(unit.utf8.count)), value >= 0, value < 1 << 32 else { continue }
            return value * bytes
        }
        throw error("must be a size in bytes, not \(quotation)", hint: "such as 10MiB")
    }

    /// A list of values, each read by `read`; a single value is no list.
    public func list<T>(_ read: (ConfigNode) throws(ConfigError) -> T) throws(ConfigError) -> [T] {
        guard case .sequence(let elements) = content else { throw error("must be a list, not \(contentName)") }
        var result: [T] = []
        for element in elements { result.append(try read(element)) }
        return result
    }

    /// One of the words of a closed choice.
    public func choice<T: RawRepresentable & CaseIterable>(
        _ type: T.Type = T.self
    ) throws(ConfigError) -> T where T.RawValue == String {
        let text = try string()
        guard let value = T(rawValue: text) else {
            throw error(
                "unknown value \(quotation)",
                hint: "one of \(T.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        return value
    }

    /// This value as JSON, for what is passed on as it stands (`params`, templates); unquoted numbers, `true`, `false`
    /// and `null` are themselves.
    public func json() throws(ConfigError) -> JSON {
        switch content {
        case .null: return .null
        case .sequence(let elements):
            var array: [JSON] = []
            for element in elements { array.append(try element.json()) }
            return .array(array)
        case .mapping(let entries):
            var object = JSONObject()
            for entry in entries { object[entry.name] = try entry.value.json() }
            return .object(object)
        case .scalar(let scalar):
            let text = try string()
            if scalar.isQuoted { return .string(text) }
            switch text {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "null", "~": return .null
            default: return JSONNumber(text: text).map(JSON.number) ?? .string(text)
            }
        }
    }

    /// The value in quotes for a message, or, as variables and files may hold secrets, the name of where it comes from.
    public var quotation: String {
        guard case .scalar(let scalar) = content else { return contentName }
        return scalar.references.isEmpty ? "'\(scalar.source)'" : "what '\(scalar.source)' stands for"
    }

    /// The text of an unquoted value, or of one that comes from a variable or file; `wanted` says what it should be.
    package func plainText(_ wanted: String) throws(ConfigError) -> String {
        guard case .scalar(let scalar) = content else { throw error("must be \(wanted), not \(contentName)") }
        // A reference may stand in quotes and still mean a number; a quoted literal may not.
        guard !scalar.isQuoted || !scalar.references.isEmpty else {
            throw error("must be \(wanted), not a quoted text")
        }
        return try string()
    }

    /// The kind of value in words.
    package var contentName: String {
        switch content {
        case .null: "nothing"
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
