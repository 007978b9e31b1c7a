import Orchestrator

extension RegistryReader {
    mutating func readBilling(_ node: ConfigNode?) {
        guard let node else { return }
        var billing = BillingSettings()
        diagnostics.read(node["credit_usd"], into: &billing.credit) { node throws(ConfigError) in try node.dollars() }
        if billing.credit == .zero { diagnostics.error(node.error("credit_usd", "must be more than 0")) }
        diagnostics.read(node["pricing"], into: &billing.pricing) { node throws(ConfigError) in try node.choice() }
        diagnostics.read(node["markup"], into: &billing.markupMillionths) { node throws(ConfigError) in
            try node.factor()
        }
        diagnostics.read(node["daily_free"], into: &billing.dailyFree) { node throws(ConfigError) in
            try node.integer(in: 0...Int.max)
        }
        if let flat = node["flat"], case .mapping(let entries) = flat.content {
            billing.flat = [:]
            for entry in entries {
                let credits = diagnostics.read(entry.value) { node throws(ConfigError) in
                    try node.integer(in: 1...Int.max)
                }
                if let tier = Tier(rawValue: entry.name) { billing.flat[tier] = credits }
            }
        }
        if let packs = node["packs"], case .mapping(let entries) = packs.content {
            billing.packs = entries.compactMap(pack)
        }
        billing.stripe = stripe(node["stripe"])
        billing.creem = creem(node["creem"])
        billing.welcome = welcome(node["welcome"])
        billing.monthly = monthly(node["monthly"])
        registry.billing = billing
    }

    private func pack(_ entry: ConfigNode.Entry) -> CreditPack? {
        let node = entry.value
        let credits = diagnostics.read(node["credits"]) { node throws(ConfigError) in try node.integer(in: 1...Int.max)
        }
        let price = diagnostics.read(node["price"]) { node throws(ConfigError) in
            let price = try node.dollars()
            guard price > .zero, price.micros % 10_000 == 0 else {
                throw node.error("must be whole cents, and more than 0", hint: "such as 7.99")
            }
            return price
        }
        guard let credits, let price else { return nil }
        var pack = CreditPack(id: entry.name, name: entry.name, credits: credits, bonus: 0, price: price)
        diagnostics.read(node["name"], into: &pack.name) { node throws(ConfigError) in try node.string() }
        diagnostics.read(node["bonus"], into: &pack.bonus) { node throws(ConfigError) in
            try node.integer(in: 0...Int.max)
        }
        diagnostics.read(node["product"], into: &pack.product) { node throws(ConfigError) in try node.string() }
        return pack
    }

    private func welcome(_ node: ConfigNode?) -> WelcomeTerms? {
        guard let node, let credits = credits(node["credits"]) else { return nil }
        let expires = diagnostics.read(node["expires"]) { node throws(ConfigError) in try node.duration() }
        return WelcomeTerms(credits: credits, expires: expires)
    }

    private func monthly(_ node: ConfigNode?) -> MonthlyTerms? {
        guard let node, let credits = credits(node["credits"]) else { return nil }
        var terms = MonthlyTerms(credits: credits)
        diagnostics.read(node["rolls_over"], into: &terms.rollsOver) { node throws(ConfigError) in try node.bool() }
        diagnostics.read(node["buyers_only"], into: &terms.buyersOnly) { node throws(ConfigError) in try node.bool() }
        return terms
    }

    private func credits(_ node: ConfigNode?) -> Int? {
        diagnostics.read(node) { node throws(ConfigError) in try node.integer(in: 1...1_000_000_000) }
    }

    private func stripe(_ node: ConfigNode?) -> StripeSettings? {
        guard let node, !node.isNull, diagnostics.isComplete(node, otherwise: "payment by Stripe is off") else {
            return nil
        }
        guard let key = secret(node["secret_key"]), let webhook = secret(node["webhook_secret"]) else { return nil }
        return StripeSettings(
            baseURL: url(node["base_url"], or: "https://api.stripe.com"),
            secretKey: key,
            webhookSecret: webhook
        )
    }

    private func creem(_ node: ConfigNode?) -> CreemSettings? {
        guard let node, !node.isNull, diagnostics.isComplete(node, otherwise: "payment by Creem is off") else {
            return nil
        }
        guard let key = secret(node["api_key"]), let webhook = secret(node["webhook_secret"]) else { return nil }
        return CreemSettings(
            baseURL: url(node["base_url"], or: "https://api.creem.io"),
            apiKey: key,
            webhookSecret: webhook
        )
    }

    mutating func readAuth(_ node: ConfigNode?) {
        guard let node else { return }
        var auth = AuthSettings()
        diagnostics.read(node["open_studio"], into: &auth.openStudio) { node throws(ConfigError) in try node.choice() }
        diagnostics.read(node["signed_requests"], into: &auth.signedRequests) { node throws(ConfigError) in
            try node.choice()
        }
        if let uris = diagnostics.list(node["redirect_uris"], { node throws(ConfigError) in try node.callURL() }) {
            auth.redirectURIs = uris
        }
        readSessionSecret(node["session_secret"], into: &auth)
        auth.github = github(node["github"])
        auth.google = google(node["google"])
        auth.apple = apple(node["apple"])
        registry.auth = auth
    }

    /// A secret whose file does not exist yet is not missing: the daemon makes it on its first start.
    private func readSessionSecret(_ node: ConfigNode?, into auth: inout AuthSettings) {
        auth.sessionSecret = secret(node)
        guard let node, case .scalar(let scalar) = node.content, let name = scalar.unset.first else { return }
        diagnostics.handle(node)
        if name.hasPrefix("file:") {
            auth.sessionSecretFile = ConfigurationFile.path(String(name.dropFirst(5)), in: directory)
        } else {
            diagnostics.warn(node.error("\(name) is not set", hint: "a secret is made and kept in the data directory"))
        }
    }

    private func github(_ node: ConfigNode?) -> GitHubSettings? {
        guard let node, !node.isNull, diagnostics.isComplete(node, otherwise: "sign-in with GitHub is off") else {
            return nil
        }
        guard let id = text(node["client_id"]), let secret = secret(node["client_secret"]) else { return nil }
        return GitHubSettings(
            clientID: id,
            clientSecret: secret,
            baseURL: url(node["base_url"], or: "https://github.com"),
            apiURL: url(node["api_url"], or: "https://api.github.com")
        )
    }

    private func google(_ node: ConfigNode?) -> GoogleSettings? {
        guard let node, !node.isNull, diagnostics.isComplete(node, otherwise: "sign-in with Google is off") else {
            return nil
        }
        guard let id = text(node["client_id"]), let secret = secret(node["client_secret"]) else { return nil }
        return GoogleSettings(
            clientID: id,
            clientSecret: secret,
            issuer: url(node["issuer"], or: "https://accounts.google.com")
        )
    }

    private func apple(_ node: ConfigNode?) -> AppleSettings? {
        guard let node, !node.isNull, diagnostics.isComplete(node, otherwise: "sign-in with Apple is off") else {
            return nil
        }
        guard let id = text(node["client_id"]), let team = text(node["team_id"]), let keyID = text(node["key_id"]),
            let key = secret(node["private_key"])
        else { return nil }
        var apple = AppleSettings(
            clientID: id,
            teamID: team,
            keyID: keyID,
            privateKey: key,
            issuer: url(node["issuer"], or: "https://appleid.apple.com")
        )
        apple.bundleIDs =
            diagnostics.list(node["bundle_ids"]) { node throws(ConfigError) in try node.string() } ?? []
        return apple
    }

    mutating func readModeration(_ node: ConfigNode?) {
        guard let node else { return }
        var moderation = ModerationSettings()
        if let words = diagnostics.list(node["blocked_words"], { node throws(ConfigError) in try node.string() }) {
            moderation.blockedWords = words
        }
        if let node = node["endpoint"], !node.isNull,
            diagnostics.isComplete(node, otherwise: "the moderation endpoint is off")
        {
            var endpoint = ModerationEndpoint(
                baseURL: url(node["base_url"], or: "https://api.openai.com/v1"),
                credential: secret(node["api_key"]),
                model: text(node["model"]) ?? "omni-moderation-latest"
            )
            if let checks = diagnostics.list(
                node["check"],
                { node throws(ConfigError) in
                    try node.choice(ModerationEndpoint.Check.self)
                }
            ) {
                endpoint.checks = Set(checks)
            }
            diagnostics.read(node["on_error"], into: &endpoint.onError) { node throws(ConfigError) in try node.choice()
            }
            moderation.endpoint = endpoint
        }
        registry.moderation = moderation
    }

    mutating func readAlerts(_ node: ConfigNode?) {
        guard let node, !node.isNull, diagnostics.isComplete(node, otherwise: "alerts are off") else { return }
        var alerts = AlertSettings()
        alerts.webhook = diagnostics.read(node["webhook"]) { node throws(ConfigError) in Secret(try node.callURL()) }
        if let rules = node["rules"], case .mapping = rules.content {
            alerts.errorRate = diagnostics.read(rules["error_rate"]) { node throws(ConfigError) in try node.number() }
            alerts.spendOfCap = diagnostics.read(rules["spend_of_cap"]) { node throws(ConfigError) in try node.number()
            }
            alerts.providerDown = diagnostics.read(rules["provider_down"]) { node throws(ConfigError) in
                try node.duration()
            }
            alerts.lowDisk = diagnostics.read(rules["low_disk"]) { node throws(ConfigError) in try node.byteCount() }
            alerts.stuckJob = diagnostics.read(rules["stuck_job"]) { node throws(ConfigError) in try node.duration() }
        }
        registry.alerts = alerts
    }

    // MARK: - Pieces

    private func text(_ node: ConfigNode?) -> String? {
        diagnostics.read(node) { node throws(ConfigError) in try node.string() }
    }

    private func secret(_ node: ConfigNode?) -> Secret? {
        diagnostics.read(node) { node throws(ConfigError) in try node.secret() }
    }

    private func url(_ node: ConfigNode?, or standard: String) -> String {
        diagnostics.read(node) { node throws(ConfigError) in try node.serviceURL() } ?? standard
    }
}
