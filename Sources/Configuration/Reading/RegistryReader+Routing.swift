import Orchestrator

extension RegistryReader {
    mutating func readRouting(_ node: ConfigNode?) {
        guard let node else { return }
        var routing = RoutingSettings()
        for entry in node["policies"]?.entries ?? [] {
            if let policy = policy(entry.value) { registry.policies[entry.name] = policy }
        }
        diagnostics.read(node["deadline"], into: &routing.deadline) { node throws(ConfigError) in try node.duration() }
        diagnostics.read(node["max_attempts"], into: &routing.maxAttempts) { node throws(ConfigError) in
            try node.integer(in: 0...Int.max)
        }
        diagnostics.read(node["fidelity"], into: &routing.fidelity) { node throws(ConfigError) in try node.choice() }
        diagnostics.read(node["on_refusal"], into: &routing.onRefusal) { node throws(ConfigError) in try node.choice() }
        diagnostics.read(node["on_unknown_outcome"], into: &routing.onUnknownOutcome) { node throws(ConfigError) in
            try node.choice()
        }
        diagnostics.read(node["partial_results"], into: &routing.partialResults) { node throws(ConfigError) in
            try node.bool()
        }
        if let name = policyName(node["policy"], among: policyNames(node)) { routing.policy = name }
        registry.routing = routing
    }

    /// The names of all policies, also of those whose entries have mistakes of their own.
    private func policyNames(_ node: ConfigNode?) -> [String] {
        var names = Set(registry.policies.keys)
        for entry in node?["policies"]?.entries ?? [] { names.insert(entry.name) }
        return names.sorted()
    }

    private func policyName(_ node: ConfigNode?, among names: [String]) -> String? {
        diagnostics.read(node) { node throws(ConfigError) in try node.word(of: names, noun: "policy") }
    }

    private func policy(_ node: ConfigNode) -> RoutingPolicy? {
        let maxCost = diagnostics.read(node["max_cost"]) { node throws(ConfigError) in try node.dollars() }
        switch diagnostics.read(node["rank"], { node throws(ConfigError) in try node.string() }) {
        case "cost": return RoutingPolicy(.cost, maxCost: maxCost)
        case "score": return RoutingPolicy(.score, maxCost: maxCost)
        case "latency": return RoutingPolicy(.latency, maxCost: maxCost)
        case "weighted":
            guard let weights = node["weights"] else { return nil }
            func share(_ name: String) -> Double {
                diagnostics.read(weights[name]) { node throws(ConfigError) in try node.number() } ?? 0
            }
            let (cost, score, latency) = (share("cost"), share("score"), share("latency"))
            if cost + score + latency <= 0 { diagnostics.error(weights.error("all weights are 0")) }
            return RoutingPolicy(.weighted(cost: cost, score: score, latency: latency), maxCost: maxCost)
        case "order":
            let pairs = declared.flatMap { provider, models in models.map { "\(provider)/\($0)" } }
            let order = diagnostics.list(node["order"]) { node throws(ConfigError) in
                try node.word(of: pairs, noun: "model")
            }
            return RoutingPolicy(.order(order ?? []), maxCost: maxCost)
        default: return nil
        }
    }

    mutating func readAliases(_ node: ConfigNode?) {
        let names = modelNames
        let models = Set(declared.flatMap(\.models))
        let policies = policyNames(nil)
        for entry in node?.entries ?? [] {
            if entry.name == "auto" || entry.name.hasPrefix("auto/") {
                diagnostics.error(entry.error("'auto' is what requests say that leave the choice to a policy"))
            } else if models.contains(entry.name) {
                diagnostics.warn(entry.error("is also the name of a model, which the alias hides"))
            }
            let value = entry.value
            var alias = ModelAlias()
            alias.model = diagnostics.read(value["model"]) { node throws(ConfigError) in
                try node.word(of: names, noun: "model")
            }
            alias.policy = policyName(value["policy"], among: policies)
            for quality in value["quality"]?.entries ?? [] {
                alias.quality[quality.name] = diagnostics.read(quality.value) { node throws(ConfigError) in
                    try node.choice()
                }
            }
            for size in value["size"]?.entries ?? [] {
                let target = diagnostics.read(size.value) { node throws(ConfigError) in try node.size() }
                if let asked = PixelSize(size.name), let target { alias.size[asked] = target }
            }
            registry.aliases[entry.name] = alias
        }
    }
}
