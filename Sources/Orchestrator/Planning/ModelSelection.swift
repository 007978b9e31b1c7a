/// What the `model` field of a request selects.
struct ModelSelection {
    /// The models that were asked for, in the order of the file.
    var entries: [(provider: Provider, model: Model)]
    /// The policy that the name implies.
    var policy: String?
    /// The request as an alias reads it.
    var request: ImageRequest
    /// What the alias changed.
    var adapted: [Adaptation] = []

    /// Reads the name; throws `model_not_found` for one that nothing answers to.
    init(_ request: ImageRequest, in registry: Registry) throws(APIError) {
        self.request = request
        entries = []
        var name = request.model
        if let alias = registry.aliases[name] {
            apply(alias)
            name = alias.model ?? "auto"
        }
        if name.isEmpty || name == "auto" || name.hasPrefix("auto/") {
            if name.hasPrefix("auto/") {
                let wanted = String(name.dropFirst("auto/".count))
                guard registry.policies[wanted] != nil else { throw APIError.modelNotFound(request.model) }
                policy = wanted
            }
            entries = registry.providers.flatMap { provider in provider.models.map { (provider, $0) } }
            return
        }
        entries = registry.models(named: name)
        guard !entries.isEmpty else { throw APIError.modelNotFound(request.model) }
    }

    private mutating func apply(_ alias: ModelAlias) {
        policy = alias.policy
        if let tier = alias.quality[request.qualityWord], request.quality != .tier(tier) {
            adapted.append(
                Adaptation(
                    field: "quality",
                    asked: request.qualityWord,
                    given: tier.rawValue,
                    why: "alias '\(request.model)'"
                )
            )
            request.quality = .tier(tier)
        }
        if let size = request.size, let given = alias.size[size], given != size {
            adapted.append(
                Adaptation(field: "size", asked: "\(size)", given: "\(given)", why: "alias '\(request.model)'")
            )
            request.size = given
        }
    }
}
