import Orchestrator

/// Builders of JSON Schema (draft 2020-12, as OpenAPI 3.1 takes it).
enum Schema {
    static let text: JSON = ["type": "string"]
    static let flag: JSON = ["type": "boolean"]
    static let integer: JSON = ["type": "integer"]
    static let count: JSON = ["type": "integer", "minimum": 0]
    static let number: JSON = ["type": "number"]
    static let anything: JSON = [:]
    static let object: JSON = ["type": "object"]
    /// RFC 3339.
    static let time: JSON = ["type": "string", "format": "date-time"]
    static let digest: JSON = ["type": "string", "pattern": "^[0-9a-f]{64}$"]
    static let link: JSON = ["type": "string", "format": "uri"]
    /// Decimal text, so that no client reads money as a binary fraction.
    static let dollars: JSON = ["type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,6})?$"]
    /// An amount that a caller names.
    static let dollarWish: JSON = [
        "anyOf": [
            ["type": "string", "pattern": "^[0-9]{1,9}(\\.[0-9]{1,6})?$"],
            ["type": "number", "minimum": 0, "maximum": 1_000_000_000],
        ]
    ]
    /// The same, and more than nothing.
    static let positiveDollarWish: JSON = [
        "anyOf": [
            ["type": "string", "pattern": "^(?![0.]*$)[0-9]{1,9}(\\.[0-9]{1,6})?$"],
            ["type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000_000],
        ]
    ]
    static let pixelSize: JSON = ["type": "string", "pattern": "^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$"]

    /// A text of so many characters; U+0000 is in none that this daemon takes.
    static func text(_ lengths: ClosedRange<Int>, pattern: String = "^[^\\u0000]*$") -> JSON {
        [
            "type": "string", "minLength": .integer(lengths.lowerBound), "maxLength": .integer(lengths.upperBound),
            "pattern": .string(pattern),
        ]
    }

    static func integer(_ range: ClosedRange<Int>, usually value: Int? = nil) -> JSON {
        var schema: JSONObject = [
            "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
        ]
        if let value { schema["default"] = .integer(value) }
        return .object(schema)
    }

    static func choice(_ words: [String]) -> JSON {
        ["type": "string", "enum": .array(words.map(JSON.string))]
    }

    static func choice<T: RawRepresentable & CaseIterable>(_ type: T.Type) -> JSON where T.RawValue == String {
        choice(T.allCases.map(\.rawValue))
    }

    static func constant(_ word: String) -> JSON {
        ["type": "string", "const": .string(word)]
    }

    /// The id of a record: its prefix and a ULID.
    static func id<ID: RecordID>(_ type: ID.Type) -> JSON {
        ["type": "string", "pattern": .string("^\(ID.prefix)_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    }

    static func array(_ element: JSON, _ counts: ClosedRange<Int>? = nil) -> JSON {
        var schema: JSONObject = ["type": "array", "items": element]
        if let counts {
            schema["minItems"] = .integer(counts.lowerBound)
            schema["maxItems"] = .integer(counts.upperBound)
        }
        return .object(schema)
    }

    /// An object whose members have any names and all the same schema.
    static func map(_ value: JSON) -> JSON {
        ["type": "object", "additionalProperties": value]
    }

    /// An object with members that are always there, and others that may be. Further members may come with later versions.
    static func object(_ required: JSONObject, optional: JSONObject = [:]) -> JSON {
        var schema: JSONObject = ["type": "object", "properties": .object(members(required, optional))]
        if !required.isEmpty { schema["required"] = .array(required.keys.map(JSON.string)) }
        return .object(schema)
    }

    /// The same, or null.
    static func nullable(_ schema: JSON) -> JSON {
        ["anyOf": [schema, ["type": "null"]]]
    }

    /// The same members, each of them null where it is not wanted.
    static func nullable(_ members: JSONObject) -> JSONObject {
        members.reduce(into: JSONObject()) { $0[$1.key] = nullable($1.value) }
    }

    /// The same, or nothing behind the name: a form that was not filled in.
    static func orEmpty(_ schema: JSON) -> JSON {
        ["anyOf": [schema, ["type": "string", "const": ""]]]
    }

    /// All members of several objects, one after another.
    static func members(_ parts: JSONObject...) -> JSONObject {
        parts.reduce(into: JSONObject()) { all, part in for (name, schema) in part { all[name] = schema } }
    }

    /// A schema of `Component`.
    static func named(_ component: Component) -> JSON {
        ["$ref": .string("#/components/schemas/\(component.rawValue)")]
    }

    /// A page of a list.
    static func list(_ element: JSON, more: JSONObject = [:]) -> JSON {
        object(members(["object": constant("list"), "data": array(element), "has_more": flag], more))
    }
}
