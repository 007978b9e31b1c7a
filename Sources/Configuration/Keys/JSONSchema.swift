package import Orchestrator

/// The JSON Schema (draft 2020-12) of `providers.yaml`, written from the same shapes by which files are checked.
package enum JSONSchema {
    /// The schema for these adapter kinds, as a document.
    package static func document(kinds: AdapterKinds) -> JSON {
        var schema = JSONObject()
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["title"] = "providers.yaml"
        schema["description"] = "The registry of image providers, and the settings of the daemon in front of them."
        for (name, value) in object(schema: Shape.section(SettingKeys(kinds: kinds).file)) { schema[name] = value }
        return .object(schema)
    }

    /// The same as indented text that ends in a line feed.
    package static func text(kinds: AdapterKinds) -> String {
        var text = ""
        write(document(kinds: kinds), indentation: 0, to: &text)
        return text + "\n"
    }

    private static func object(schema shape: Shape) -> JSONObject {
        switch shape {
        case .adapters(let schema): return schema?.object ?? [:]
        case .scalar(let scalar): return scalar.schema.object ?? [:]
        case .list(let element, let atLeast):
            var schema: JSONObject = ["type": "array", "items": .object(object(schema: element))]
            if atLeast > 0 { schema["minItems"] = JSON(atLeast) }
            return schema
        case .either(let shapes):
            return ["anyOf": .array(shapes.map { .object(object(schema: $0)) })]
        case .table(let table): return object(schema: table)
        case .section(let section): return object(schema: section)
        }
    }

    private static func object(schema table: Table) -> JSONObject {
        var names = table.keys.schema
        // Keys are never references.
        if let alternatives = names.object?["anyOf"]?.array, let first = alternatives.first { names = first }
        if !table.alsoKeys.isEmpty {
            names = ["anyOf": [names, ["enum": .array(table.alsoKeys.map { .string($0.name) })]]]
        }
        var schema: JSONObject = [
            "type": table.atLeast > 0 ? "object" : ["object", "null"], "propertyNames": names,
            "additionalProperties": .object(object(schema: table.values)),
        ]
        if !table.alsoKeys.isEmpty { schema["properties"] = .object(properties(table.alsoKeys)) }
        if table.atLeast > 0 { schema["minProperties"] = JSON(table.atLeast) }
        return schema
    }

    private static func object(schema section: Section) -> JSONObject {
        var properties = properties(section.keys)
        let required = section.keys.filter(\.isRequired).map(\.name)
        var schema: JSONObject = ["type": required.isEmpty ? ["object", "null"] : "object"]
        if let variants = section.variants {
            // A key of some variants is known to all; which of them may have it is said by the conditions.
            for key in variants.union { properties[key.name] = ["description": .string(key.text)] }
            schema["allOf"] = .array(variants.cases.map { .object(condition($0, of: variants, in: section)) })
        }
        schema["properties"] = .object(properties)
        if !required.isEmpty { schema["required"] = .array(required.map(JSON.string)) }
        schema["additionalProperties"] = false
        return schema
    }

    private static func condition(
        _ variant: (name: String, keys: [Key]),
        of variants: Variants,
        in section: Section
    ) -> JSONObject {
        let names = (section.keys + variant.keys).map { JSON.string($0.name) }
        let required = variant.keys.filter(\.isRequired).map { JSON.string($0.name) }
        var consequence: JSONObject = [
            "properties": .object(properties(variant.keys)), "propertyNames": ["enum": .array(names)],
        ]
        if !required.isEmpty { consequence["required"] = .array(required) }
        var premise: JSONObject = ["properties": [variants.key: ["const": .string(variant.name)]]]
        if variants.standard != variant.name { premise["required"] = [.string(variants.key)] }
        return ["if": .object(premise), "then": .object(consequence)]
    }

    private static func properties(_ keys: [Key]) -> JSONObject {
        var properties = JSONObject()
        for key in keys {
            var schema: JSONObject = ["description": .string(key.text)]
            if let standard = key.standard { schema["default"] = standard }
            for (name, value) in object(schema: key.shape) { schema[name] = value }
            properties[key.name] = .object(schema)
        }
        return properties
    }

    private static func write(_ value: JSON, indentation: Int, to text: inout String) {
        let inner = String(repeating: "  ", count: indentation + 1)
        let outer = String(repeating: "  ", count: indentation)
        switch value {
        case .object(let object) where !object.isEmpty:
            text += "{\n"
            for (index, member) in object.enumerated() {
                text += inner + JSON.string(member.key).text + ": "
                write(member.value, indentation: indentation + 1, to: &text)
                text += index + 1 < object.count ? ",\n" : "\n"
            }
            text += outer + "}"
        default: text += value.text
        }
    }
}
