import Orchestrator

/// The members that a document may have, and of which kind; anything else is a mistake, as vendors that check have it.
struct FieldRules: Sendable {
    indirect enum Kind: Sendable {
        case text
        case word([String])
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case flag
        case object(FieldRules)
        case list(Kind)
        /// Base64 of a picture, bare or in a `data:` address, or either.
        case base64, dataURI, anyPicture
        case either(Kind, Kind)
        case any
    }

    var members: [String: Kind]
    var required: Set<String> = []

    /// What is wrong with an object; nil for nothing.
    func complaint(_ object: JSONObject, _ path: String = "") -> (field: String, message: String)? {
        for (name, value) in object {
            guard let kind = members[name] else { return (path + name, "extra fields not permitted") }
            if let message = Self.complaint(value, kind, path + name) { return message }
        }
        return required.sorted().first { object[$0] == nil }.map { (path + $0, "field required") }
    }

    private static func complaint(_ value: JSON, _ kind: Kind, _ path: String) -> (field: String, message: String)? {
        switch (kind, value) {
        case (.any, _): return nil
        case (.text, .string), (.flag, .bool): return nil
        case (.word(let words), .string(let word)) where words.contains(word): return nil
        case (.integer(let range), .number) where value.int.map(range.contains) ?? false: return nil
        case (.number(let range), .number) where value.double.map(range.contains) ?? false: return nil
        case (.object(let rules), .object(let members)): return rules.complaint(members, path + ".")
        case (.list(let element), .array(let elements)):
            return elements.enumerated().lazy.compactMap { complaint($1, element, "\(path).\($0)") }.first
        case (.base64, .string(let text)) where isPicture(Base64.decode(text)): return nil
        case (.dataURI, .string(let text)) where isPicture(DataURL(text)?.bytes): return nil
        case (.anyPicture, .string(let text)) where isPicture(DataURL(text)?.bytes ?? Base64.decode(text)): return nil
        case (.either(let first, let second), _)
        where complaint(value, first, path) == nil || complaint(value, second, path) == nil:
            return nil
        default: return (path, "value is not a valid \(kind)")
        }
    }

    private static func isPicture(_ bytes: [UInt8]?) -> Bool {
        bytes.map { (try? ImageInspector.facts(of: $0)) != nil } ?? false
    }
}

extension FakeRequest {
    /// The body as an object, if it says that it is JSON and is one.
    var jsonObject: JSONObject? {
        guard mediaType == "application/json" else { return nil }
        return (try? JSON(parsing: body))?.object
    }
}
