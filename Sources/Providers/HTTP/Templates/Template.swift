import Orchestrator

/// A text with variables in braces, taken apart once, when the configuration is loaded.
///
/// A text that is one variable and nothing else has that variable's own type: a number stays a number. `{{` and `}}` are
/// braces.
struct Template: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        case text(String)
        case variable(Variable)
    }

    let parts: [Part]

    /// Takes a value of the file apart; nil when something was wrong and has been noted.
    init?(_ node: ConfigNode, _ scope: TemplateScope) {
        guard let text = scope.notes.read(node, { node throws(ConfigError) in try node.templateText() }) else {
            return nil
        }
        var reader = TemplateParser(text: Array(text.unicodeScalars), node: node, scope: scope)
        guard let parts = reader.parts() else { return nil }
        self.parts = parts
        guard parts.count > 1 else { return }
        for case .variable(let variable) in parts where variable.isFile || variable.isList {
            let message = variable.isFile ? "a file cannot stand inside a text" : "a list cannot stand inside a text"
            scope.notes.add(node.error(message, hint: "let it be the whole value"))
            return nil
        }
    }

    /// The one variable that it consists of.
    var soleVariable: Variable? {
        if parts.count == 1, case .variable(let variable) = parts[0] { variable } else { nil }
    }

    /// Its value, nil where a variable has none.
    func value(_ values: some TemplateValues) throws(ProviderFailure) -> JSON? {
        if let variable = soleVariable { return try values.json(of: variable) }
        return try text(values).map { .string($0) }
    }

    /// Its value as text, each variable's as `encode` makes it; nil where a variable has none.
    func text(
        _ values: some TemplateValues,
        encode: (String) throws(ProviderFailure) -> String = { text throws(ProviderFailure) in text }
    ) throws(ProviderFailure) -> String? {
        var text = ""
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .variable(let variable):
                guard let word = try values.json(of: variable)?.word else { return nil }
                text += try encode(word)
            }
        }
        return text
    }

    /// Its value as a path: variables are percent-encoded but for the slashes of names such as `owner/model`.
    func path(_ values: some TemplateValues) throws(ProviderFailure) -> String {
        let path = try text(values) { word throws(ProviderFailure) in
            // An address with such a step would lead elsewhere than it says.
            let steps = word.split(separator: "/", omittingEmptySubsequences: false)
            guard !steps.contains(where: { $0 == "." || $0 == ".." }) else {
                throw ProviderFailure(.unavailable(.unsupported), "a value of the path is '\(VendorQuote(word))'")
            }
            return PercentEncoding.path(word)
        }
        guard let path else { throw ProviderFailure(.unavailable(.unsupported), "a value of the path is not set") }
        return path
    }
}

extension ConfigNode {
    /// The text of a template, which cannot refer to the environment: `explain` shows it, and logs may.
    func templateText() throws(ConfigError) -> String {
        if case .mapping(let entries) = content, entries.count == 1, entries[0].value.isNull {
            throw error("a template stands in quotes", hint: "write \"{\(entries[0].name)}\"")
        }
        if case .scalar(let scalar) = content, !scalar.references.isEmpty {
            throw error(
                "a template cannot refer to the environment",
                hint: "the key goes where 'auth' says, an address into 'base_url'"
            )
        }
        return try string()
    }
}

/// Takes one text apart.
private struct TemplateParser {
    var text: [Unicode.Scalar]
    var node: ConfigNode
    var scope: TemplateScope

    /// Nil when something was wrong, which has been noted.
    mutating func parts() -> [Template.Part]? {
        var parts: [Template.Part] = []
        var literal = String.UnicodeScalarView()
        var isSound = true
        var index = 0
        func flush() {
            if !literal.isEmpty { parts.append(.text(String(literal))) }
            literal = String.UnicodeScalarView()
        }
        while index < text.count {
            let scalar = text[index]
            let isDoubled = index + 1 < text.count && text[index + 1] == scalar
            switch scalar {
            case "{" where isDoubled, "}" where isDoubled:
                literal.append(scalar)
                index += 2
            case "{":
                guard let end = text[index...].firstIndex(of: "}"), !text[index + 1..<end].contains("{") else {
                    scope.notes.add(node.error(at: index, "'{' has no '}'", hint: "{{ stands for a brace itself"))
                    return nil
                }
                let name = String(String.UnicodeScalarView(text[index + 1..<end]))
                if let variable = scope.variable(name, at: index + 1, in: node) {
                    flush()
                    parts.append(.variable(variable))
                } else {
                    isSound = false
                }
                index = end + 1
            case "}":
                scope.notes.add(node.error(at: index, "'}' has no '{'", hint: "}} stands for a brace itself"))
                return nil
            default:
                literal.append(scalar)
                index += 1
            }
        }
        flush()
        return isSound ? parts : nil
    }
}
