import Orchestrator

/// What a single value may be; the same cases check a file and describe it to editors.
enum ScalarShape: Sendable {
    case text
    /// A name that stands in URLs, headers and metrics labels.
    case identifier
    /// A model's name at its vendor.
    case modelName
    case secret
    case serviceURL, callURL
    case flag
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case dollars, tokenPrice, factor
    /// Dollars, or the word `tokens`.
    case price
    case duration(ClosedRange<Duration>)
    case bytes(ClosedRange<Int>)
    case rate
    /// A rate of calls that each are remembered.
    case pace
    case size, ratio, day
    case listenAddress, network, origin, database
    /// One of a list of words, which `noun` names in messages.
    case word([String], noun: String)

    /// Throws unless the node holds such a value.
    func check(_ node: ConfigNode) throws(ConfigError) {
        switch self {
        case .text:
            guard !(try node.string()).isEmpty else { throw node.error("must not be empty") }
        case .identifier: try Self.checkName(node, extra: "-_.", longest: 64)
        case .modelName: try Self.checkName(node, extra: "-_./:@+", longest: 200)
        case .secret: _ = try node.secret()
        case .serviceURL: _ = try node.serviceURL()
        case .callURL: _ = try node.callURL()
        case .flag: _ = try node.bool()
        case .integer(let range): _ = try node.integer(in: range)
        case .number(let range):
            guard range.contains(try node.number()) else {
                throw node.error(
                    "must be \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound)), not \(node.quotation)"
                )
            }
        case .dollars: _ = try node.dollars()
        case .tokenPrice: _ = try node.tokenPrice()
        case .price: if !node.isTokens { _ = try node.dollars() }
        case .factor: _ = try node.factor()
        case .duration(let range):
            guard range.contains(try node.duration()) else {
                throw node.error(
                    "must be \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound)), not \(node.quotation)"
                )
            }
        case .bytes(let range):
            guard range.contains(try node.byteCount()) else {
                throw node.error("must be \(range.lowerBound) to \(range.upperBound) bytes, not \(node.quotation)")
            }
        case .rate: _ = try node.rate()
        case .pace: _ = try node.pace()
        case .size: _ = try node.size()
        case .ratio: _ = try node.ratio()
        case .day: _ = try node.day()
        case .listenAddress: _ = try node.listenAddress()
        case .network: _ = try node.network()
        case .origin: _ = try node.origin()
        case .database: _ = try node.database()
        case .word(let choices, let noun): _ = try node.word(of: choices, noun: noun)
        }
    }

    private static func checkName(_ node: ConfigNode, extra: String, longest: Int) throws(ConfigError) {
        let name = try node.string()
        let isSound = name.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || extra.unicodeScalars.contains(scalar))
        }
        guard isSound, (1...longest).contains(name.utf8.count),
            name.first?.isLetter == true || name.first?.isNumber == true
        else {
            throw node.error(
                "is no usable name: \(node.quotation)",
                hint: "letters, digits and \(extra.map { "'\($0)'" }.joined(separator: " ")), at most \(longest)"
            )
        }
    }

    private static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
    }

    static func text(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}

extension ScalarShape {
    /// The JSON Schema of such a value as editors see it, YAML's plain numbers and booleans being JSON's.
    var schema: JSON {
        switch self {
        case .text: ["type": "string", "minLength": 1]
        case .identifier: ["type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"]
        case .modelName: ["type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,199}$"]
        case .secret: ["type": "string", "pattern": "^\\$\\{[^}]+\\}$"]
        case .serviceURL, .callURL: Self.orReference(["type": "string", "pattern": "^https?://[^\\s@]+$"])
        case .flag: Self.orReference(["type": "boolean"])
        case .integer(let range):
            Self.orReference(["type": "integer", "minimum": JSON(range.lowerBound), "maximum": JSON(range.upperBound)])
        case .number(let range):
            Self.orReference(["type": "number", "minimum": JSON(range.lowerBound), "maximum": JSON(range.upperBound)])
        case .dollars, .tokenPrice: Self.orReference(["type": "number", "minimum": 0])
        case .price: Self.orReference(["anyOf": [["type": "number", "minimum": 0], ["enum": ["tokens"]]]])
        case .factor: Self.orReference(["type": "number", "exclusiveMinimum": 0, "maximum": 1000])
        case .duration: Self.orReference(["type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"])
        case .bytes:
            Self.orReference([
                "anyOf": [
                    ["type": "integer", "minimum": 0],
                    ["type": "string", "pattern": "^[0-9]+(B|kB|MB|KiB|MiB|GiB)$"],
                ]
            ])
        case .rate, .pace:
            Self.orReference(["type": "string", "pattern": "^[0-9]+/[0-9]*(s|sec|second|min|minute|h|hour|day)$"])
        case .size: Self.orReference(["type": "string", "pattern": "^[0-9]+x[0-9]+$"])
        case .ratio: Self.orReference(["type": "string", "pattern": "^[0-9]+:[0-9]+$"])
        case .day: Self.orReference(["type": "string", "format": "date"])
        case .listenAddress: Self.orReference(["type": "string", "pattern": "^.+:[0-9]{1,5}$"])
        case .network: Self.orReference(["type": "string", "pattern": "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$"])
        case .origin: Self.orReference(["type": "string", "pattern": "^(\\*|https?://[^/\\s]+)$"])
        case .database: Self.orReference(["type": "string", "pattern": "^(sqlite|postgres(ql)?://.+)$"])
        case .word(let choices, _):
            Self.orReference([
                "enum": .array(
                    choices.map { choice in
                        switch choice {
                        case "true": true
                        case "false": false
                        default: .string(choice)
                        }
                    }
                )
            ])
        }
    }

    /// Any value may come from a variable or file instead.
    private static func orReference(_ schema: JSON) -> JSON {
        ["anyOf": [schema, ["type": "string", "pattern": "\\$\\{[^}]+\\}"]]]
    }
}
