import Orchestrator

/// A JSON document with variables in it.
indirect enum BodyTemplate: Sendable {
    case literal(JSON)
    case text(Template)
    case array([BodyTemplate])
    case object([(name: String, value: BodyTemplate)])
    /// The item once for each reference picture; within a list its elements are the list's.
    case each(BodyTemplate)

    static let eachKey = "$each"
    static let itemKey = "$item"

    /// Reads a document of the file; nil when something was wrong and has been noted.
    init?(_ node: ConfigNode, _ scope: TemplateScope) {
        switch node.content {
        case .null: self = .literal(.null)
        case .sequence(let elements):
            let parts = elements.map { BodyTemplate($0, scope) }
            guard parts.allSatisfy({ $0 != nil }) else { return nil }
            self = .array(parts.compactMap(\.self))
        case .mapping(let entries) where node[Self.eachKey] != nil:
            guard let item = Self.item(node, entries, scope) else { return nil }
            self = .each(item)
        case .mapping(let entries):
            if entries.count == 1, entries[0].value.isNull, entries[0].name.allSatisfy({ $0.isLetter || $0 == "_" }) {
                guard scope.notes.read(node, { node throws(ConfigError) in try node.templateText() }) != nil else {
                    return nil
                }
            }
            let parts = entries.map { ($0.name, BodyTemplate($0.value, scope)) }
            guard parts.allSatisfy({ $0.1 != nil }) else { return nil }
            self = .object(parts.compactMap { name, part in part.map { (name, $0) } })
        case .scalar(let scalar):
            guard scalar.source.contains(where: { $0 == "{" || $0 == "}" }) || !scalar.references.isEmpty else {
                guard let value = scope.notes.read(node, { node throws(ConfigError) in try node.json() }) else {
                    return nil
                }
                self = .literal(value)
                return
            }
            guard let template = Template(node, scope) else { return nil }
            if let variable = template.soleVariable, variable.isFile {
                let hint = "{image.base64}, {image.data_uri}, or a 'form' in place of 'json'"
                scope.notes.add(node.error("a JSON document holds no files", hint: hint))
                return nil
            }
            self = .text(template)
        }
    }

    private static func item(
        _ node: ConfigNode,
        _ entries: [ConfigNode.Entry],
        _ scope: TemplateScope
    ) -> BodyTemplate? {
        if let other = entries.first(where: { $0.name != eachKey && $0.name != itemKey }) {
            scope.notes.add(other.error("cannot stand beside '\(eachKey)'", hint: "it has '\(itemKey)' alone"))
            return nil
        }
        if let what = try? node[eachKey]?.string(), what != "images" {
            scope.notes.add(node.error(eachKey, "'\(what)' is no list", hint: "images"))
            return nil
        }
        guard let item = node[itemKey] else {
            scope.notes.add(node.error(itemKey, "is required beside '\(eachKey)'"))
            return nil
        }
        // The current picture is as available as the pictures are.
        return BodyTemplate(item, scope)
    }

    /// The document; nil where everything in it is left out for want of values.
    func value(_ values: RequestValues) throws(ProviderFailure) -> JSON? {
        switch self {
        case .literal(.null): return nil
        case .literal(let value): return value
        case .text(let template): return try template.value(values)
        case .array(let elements):
            var list: [JSON] = []
            for element in elements {
                if case .each(let item) = element {
                    list += try Self.items(item, values)
                } else if let value = try element.value(values) {
                    list.append(value)
                }
            }
            return list.isEmpty && !elements.isEmpty ? nil : .array(list)
        case .object(let members):
            var object = JSONObject()
            for (name, member) in members {
                if let value = try member.value(values) { object.set(name, value) }
            }
            return object.isEmpty && !members.isEmpty ? nil : .object(object)
        case .each(let item):
            let list = try Self.items(item, values)
            return list.isEmpty ? nil : .array(list)
        }
    }

    private static func items(_ item: BodyTemplate, _ values: RequestValues) throws(ProviderFailure) -> [JSON] {
        var list: [JSON] = []
        for picture in values.request.references {
            var values = values
            values.current = picture
            if let value = try item.value(values) { list.append(value) }
        }
        return list
    }
}

extension JSON {
    /// This document with another laid over it as a merge patch (RFC 7386): objects are merged, anything else is replaced,
    /// `null` takes out.
    func patched(with patch: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var result = object ?? [:]
        for (name, change) in changes {
            if change.isNull {
                result.remove(name)
            } else {
                result.set(name, (result[name] ?? .null).patched(with: change))
            }
        }
        return .object(result)
    }
}
