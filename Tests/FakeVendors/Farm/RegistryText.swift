/// Writes a `providers.yaml` for a farm: the three vendors with true prices, and whatever a test changes.
package struct RegistryText: Sendable {
    /// One provider of the file.
    package struct Provider: Sendable {
        package var name: String
        package var adapter: String
        package var baseURL: String
        package var keyVariable: String
        package var isEnabled = true
        package var priority = 0
        package var timeout = "20s"
        package var retries = 0
        package var spendPerDay: String?
        /// More lines at the provider's own level.
        package var extra: [String] = []
        package var models: [Model] = []
    }

    /// One model of a provider; the values are YAML.
    package struct Model: Sendable {
        package var name: String
        package var operations: String
        /// Such as `ratios: ["1:1"]`.
        package var shape: String
        /// Costs by tier, in dollars.
        package var tiers: [(name: String, cost: String)]
        package var score: String?
        package var latency: String?
        /// More keys, such as `mask: true`.
        package var extra: [String] = []
    }

    package var policy = "price"
    /// More lines under `routing`.
    package var routing: [String] = []
    /// Lines under `server`.
    package var server = ["allow_private_urls: true", "watch: false"]
    /// Lines under `limits`: generous, as most tests are not about them.
    package var limits = [
        "per_ip: 100000/min", "per_key: 100000/min", "global: 1000000/hour", "spend_per_day: 1000.00",
    ]
    /// More lines at the top level.
    package var extra: [String] = []
    package var providers: [Provider]
    /// Whether the sandbox stands in while no vendor can serve.
    package var hasSandbox = false

    package init(farm: VendorFarm) {
        providers = [
            .openAI(baseURL: farm.openAIBase), .stability(baseURL: farm.stabilityBase),
            .replicate(baseURL: farm.replicateBase),
        ]
    }

    package init(providers: [Provider]) {
        self.providers = providers
    }

    /// The provider called `name`; traps for one that is not there.
    package subscript(name: String) -> Provider {
        get {
            guard let provider = providers.first(where: { $0.name == name }) else {
                preconditionFailure("no provider '\(name)'")
            }
            return provider
        }
        set {
            guard let index = providers.firstIndex(where: { $0.name == name }) else {
                preconditionFailure("no provider '\(name)'")
            }
            providers[index] = newValue
        }
    }

    /// Only the named providers, in that order.
    package func only(_ names: String...) -> RegistryText {
        var copy = self
        copy.providers = names.map { self[$0] }
        return copy
    }

    /// The same text with something changed.
    package func with(_ change: (inout RegistryText) -> Void) -> RegistryText {
        var copy = self
        change(&copy)
        return copy
    }

    /// The file.
    package var text: String {
        var lines = ["version: 1"]
        if !server.isEmpty { lines += ["server:"] + server.map { "  \($0)" } }
        lines += ["routing:", "  policy: \(policy)"] + routing.map { "  \($0)" }
        if !limits.isEmpty { lines += ["limits:"] + limits.map { "  \($0)" } }
        lines += extra
        lines.append("providers:")
        for provider in providers { lines += provider.lines.map { "  \($0)" } }
        if hasSandbox { lines += RegistryText.sandbox.map { "  \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let sandbox = [
        "sandbox:", "  adapter: sandbox", "  enabled: when-alone", "  models:",
        "    placeholder: {operations: [generate, edit, variation, stream], "
            + "tiers: {low: {cost: 0}, medium: {cost: 0}, high: {cost: 0}}}",
    ]
}

extension RegistryText.Provider {
    fileprivate var lines: [String] {
        var lines = [
            "\(name):", "  adapter: \(adapter)", "  base_url: \(baseURL)", "  api_key: ${\(keyVariable)}",
            "  enabled: \(isEnabled)", "  priority: \(priority)", "  timeout: \(timeout)", "  retries: \(retries)",
        ]
        if let spendPerDay { lines.append("  spend_per_day: \(spendPerDay)") }
        lines += extra.map { "  \($0)" }
        lines.append("  models:")
        for model in models {
            lines.append("    \(model.name):")
            lines += model.lines.map { "      \($0)" }
        }
        return lines
    }

    package static func openAI(baseURL: String) -> RegistryText.Provider {
        var provider = RegistryText.Provider(
            name: "openai",
            adapter: "openai",
            baseURL: baseURL,
            keyVariable: "OPENAI_API_KEY"
        )
        provider.models = [
            RegistryText.Model(
                name: "gpt-image-2",
                operations: "[generate, edit, variation, stream]",
                shape: "sizes: [1024x1024, 1536x1024, 1024x1536]",
                tiers: [("low", "0.006"), ("medium", "0.053"), ("high", "0.211")],
                score: "1383",
                latency: "25s",
                extra: [
                    "formats: [png, jpeg, webp]", "max_images: 10", "max_references: 16", "mask: true",
                    "token_prices: {text_in: 5, image_in: 8, image_out: 30}",
                ]
            )
        ]
        return provider
    }

    package static func stability(baseURL: String) -> RegistryText.Provider {
        var provider = RegistryText.Provider(
            name: "stability",
            adapter: "stability",
            baseURL: baseURL,
            keyVariable: "STABILITY_API_KEY"
        )
        provider.models = [
            RegistryText.Model(
                name: "core",
                operations: "[generate]",
                shape: "ratios: [\"1:1\", \"3:2\", \"2:3\", \"16:9\", \"9:16\"]",
                tiers: [("low", "0.03"), ("medium", "0.03")],
                score: "1100",
                latency: "6s",
                extra: ["formats: [png, jpeg, webp]"]
            ),
            RegistryText.Model(
                name: "ultra",
                operations: "[generate, variation]",
                shape: "ratios: [\"1:1\", \"3:2\", \"2:3\"]",
                tiers: [("high", "0.08")],
                score: "1200",
                latency: "12s",
                extra: ["formats: [png, jpeg, webp]", "max_references: 1"]
            ),
            RegistryText.Model(
                name: "inpaint",
                operations: "[edit]",
                shape: "ratios: [\"1:1\", \"3:2\", \"2:3\"]",
                tiers: [("low", "0.05"), ("medium", "0.05"), ("high", "0.05")],
                score: "1150",
                latency: "10s",
                extra: ["formats: [png, jpeg, webp]", "max_references: 1", "mask: true"]
            ),
        ]
        return provider
    }

    package static func replicate(baseURL: String) -> RegistryText.Provider {
        var provider = RegistryText.Provider(
            name: "replicate",
            adapter: "replicate",
            baseURL: baseURL,
            keyVariable: "REPLICATE_API_TOKEN"
        )
        provider.extra = ["poll: {first: 10ms, max: 50ms}"]
        provider.models = [
            RegistryText.Model(
                name: "black-forest-labs/flux-schnell",
                operations: "[generate]",
                shape: "ratios: [\"1:1\", \"16:9\", \"3:2\", \"2:3\"]",
                tiers: [("low", "0.003")],
                score: "1000",
                latency: "2s",
                extra: ["formats: [png, jpeg, webp]", "max_images: 4"]
            ),
            RegistryText.Model(
                name: "black-forest-labs/flux-2-pro",
                operations: "[generate, edit, variation]",
                shape: "ratios: [\"1:1\", \"16:9\", \"3:2\", \"2:3\"]",
                tiers: ["medium", "high"].map {
                    let references = "per_reference_megapixel: 0.015"
                    return ($0, "{auto: 0.03, \(references), megapixel_pixels: 1048576, megapixel_rounding: up}")
                },
                score: "{generate: 1265, edit: 1290}",
                latency: "10s",
                extra: ["formats: [png, jpeg, webp]", "max_references: 8"]
            ),
        ]
        return provider
    }
}

extension RegistryText.Model {
    fileprivate var lines: [String] {
        var lines = ["operations: \(operations)", shape]
        if let score { lines.append("score: \(score)") }
        if let latency { lines.append("latency: \(latency)") }
        lines += extra
        let tiers = tiers.map { "\($0.name): {cost: \($0.cost)}" }.joined(separator: ", ")
        return lines + ["tiers: {\(tiers)}"]
    }
}
