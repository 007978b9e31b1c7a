import Orchestrator

/// As much of JSON Schema (draft 2020-12) as the schema of `providers.yaml` uses.
enum SchemaValidator {
    /// The paths of the values that break the schema.
    static func problems(_ value: JSON, _ schema: JSON, at path: String = "") -> [String] {
        guard let rules = schema.object else { return schema.bool == false ? [path] : [] }
        var problems: [String] = []
        for (rule, argument) in rules {
            if !holds(value, rule, argument) { problems.append("\(path) \(rule)") }
        }
        if let object = value.object {
            let known = rules["properties"]?.object ?? [:]
            for (name, member) in object {
                let place = path.isEmpty ? name : "\(path).\(name)"
                if let names = rules["propertyNames"] { problems += Self.problems(.string(name), names, at: place) }
                if let property = known[name] {
                    problems += Self.problems(member, property, at: place)
                } else if let others = rules["additionalProperties"] {
                    problems += Self.problems(member, others, at: place)
                }
            }
        }
        if let elements = value.array, let items = rules["items"] {
            for (index, element) in elements.enumerated() {
                problems += Self.problems(element, items, at: "\(path)[\(index)]")
            }
        }
        for part in rules["allOf"]?.array ?? [] {
            guard let premise = part["if"], let consequence = part["then"] else { continue }
            if Self.problems(value, premise).isEmpty { problems += Self.problems(value, consequence, at: path) }
        }
        return problems
    }

    private static func holds(_ value: JSON, _ rule: String, _ argument: JSON) -> Bool {
        switch rule {
        case "type":
            let types = argument.array ?? [argument]
            return types.contains { $0.string.map { isOf(value, type: $0) } ?? false }
        case "enum": return argument.array?.contains(value) ?? false
        case "const": return argument == value
        case "required":
            guard let object = value.object else { return true }
            return argument.array?.allSatisfy { $0.string.map { object[$0] != nil } ?? false } ?? false
        case "anyOf": return argument.array?.contains { problems(value, $0).isEmpty } ?? false
        case "minimum": return (value.double ?? .infinity) >= (argument.double ?? 0)
        case "maximum": return (value.double ?? -.infinity) <= (argument.double ?? 0)
        case "exclusiveMinimum": return (value.double ?? .infinity) > (argument.double ?? 0)
        case "minItems": return (value.array?.count ?? .max) >= (argument.int ?? 0)
        case "minProperties": return (value.object?.count ?? .max) >= (argument.int ?? 0)
        case "minLength": return (value.string?.count ?? .max) >= (argument.int ?? 0)
        case "pattern":
            guard let text = value.string, let pattern = argument.string, let regex = try? Regex(pattern) else {
                return true
            }
            return text.contains(regex)
        default: return true
        }
    }

    private static func isOf(_ value: JSON, type: String) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("null", .null),
            ("number", .number):
            true
        case ("integer", .number(let number)): number.int64 != nil
        default: false
        }
    }
}

extension ConfigNode {
    /// The file as an editor sees it: references are texts.
    var asEditorsSeeIt: JSON {
        switch content {
        case .null: return .null
        case .sequence(let elements): return .array(elements.map(\.asEditorsSeeIt))
        case .mapping(let entries): return .object(JSONObject(entries.map { ($0.name, $0.value.asEditorsSeeIt) }))
        case .scalar(let scalar):
            if scalar.isQuoted || !scalar.references.isEmpty { return .string(scalar.source) }
            return (try? json()) ?? .string(scalar.source)
        }
    }
}
