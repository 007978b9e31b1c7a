import Orchestrator

/// Body fields as text parts of a form: numbers and truth values as their literals, nested objects as `name[key]`,
/// lists as repeated `name[]`, which is how the vendors' own clients write them.
enum FormField {
    static func parts(_ name: String, _ value: JSON) -> [FormPart] {
        switch value {
        case .null, .blob: []
        case .bool(let value): [FormPart(name, value ? "true" : "false")]
        case .number(let number): [FormPart(name, number.text)]
        case .string(let text): [FormPart(name, text)]
        case .array(let elements): elements.flatMap { parts(name + "[]", $0) }
        case .object(let members): members.flatMap { parts("\(name)[\($0.key)]", $0.value) }
        }
    }
}

extension JSONObject {
    /// Lays what the registry states for a tier over these fields; a `null` there takes a field out, for servers that
    /// do not know it.
    func merging(parameters: JSONObject) -> JSONObject {
        var merged = self
        for (name, value) in parameters {
            if value.isNull { merged.remove(name) } else { merged.set(name, value) }
        }
        return merged
    }
}
