import Orchestrator

/// The fields of a `multipart/form-data` body, with variables in them; a list is a field that is repeated.
struct FormTemplate: Sendable {
    private var fields: [(name: String, values: [Template])] = []

    /// Reads a mapping of the file; nil when something was wrong and has been noted.
    init?(_ node: ConfigNode, _ scope: TemplateScope) {
        guard case .mapping(let entries) = node.content else {
            scope.notes.add(node.error("must be a mapping of fields, not \(node.contentName)"))
            return nil
        }
        for entry in entries where !entry.value.isNull {
            var values: [Template] = []
            let elements = if case .sequence(let elements) = entry.value.content { elements } else { [entry.value] }
            for element in elements {
                if case .mapping(let inner) = element.content, inner.count != 1 || !inner[0].value.isNull {
                    scope.notes.add(element.error("a field of a form is a text or a file, no mapping"))
                    return nil
                }
                guard let template = Template(element, scope) else { return nil }
                values.append(template)
            }
            fields.append((entry.name, values))
        }
    }

    func parts(_ values: RequestValues) throws(ProviderFailure) -> [FormPart] {
        var parts: [FormPart] = []
        for (name, templates) in fields {
            for template in templates {
                if case .picture(let choice, .file)? = template.soleVariable {
                    parts += values.pictures(choice).map { FormPart(name, $0) }
                } else if let value = try template.value(values) {
                    parts += (value.array ?? [value]).compactMap(\.word).map { FormPart(name, $0) }
                }
            }
        }
        // What the registry states for a tier replaces a field, and takes it out by `null`.
        let parameters = values.request.parameters
        return parts.filter { parameters[$0.name] == nil } + parameters.flatMap { FormField.parts($0.key, $0.value) }
    }
}
