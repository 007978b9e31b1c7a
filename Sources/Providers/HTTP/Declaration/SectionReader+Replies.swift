import Orchestrator

extension SectionReader {
    // MARK: - Work

    func work(_ node: ConfigNode?) -> WorkFlow? {
        guard let node = section(node, .work) else { return nil }
        for key in ["poll", "state"] where value(node, key) == nil { notes.add(node.error(key, "is required")) }
        let id = pointer(node, "id")
        let poll = workCall(value(node, "poll"), standard: .get)
        let state = state(value(node, "state"))
        let collect = workCall(value(node, "collect"), standard: .get)
        let cancel = workCall(value(node, "cancel"), standard: .post)
        if id == nil, value(node, "id") == nil, let poll, case .path = poll.address {
            notes.add(node.error("id", "is required", hint: "polls by path need the id"))
        }
        guard let poll, let state else { return nil }
        return WorkFlow(id: id, poll: poll, state: state, collect: collect, cancel: cancel)
    }

    private func state(_ node: ConfigNode?) -> StateMap? {
        guard let node, !node.isNull else { return nil }
        // The keys are classes: a wrong one is told as such.
        if case .mapping(let entries) = node.content {
            for entry in entries where !DeclarationKeys.state.names.contains(entry.name) {
                let hint = Suggestion.hint(for: entry.name, among: DeclarationKeys.state.names, listed: "known:")
                notes.add(entry.error("unknown class of states", hint: hint))
            }
        } else {
            notes.add(node.error("must be a mapping, not \(node.contentName)"))
            return nil
        }
        let at = value(node, "at")
        if at == nil {
            notes.add(node.error("at", "is required", hint: "where the reply says the state, such as /status"))
        }
        let source = notes.read(at) { node throws(ConfigError) in try FactSource(node) }
        var map = StateMap(source: source ?? .status)
        let classes: [(String, StateMap.Meaning)] =
            [("running", .running), ("done", .done), ("canceled", .canceled)]
            + FailureClass.allCases.map { ($0.rawValue, .failed($0)) }
        for (name, meaning) in classes {
            for word in words(value(node, name)) {
                if map.meanings.updateValue(meaning, forKey: word.text) != nil {
                    notes.add(word.node.error("the state '\(word.text)' stands in two classes"))
                }
            }
        }
        if value(node, "done") == nil { notes.add(node.error("done", "is required")) }
        if let absent = value(node, "absent") {
            switch notes.read(absent, { node throws(ConfigError) in try node.string() }) {
            case "running"?: map.absent = .running
            case "done"?: map.absent = .done
            case nil: break
            default: notes.add(absent.error("unknown value \(absent.quotation)", hint: "one of running, done"))
            }
        }
        return source == nil ? nil : map
    }

    /// Single values as the words that replies are compared with.
    private func words(_ node: ConfigNode?) -> [(text: String, node: ConfigNode)] {
        guard let node else { return [] }
        let elements = if case .sequence(let elements) = node.content { elements } else { [node] }
        return elements.compactMap { element in
            notes.read(element) { node throws(ConfigError) in try node.string() }.map { ($0, element) }
        }
    }

    // MARK: - Results

    func result(_ node: ConfigNode?) -> ResultReader? {
        guard let node = section(node, .result) else { return nil }
        var result = ResultReader()
        result.isBody = flag(node, "body")
        if result.isBody {
            for key in ["items", "picture", "path"] {
                if let other = value(node, key) { notes.add(other.error("cannot stand beside 'body'")) }
            }
        }
        result.items = node["items"].flatMap { node in
            notes.read(node) { node throws(ConfigError) in try node.pointer() }
        }
        let picture = node["picture"].flatMap { node in
            notes.read(node) { node throws(ConfigError) in try node.pointer() }
        }
        let scope = TemplateScope(place: .item, declared: [], notes: notes)
        result.address = value(node, "path").flatMap { path($0, scope) }
        result.query = fields(node, "query", scope)
        if let path = value(node, "path"), node["picture"] != nil {
            notes.add(path.error("cannot stand beside 'picture'"))
        }
        // Without either, the item is the picture.
        result.picture = picture ?? (value(node, "path") == nil ? Pointer.whole : nil)
        if !result.isBody, node["items"] == nil {
            notes.add(node.error("items", "is required, or 'body: true'", hint: "such as /data/*"))
        }
        if let form = value(node, "as") {
            result.form = notes.read(form) { node throws(ConfigError) in try node.choice() } ?? .auto
        }
        result.isAuthenticated = flag(node, "authenticated")
        result.billsFiltered = flag(node, "filtered_billed")
        result.filters = filters(value(node, "filtered"))
        result.seed = pointer(node, "seed")
        result.revisedPrompt = pointer(node, "revised_prompt")
        if let usage = section(value(node, "usage"), .usage) {
            result.usage = UsageReader(
                textInput: pointer(usage, "text_in"),
                imageInput: pointer(usage, "image_in"),
                imageOutput: pointer(usage, "image_out"),
                textOutput: pointer(usage, "text_out")
            )
        }
        return result
    }

    private func filters(_ node: ConfigNode?) -> [ResultReader.Filter] {
        guard let node else { return [] }
        let elements = if case .sequence(let elements) = node.content { elements } else { [node] }
        return elements.compactMap { element in
            guard let filter = section(element, .filter) else { return nil }
            guard let at = value(filter, "at") else {
                notes.add(filter.error("at", "is required"))
                return nil
            }
            let values = value(filter, "is").map { words($0).map(\.text) }
            return notes.read(at) { node throws(ConfigError) in try node.pointer() }
                .map { ResultReader.Filter(pointer: $0, values: values) }
        }
    }

    // MARK: - Errors

    func errors(_ node: ConfigNode?) -> ErrorTable {
        guard let node = section(node, .errors) else { return ErrorTable() }
        var table = ErrorTable()
        table.message = sources(value(node, "message"))
        table.code = sources(value(node, "code"))
        table.retryAfter = notes.read(value(node, "retry_after")) { node throws(ConfigError) in try FactSource(node) }
        table.present =
            notes.read(value(node, "present")) { node throws(ConfigError) in
                try node.oneOrMore { node throws(ConfigError) in try node.pointer() }
            } ?? []
        for (name, meaning) in classes(value(node, "codes")) { table.codes[name.name] = meaning }
        if let codes = value(node, "codes"), value(node, "code") == nil {
            notes.add(codes.error("needs 'code', which says where a code is"))
        }
        table.messages = classes(value(node, "messages")).map { ($0.name.lowercased(), $1) }
        if let messages = value(node, "messages"), value(node, "message") == nil {
            notes.add(messages.error("needs 'message', which says where a message is"))
        }
        for (entry, meaning) in classes(value(node, "status")) {
            if let status = Int(entry.name), (100...599).contains(status) {
                table.statuses[status] = meaning
            } else if entry.name.count == 3, entry.name.hasSuffix("xx"), let hundred = Int(entry.name.prefix(1)),
                (1...5).contains(hundred)
            {
                table.statusHundreds[hundred] = meaning
            } else {
                notes.add(entry.error("is no HTTP status", hint: "such as 402 or 5xx"))
            }
        }
        return table
    }

    private func sources(_ node: ConfigNode?) -> [FactSource] {
        notes.read(node) { node throws(ConfigError) in
            try node.oneOrMore { node throws(ConfigError) in try FactSource(node) }
        } ?? []
    }

    private func classes(_ node: ConfigNode?) -> [(name: ConfigNode.Entry, meaning: FailureClass)] {
        guard let node else { return [] }
        guard case .mapping(let entries) = node.content else {
            notes.add(node.error("must be a mapping, not \(node.contentName)"))
            return []
        }
        return entries.compactMap { entry in
            notes.read(entry.value) { node throws(ConfigError) in try node.failureClass() }.map { (entry, $0) }
        }
    }
}
