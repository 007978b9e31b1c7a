import Orchestrator

extension RegistryReader {
    mutating func readProvider(_ entry: ConfigNode.Entry) {
        let node = entry.value
        let name = diagnostics.read(node["adapter"]) { node throws(ConfigError) in try node.string() }
        guard let name, let kind = kinds[name] else { return diagnostics.handle(node) }
        let adapter = adapter(kind, node)
        var provider = adapter.map { Provider(id: entry.name, kind: name, adapter: $0) }
        if let word = diagnostics.read(node["enabled"], { node throws(ConfigError) in try node.string() }),
            let availability = ProviderAvailability(rawValue: word)
        {
            provider?.availability = availability
        }
        let models = (node["models"]?.entries ?? []).compactMap { entry in
            model(entry, adapter: adapter, isEnabled: provider?.availability != .disabled)
        }
        readSettings(of: &provider, node)
        provider?.models = models
        if let provider, keeps(provider, node) { registry.providers.append(provider) }
    }

    /// The adapter of an entry, or every mistake that keeps it from being made.
    private func adapter(_ kind: any ProviderAdapter.Type, _ node: ConfigNode) -> (any ProviderAdapter)? {
        // References that are not set are stood in for, so that the rest of the entry is checked all the same.
        let sound = node.withStandIns
        let mistakes = kind.mistakes(in: sound)
        for mistake in mistakes { diagnostics.error(mistake) }
        guard mistakes.isEmpty else { return nil }
        return diagnostics.read(sound) { node throws(ConfigError) -> any ProviderAdapter in try kind.init(node) }
    }

    private func readSettings(of provider: inout Provider?, _ node: ConfigNode) {
        guard var settings = provider else { return }
        diagnostics.read(node["base_url"], into: &settings.baseURL) { node throws(ConfigError) in try node.serviceURL()
        }
        diagnostics.read(node["api_key"], into: &settings.credential) { node throws(ConfigError) in try node.secret() }
        readWebhookSecret(of: &settings, node)
        diagnostics.read(node["priority"], into: &settings.priority) { node throws(ConfigError) in
            try node.integer(in: Int.min...Int.max)
        }
        diagnostics.read(node["timeout"], into: &settings.timeout) { node throws(ConfigError) in try node.duration() }
        diagnostics.read(node["retries"], into: &settings.retries) { node throws(ConfigError) in
            try node.integer(in: 0...Int.max)
        }
        diagnostics.read(node["max_in_flight"], into: &settings.maxInFlight) { node throws(ConfigError) in
            try node.integer(in: 1...Int.max)
        }
        diagnostics.read(node["pace"], into: &settings.pace) { node throws(ConfigError) in try node.pace() }
        diagnostics.read(node["spend_per_day"], into: &settings.spendPerDay) { node throws(ConfigError) in
            try node.dollars()
        }
        if let poll = node["poll"] {
            diagnostics.read(poll["first"], into: &settings.poll.first) { node throws(ConfigError) in
                try node.duration()
            }
            diagnostics.read(poll["max"], into: &settings.poll.max) { node throws(ConfigError) in try node.duration() }
            if settings.poll.max < settings.poll.first {
                diagnostics.error(poll.error("max", "must not be shorter than 'first'"))
            }
        }
        provider = settings
    }

    /// A provider can do without its news, so that it serves while the secret is not set.
    private func readWebhookSecret(of provider: inout Provider, _ node: ConfigNode) {
        guard let secret = node["webhook_secret"] else { return }
        guard secret.isSet else { return diagnostics.handle(secret) }
        provider.webhookSecret = diagnostics.read(secret) { node throws(ConfigError) -> Secret in
            let text = try node.secret()
            guard WebhookSecret(text.reveal()) != nil else {
                throw node.error(
                    "must be 'whsec_' and the base64 of 24 to 64 bytes",
                    hint: "the vendor's own text, as its API or pages show it"
                )
            }
            return text
        }
    }

    /// Whether a provider takes part, which it does not while something that it refers to is not set.
    ///
    /// Two kinds are kept without their key: those that are disabled anyway, and those for which callers bring their own.
    private mutating func keeps(_ provider: Provider, _ node: ConfigNode) -> Bool {
        guard let unset = node.unset(except: ["\(node.path).webhook_secret"]).first else { return true }
        diagnostics.handle(node)
        if provider.availability == .disabled { return true }
        let spared: Set = ["\(node.path).api_key", "\(node.path).webhook_secret"]
        if registry.server.requireOwnKey, node.unset(except: spared).isEmpty {
            return true
        }
        registry.leftOut.append((provider.id, unset.unsetNames))
        diagnostics.warn(unset.error("\(unset.unsetNames) is not set", hint: "provider '\(provider.id)' is left out"))
        return false
    }
}

extension ConfigNode {
    /// The same tree with a sound text in place of every value that refers to something not set.
    fileprivate var withStandIns: ConfigNode {
        var copy = self
        switch content {
        case .null: break
        case .scalar(var scalar):
            if !scalar.unset.isEmpty {
                scalar.text = path.hasSuffix("url") ? "https://unset.invalid" : "unset"
                scalar.unset = []
                copy.content = .scalar(scalar)
            }
        case .sequence(let elements): copy.content = .sequence(elements.map(\.withStandIns))
        case .mapping(let entries):
            copy.content = .mapping(
                entries.map { entry in
                    var entry = entry
                    entry.value = entry.value.withStandIns
                    return entry
                }
            )
        }
        return copy
    }
}
