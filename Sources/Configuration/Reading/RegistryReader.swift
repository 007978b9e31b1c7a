import Orchestrator

/// Turns a checked tree into the typed registry; what one value alone cannot tell is judged here.
struct RegistryReader {
    let kinds: AdapterKinds
    let environment: [String: String]
    let today: Day
    /// What relative paths in the file start from.
    let directory: String
    let diagnostics = Diagnostics()
    var registry = Registry()
    /// The names of all models of the file by provider, also of those that cannot serve now.
    private(set) var declared: [(provider: String, models: [String])] = []

    init(kinds: AdapterKinds, environment: [String: String], today: Day, directory: String) {
        self.kinds = kinds
        self.environment = environment
        self.today = today
        self.directory = directory
    }

    /// Reads the whole file; afterwards `registry` is of use if no error was found.
    mutating func read(_ root: ConfigNode) {
        var check = ShapeCheck()
        check.check(root, .section(SettingKeys(kinds: kinds).file))
        check.errors.forEach(diagnostics.error)

        declared = (root["providers"]?.entries ?? []).map { entry in
            (entry.name, entry.value["models"]?.entries.map(\.name) ?? [])
        }
        readServer(root)
        diagnostics.read(root["database"], into: &registry.database) { node throws(ConfigError) in try node.database() }
        readStorage(root["storage"])
        for entry in root["providers"]?.entries ?? [] { readProvider(entry) }
        readRouting(root["routing"])
        readAliases(root["aliases"])
        readLimits(root["limits"])
        readBilling(root["billing"])
        readAuth(root["auth"])
        readModeration(root["moderation"])
        readAlerts(root["alerts"])
        warnIfNobodyServes(root)
    }

    /// Every name by which a model can be meant: alone, and behind its provider's.
    var modelNames: [String] {
        declared.flatMap { provider, models in models.flatMap { [$0, "\(provider)/\($0)"] } }
    }

    private func warnIfNobodyServes(_ root: ConfigNode) {
        guard !registry.providers.contains(where: { $0.availability != .disabled && !$0.models.isEmpty }) else {
            return
        }
        diagnostics.warn(root.error("providers", "no provider can serve"))
    }

    // MARK: - Sections about the daemon

    private mutating func readServer(_ root: ConfigNode) {
        let node = root["server"]
        var server = ServerSettings()
        diagnostics.read(node?["listen"], into: &server.listen) { node throws(ConfigError) in try node.listenAddress() }
        diagnostics.read(node?["public_url"], into: &server.publicURL) { node throws(ConfigError) in
            try node.serviceURL()
        }
        diagnostics.read(node?["mode"], into: &server.mode) { node throws(ConfigError) in try node.choice() }
        diagnostics.read(node?["require_own_key"], into: &server.requireOwnKey) { node throws(ConfigError) in
            try node.bool()
        }
        diagnostics.read(node?["watch"], into: &server.watch) { node throws(ConfigError) in try node.bool() }
        diagnostics.read(node?["allow_private_urls"], into: &server.allowPrivateURLs) { node throws(ConfigError) in
            try node.bool()
        }
        diagnostics.read(node?["images_public"], into: &server.imagesPublic) { node throws(ConfigError) in
            try node.bool()
        }
        diagnostics.read(node?["provenance"], into: &server.provenance) { node throws(ConfigError) in
            try node.choice()
        }
        diagnostics.read(node?["default_response_format"], into: &server.defaultResponseFormat) {
            node throws(ConfigError) in
            try node.choice()
        }
        if let proxies = diagnostics.list(node?["trusted_proxies"], { node throws(ConfigError) in try node.network() })
        {
            server.trustedProxies = proxies
        }
        if let origins = diagnostics.list(node?["cors_origins"], { node throws(ConfigError) in try node.origin() }) {
            server.corsOrigins = origins
        }
        override(&server, at: node ?? root)
        if server.mode == .official, server.requireOwnKey {
            diagnostics.error(
                (node ?? root).error(
                    "require_own_key",
                    "must be false in official mode, where the house pays the vendors and charges credits"
                )
            )
        }
        registry.server = server
    }

    /// The two variables that stand above the file.
    private func override(_ server: inout ServerSettings, at node: ConfigNode) {
        if let mode = environment["DEPLOYMENT_MODE"], !mode.isEmpty {
            if let mode = DeploymentMode(rawValue: mode) {
                server.mode = mode
            } else {
                diagnostics.error(
                    node.error(
                        "mode",
                        "the environment variable DEPLOYMENT_MODE is '\(mode)'",
                        hint: "official or self-hosted"
                    )
                )
            }
        }
        switch environment["REQUIRE_OWN_OPENAI_KEY"] {
        case nil, "": break
        case "true", "1": server.requireOwnKey = true
        case "false", "0": server.requireOwnKey = false
        case let other?:
            diagnostics.error(
                node.error(
                    "require_own_key",
                    "the environment variable REQUIRE_OWN_OPENAI_KEY is '\(other)'",
                    hint: "true or false"
                )
            )
        }
    }

    private mutating func readStorage(_ node: ConfigNode?) {
        guard let node else { return }
        registry.retention = diagnostics.read(node["retention"]) { node throws(ConfigError) in try node.duration() }
        guard diagnostics.read(node["adapter"], { node throws(ConfigError) in try node.string() }) == "s3"
        else { return }
        let url = diagnostics.read(node["endpoint"]) { node throws(ConfigError) in try node.serviceURL() }
        let bucket = diagnostics.read(node["bucket"]) { node throws(ConfigError) in try node.string() }
        let accessKey = diagnostics.read(node["access_key"]) { node throws(ConfigError) in try node.secret() }
        let secretKey = diagnostics.read(node["secret_key"]) { node throws(ConfigError) in try node.secret() }
        var region = "us-east-1"
        diagnostics.read(node["region"], into: &region) { node throws(ConfigError) in try node.string() }
        guard let url, let bucket, let accessKey, let secretKey else { return }
        var settings = S3Settings(
            endpoint: url,
            region: region,
            bucket: bucket,
            accessKey: accessKey,
            secretKey: secretKey
        )
        diagnostics.read(node["addressing"], into: &settings.addressing) { node throws(ConfigError) in
            try node.choice()
        }
        registry.storage = .s3(settings)
    }

    private mutating func readLimits(_ node: ConfigNode?) {
        guard let node else { return }
        var limits = LimitSettings()
        diagnostics.read(node["per_ip"], into: &limits.perIP) { node throws(ConfigError) in try node.rate() }
        diagnostics.read(node["per_key"], into: &limits.perKey) { node throws(ConfigError) in try node.rate() }
        diagnostics.read(node["global"], into: &limits.global) { node throws(ConfigError) in try node.rate() }
        diagnostics.read(node["spend_per_day"], into: &limits.spendPerDay) { node throws(ConfigError) in
            try node.dollars()
        }
        diagnostics.read(node["json_body"], into: &limits.jsonBody) { node throws(ConfigError) in try node.byteCount() }
        diagnostics.read(node["upload"], into: &limits.upload) { node throws(ConfigError) in try node.byteCount() }
        diagnostics.read(node["queue"], into: &limits.queue) { node throws(ConfigError) in
            try node.integer(in: 0...Int.max)
        }
        registry.limits = limits
    }
}
