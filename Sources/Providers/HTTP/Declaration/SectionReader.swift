import Orchestrator

/// Reads the sections of one declaration, noting every mistake and going on.
struct SectionReader {
    let notes: DeclarationNotes
    let operation: Orchestrator.Operation

    /// A mapping whose keys are all known; nil, and noted, for anything else.
    func section(_ node: ConfigNode?, _ keys: DeclarationKeys) -> ConfigNode? {
        guard let node, !node.isNull else { return nil }
        guard case .mapping(let entries) = node.content else {
            notes.add(node.error("must be a mapping, not \(node.contentName)"))
            return nil
        }
        for entry in entries where !keys.names.contains(entry.name) {
            let hint = Suggestion.hint(for: entry.name, among: keys.names, listed: "known:")
            notes.add(entry.error("unknown key", hint: hint))
        }
        return node
    }

    /// The value of a key, nil where it is absent or taken out.
    func value(_ node: ConfigNode, _ key: String) -> ConfigNode? {
        guard let value = node[key], !value.isNull else { return nil }
        return value
    }

    func pointer(_ node: ConfigNode, _ key: String) -> Pointer? {
        notes.read(value(node, key)) { node throws(ConfigError) in try node.pointer() }
    }

    func flag(_ node: ConfigNode, _ key: String) -> Bool {
        notes.read(value(node, key)) { node throws(ConfigError) in try node.bool() } ?? false
    }

    // MARK: - Values

    func values(_ node: ConfigNode?) -> [DeclaredValue] {
        guard let node, !node.isNull else { return [] }
        guard case .mapping(let entries) = node.content else {
            notes.add(node.error("must be a mapping of names, not \(node.contentName)"))
            return []
        }
        var values: [DeclaredValue] = []
        for entry in entries where !entry.value.isNull {
            let isTaken = RequestField(rawValue: entry.name) != nil || ["image", "images", "mask"].contains(entry.name)
            if isTaken || !entry.name.utf8.allSatisfy(Self.isNameByte) {
                let message = isTaken ? "is a variable already" : "is no usable name"
                notes.add(entry.error(message, hint: "lower-case letters, digits and '_', not the name of another"))
            }
            // A value may be made of those before it; a place is kept for one with mistakes, so that its uses are none.
            let scope = TemplateScope(place: .request(operation), declared: values.map(\.name), notes: notes)
            values.append(
                value(entry, scope)
                    ?? DeclaredValue(name: entry.name, source: Template(constant: ""), fallback: .omitted)
            )
        }
        return values
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private func value(_ entry: ConfigNode.Entry, _ scope: TemplateScope) -> DeclaredValue? {
        guard let node = section(entry.value, .value) else { return nil }
        var source: Template?
        switch (value(node, "of"), value(node, "text")) {
        case (let name?, nil):
            source = notes.read(name) { node throws(ConfigError) in try node.templateText() }.flatMap { text in
                scope.variable(text, at: 0, in: name).map { Template(variable: $0) }
            }
        case (nil, let text?): source = Template(text, scope)
        case (.some, let text?): notes.add(text.error("cannot stand beside 'of'"))
        case (nil, nil): notes.add(node.error("of", "is required, or 'text'"))
        }
        var table: [String: JSON]?
        if let map = node["map"] {
            table = [:]
            if map.entries.isEmpty { notes.add(map.error("must be a mapping from our words to the vendor's")) }
            for entry in map.entries {
                table?[entry.name] = notes.read(entry.value) { node throws(ConfigError) in try node.json() }
            }
        }
        var fallback: DeclaredValue.Fallback?
        if let standard = node["default"] {
            fallback =
                notes.read(standard) { node throws(ConfigError) in try node.json() }
                .map { $0.isNull ? .omitted : .value($0) }
        }
        guard let source else { return nil }
        return DeclaredValue(name: entry.name, source: source, table: table, fallback: fallback)
    }

    // MARK: - Calls

    /// A call with a body of its own.
    func call(
        _ node: ConfigNode,
        _ scope: TemplateScope,
        keys: DeclarationKeys = .call,
        standard: WireRequest.Method
    ) -> CallTemplate? {
        guard section(node, keys) != nil, var call = frame(node, scope, standard) else { return nil }
        switch (value(node, "json"), value(node, "form")) {
        case (let json?, let form):
            if let form { notes.add(form.error("cannot stand beside 'json'", hint: "a call has one body")) }
            if let body = BodyTemplate(json, scope) { call.body = .json(body) }
        case (nil, let form?):
            if let body = FormTemplate(form, scope) { call.body = .form(body) }
        case (nil, nil): break
        }
        if call.method == .get, value(node, "json") != nil || value(node, "form") != nil {
            notes.add(node.error("method", "GET has no body", hint: "POST, or 'query' for its parameters"))
        }
        return call
    }

    /// A call about work under way; its address is a path, or one that a reply named.
    func workCall(_ node: ConfigNode?, standard: WireRequest.Method) -> CallTemplate? {
        guard let node = section(node, .workCall) else { return nil }
        let scope = TemplateScope(place: .work, declared: [], notes: notes)
        guard let url = value(node, "url") else { return frame(node, scope, standard) }
        if let path = value(node, "path") { notes.add(path.error("cannot stand beside 'url'")) }
        guard let pointer = notes.read(url, { node throws(ConfigError) in try node.pointer() }) else { return nil }
        return CallTemplate(
            method: method(node) ?? standard,
            address: .reply(pointer),
            query: fields(node, "query", scope),
            headers: headers(node, scope)
        )
    }

    private func frame(_ node: ConfigNode, _ scope: TemplateScope, _ standard: WireRequest.Method) -> CallTemplate? {
        let (method, query) = (method(node), fields(node, "query", scope))
        let headers = headers(node, scope)
        guard let place = value(node, "path") else {
            notes.add(node.error("path", "is required"))
            return nil
        }
        guard let path = path(place, scope) else { return nil }
        return CallTemplate(method: method ?? standard, address: .path(path), query: query, headers: headers)
    }

    /// A path below the base URL.
    func path(_ node: ConfigNode, _ scope: TemplateScope) -> Template? {
        guard let path = Template(node, scope) else { return nil }
        if case .text(let head)? = path.parts.first, head.hasPrefix("/"), !head.hasPrefix("//") {
        } else {
            notes.add(node.error(at: 0, "a path begins with '/'", hint: "it is put behind base_url"))
        }
        for case .text(let text) in path.parts {
            if let bad = text.unicodeScalars.first(where: { $0 == "?" || $0 == "#" || $0 == " " || $0 == "\\" }) {
                notes.add(
                    node.error("a path cannot hold '\(bad)'", hint: bad == "?" ? "parameters go into 'query'" : nil)
                )
            }
        }
        return path
    }

    private func method(_ node: ConfigNode) -> WireRequest.Method? {
        notes.read(value(node, "method")) { node throws(ConfigError) -> WireRequest.Method in
            let word = try node.string()
            guard let method = DeclarationKeys.methods.first(where: { $0.rawValue == word }) else {
                let names = DeclarationKeys.methods.map(\.rawValue)
                throw node.error("unknown method '\(word)'", hint: Suggestion.hint(for: word, among: names))
            }
            return method
        }
    }

    func fields(_ node: ConfigNode, _ key: String, _ scope: TemplateScope) -> [CallTemplate.Field] {
        guard let table = value(node, key) else { return [] }
        guard case .mapping(let entries) = table.content else {
            notes.add(table.error("must be a mapping, not \(table.contentName)"))
            return []
        }
        return entries.compactMap { entry in
            if entry.value.isNull { return nil }
            guard let template = Template(entry.value, scope) else { return nil }
            if let variable = template.soleVariable, variable.isFile || variable.isList {
                notes.add(entry.value.error("a file or a list is no text"))
            }
            return (entry.name, template)
        }
    }

    private func headers(_ node: ConfigNode, _ scope: TemplateScope) -> [CallTemplate.Field] {
        for entry in node["headers"]?.entries ?? [] {
            if !entry.name.utf8.allSatisfy(HeaderName.isAllowed) {
                notes.add(entry.error("is no name of a header"))
            } else if HeaderName.reserved.contains(entry.name.lowercased()) {
                notes.add(entry.error("is not for templates", hint: "the key goes where 'auth' says"))
            }
        }
        return fields(node, "headers", scope)
    }
}

extension Template {
    init(constant: String) { parts = [.text(constant)] }

    init(variable: Variable) { parts = [.variable(variable)] }
}
