import Orchestrator

/// Reads one provider's entry: every model's declaration for every operation, with all mistakes.
struct DeclarationReader {
    /// The key of provider and model under which everything is declared.
    static let key = "api"

    /// What a provider's entry declares.
    struct Reading {
        var authentication = Authentication.bearer
        var hosts: [String] = []
        var upload: UploadFlow?
        /// By model and operation.
        var declarations: [String: [Orchestrator.Operation: HTTPDeclaration]] = [:]
    }

    private let notes = DeclarationNotes()

    /// The declarations, and the mistakes for which they are not to be used.
    static func read(_ node: ConfigNode) -> (reading: Reading, mistakes: [ConfigError]) {
        let reader = DeclarationReader()
        let reading = reader.reading(node)
        let mistakes = reader.notes.mistakes.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        return (reading, mistakes)
    }

    private func reading(_ node: ConfigNode) -> Reading {
        var reading = Reading()
        let sections = SectionReader(notes: notes, operation: .generate)
        let api = sections.section(node[Self.key], .provider)
        if let api {
            reading.authentication = authentication(sections.value(api, "auth"), sections) ?? .bearer
            reading.hosts = hosts(sections.value(api, "hosts"))
            reading.upload = upload(sections.value(api, "upload"), errors: api["errors"])
        } else if node[Self.key] == nil {
            notes.add(node.error(Self.key, "is required", hint: "how the vendor is called; see docs/http-adapter.md"))
        }
        for model in node["models"]?.entries ?? [] {
            let own = sections.section(model.value[Self.key], .model)
            reading.declarations[model.name] = declarations(api, own, model.value, hasUpload: reading.upload != nil)
        }
        return reading
    }

    private func declarations(
        _ api: ConfigNode?,
        _ own: ConfigNode?,
        _ model: ConfigNode,
        hasUpload: Bool
    ) -> [Orchestrator.Operation: HTTPDeclaration] {
        let listed = Set(model["operations"]?.elements.compactMap { try? $0.string() } ?? [])
        if let stream = model["operations"]?.elements.first(where: { (try? $0.string()) == "stream" }) {
            notes.add(stream.error("a declared API has no streams"))
        }
        var declarations: [Orchestrator.Operation: HTTPDeclaration] = [:]
        for operation in Orchestrator.Operation.allCases {
            let parts = [api, own].flatMap { node -> [ConfigNode] in
                guard let node else { return [] }
                // What is stated for edits holds for variations, unless something is stated for those.
                let words = operation == .variation ? ["edit", "variation"] : [operation.rawValue]
                return [node.without("operations")] + words.compactMap { node["operations"]?[$0] }
            }
            let isStated = [api, own].contains { $0?["operations"]?[operation.rawValue] != nil }
            let isServed = listed.contains(operation.rawValue) || operation == .variation && listed.contains("edit")
            guard isStated || isServed || listed.isEmpty && operation == .generate, let first = parts.first else {
                continue
            }
            let merged = parts.dropFirst().reduce(first) { $0.overlaid(by: $1) }
            let declaration = declaration(merged, operation)
            if isServed, let declaration {
                ClaimCheck(notes: notes, model: model, declaration: declaration)
                    .run(operation, isListed: listed.contains(operation.rawValue), hasUpload: hasUpload)
            }
            // A model that states no operations is one that nobody knows, which is told elsewhere.
            if !listed.isEmpty { declarations[operation] = declaration }
        }
        for entry in [api, own].flatMap({ $0?["operations"]?.entries ?? [] }) {
            let known = Orchestrator.Operation.allCases.map(\.rawValue)
            if !known.contains(entry.name) {
                let hint = Suggestion.hint(for: entry.name, among: known)
                notes.add(entry.error("unknown operation '\(entry.name)'", hint: hint))
            }
            _ = SectionReader(notes: notes, operation: .generate).section(entry.value, .overrides)
        }
        return declarations
    }

    private func declaration(_ node: ConfigNode, _ operation: Orchestrator.Operation) -> HTTPDeclaration? {
        let sections = SectionReader(notes: notes, operation: operation)
        notes.beginUse()
        let declared = sections.values(sections.value(node, "values"))
        let scope = TemplateScope(place: .request(operation), declared: declared.map(\.name), notes: notes)
        for key in ["request", "result"] where sections.value(node, key) == nil {
            notes.add(node.error(key, "is required"))
        }
        let request = sections.value(node, "request").flatMap { sections.call($0, scope, standard: .post) }
        let variables = notes.used
        let work = sections.work(sections.value(node, "work"))
        let result = sections.result(sections.value(node, "result"))
        let errors = sections.errors(sections.value(node, "errors"))
        let polarity = notes.read(sections.value(node, "mask_polarity")) { node throws(ConfigError) -> MaskPolarity in
            try node.choice()
        }
        guard let request, let result else { return nil }
        return HTTPDeclaration(
            request: request,
            declared: declared,
            work: work,
            result: result,
            errors: errors,
            maskPolarity: polarity ?? .alpha,
            variables: variables
        )
    }

    // MARK: - The provider's own

    private func authentication(_ node: ConfigNode?, _ sections: SectionReader) -> Authentication? {
        guard let node else { return nil }
        if case .mapping = node.content {
            _ = sections.section(node, .auth)
            let header = notes.read(node) { node throws(ConfigError) in try node.string("header") }
            let prefix = notes.read(node) { node throws(ConfigError) in try node.optionalString("prefix") } ?? nil
            guard let header else { return nil }
            guard !header.isEmpty, header.utf8.allSatisfy(HeaderName.isAllowed) else {
                notes.add(node.error("header", "'\(header)' is no name of a header"))
                return nil
            }
            return .header(name: header.lowercased(), prefix: prefix ?? "")
        }
        return notes.read(node) { node throws(ConfigError) -> Authentication in
            switch try node.string() {
            case "bearer": return .bearer
            case "basic": return .basic
            case "none": return .none
            default:
                let word = try node.string()
                let hint = Suggestion.hint(for: word, among: DeclarationKeys.authWords)
                throw node.error("unknown value \(node.quotation)", hint: "\(hint), or {header: NAME, prefix: TEXT}")
            }
        }
    }

    private func hosts(_ node: ConfigNode?) -> [String] {
        guard let node else { return [] }
        guard case .sequence(let elements) = node.content else {
            notes.add(node.error("must be a list of hosts, not \(node.contentName)"))
            return []
        }
        return elements.compactMap { element in
            notes.read(element) { node throws(ConfigError) -> String in
                let host = try node.string()
                guard HostList.isPattern(host) else {
                    throw node.error(
                        "is no host: \(node.quotation)",
                        hint: "such as api.example.com, api.example.com:8443 or \"*.example.com\""
                    )
                }
                return host
            }
        }
    }

    private func upload(_ node: ConfigNode?, errors: ConfigNode?) -> UploadFlow? {
        guard let node else { return nil }
        let sections = SectionReader(notes: notes, operation: .edit)
        let scope = TemplateScope(place: .upload, declared: [], notes: notes)
        notes.beginUse()
        let call = sections.call(node, scope, keys: .upload, standard: .post)
        let readsPictures = notes.used.contains(where: \.isText)
        guard let name = node["name"] else {
            notes.add(node.error("name", "is required", hint: "where the reply says the picture's name, such as /name"))
            return nil
        }
        let pointer = notes.read(name) { node throws(ConfigError) in try node.pointer() }
        guard let call, let pointer else { return nil }
        return UploadFlow(call: call, name: pointer, errors: sections.errors(errors), readsPictures: readsPictures)
    }
}
