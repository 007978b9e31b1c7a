import Orchestrator
import Testing

@testable import Configuration

@Suite struct MistakeTests {
    @Test func `the complete sample has no mistake`() {
        let reading = Sample.read(Sample.complete)
        #expect(
            reading.errors.isEmpty && reading.warnings.isEmpty && reading.unset.isEmpty,
            "\(reading.errors + reading.warnings + reading.unset)"
        )
        #expect(reading.registry != nil)
    }

    static let structure: [Mistake] = [
        Mistake("version: 1", "version: ‸2", "version: must be 1, not '2'"),
        Mistake("  watch: false", "  ‸wathc: false", "server.wathc: unknown key (did you mean 'watch'?)"),
        Mistake("alerts:\n", "‸alarms:\n", "alarms: unknown key (did you mean 'alerts'?)"),
        Mistake(
            "  max_attempts: 3",
            "  ‸max-attempts: 3",
            "routing.max-attempts: unknown key (did you mean 'max_attempts'?)"
        ),
        Mistake("  watch: false", "  watch: ‸no", "server.watch: must be true or false, not 'no'"),
        Mistake("  watch: false", "  watch: ‸[true]", "server.watch: must be true or false, not a list"),
        Mistake("  watch: false", "  watch:‸", "server.watch: has no value (give one, or remove the key)"),
        Mistake(
            "listen: 127.0.0.1:9000",
            "listen: ‸localhost",
            "server.listen: must be HOST:PORT, not 'localhost' (such as 127.0.0.1:8080 or [::1]:8080)"
        ),
        Mistake("mode: official", "mode: ‸offical", "server.mode: unknown mode 'offical' (did you mean 'official'?)"),
        Mistake(
            "provenance: embed",
            "provenance: ‸embeded",
            "server.provenance: unknown marking 'embeded' (did you mean 'embed'?)"
        ),
        Mistake(
            "[10.0.0.0/8, ",
            "[‸10.0.0.0/33, ",
            "server.trusted_proxies[0]: must be an IP address or CIDR block, not '10.0.0.0/33' (such as 10.0.0.0/8 or fd00::/8)"
        ),
        Mistake(
            "https://studio.example.com]",
            "‸studio.example.com]",
            "server.cors_origins[1]: must be '*' or an origin, not 'studio.example.com' (such as https://studio.example.com)"
        ),
        Mistake("  bucket: pictures\n", "", at: "adapter: s3", "storage.bucket: is required"),
        Mistake(
            "adapter: s3",
            "adapter: ‸ftp",
            "storage.adapter: unknown storage adapter 'ftp' (one of filesystem, s3)"
        ),
        Mistake(
            "deadline: 90s",
            "deadline: ‸90",
            "routing.deadline: must be a duration, not '90' (such as 500ms, 30s or 2m)"
        ),
        Mistake("deadline: 90s", "deadline: ‸2h", "routing.deadline: must be 100ms to 3600s, not '2h'"),
        Mistake("max_attempts: 3", "max_attempts: ‸7", "routing.max_attempts: must be 1 to 6, not '7'"),
        Mistake(
            "max_attempts: 3",
            "max_attempts: ‸'3'",
            "routing.max_attempts: must be a whole number, not a quoted text"
        ),
        Mistake(
            "per_ip: 5/s",
            "per_ip: ‸5/fortnight",
            "limits.per_ip: must be a rate, not '5/fortnight' (such as 10/min, 100/hour or 1000/day)"
        ),
        Mistake(
            "upload: 1GiB",
            "upload: ‸1 GiB",
            "limits.upload: must be a size in bytes, not '1 GiB' (such as 10MiB)"
        ),
        Mistake(
            "retires: 2027-10-01",
            "retires: ‸2027-02-30",
            "providers.openai.models.gpt-image-2.retires: must be a date, not '2027-02-30' (such as 2026-12-01)"
        ),
        Mistake(
            "max_images: 4",
            "max_images: ‸11",
            "providers.openai.models.gpt-image-2.max_images: must be 1 to 10, not '11'"
        ),
        Mistake(
            "formats: [png, jpeg]",
            "formats: [png, ‸gif]",
            "providers.openai.models.gpt-image-2.formats[1]: unknown format 'gif' (one of png, jpeg, webp)"
        ),
        Mistake(
            "formats: [png, jpeg]",
            "formats: ‸png",
            "providers.openai.models.gpt-image-2.formats: must be a list, not a single value"
        ),
        Mistake(
            "supports: [transparency, seed]",
            "supports: [‸transparancy]",
            "providers.openai.models.gpt-image-2.supports[0]: unknown feature 'transparancy' (did you mean 'transparency'?)"
        ),
        Mistake(
            "[generate, edit, stream]",
            "[generate, ‸edits]",
            "providers.openai.models.gpt-image-2.operations[1]: unknown operation 'edits' (did you mean 'edit'?)"
        ),
        Mistake(
            "[generate, edit, stream]",
            "‸[stream]",
            "providers.openai.models.gpt-image-2.operations: names no operation besides 'stream'"
        ),
        Mistake(
            "sizes: [1024x1024, 1536x1024]",
            "sizes: [1024x1024, ‸big]",
            "providers.replicate.models.black-forest-labs/flux-schnell.sizes[1]: must be a size, not 'big' (such as 1024x1024)"
        ),
        Mistake(
            "sizes: [1024x1024, 1536x1024]",
            "sizes: ‸any",
            "providers.replicate.models.black-forest-labs/flux-schnell.sizes: must be a list or a mapping, not a single value"
        ),
        Mistake(
            "ratios: [\"1:1\", 3:2]",
            "ratios: [\"1:1\", ‸1.5]",
            "providers.stability.models.core.ratios[1]: must be a ratio, not '1.5' (such as \"16:9\")"
        ),
        Mistake("ratios: [\"1:1\", 3:2]", "ratios: ‸[]", "providers.stability.models.core.ratios: must not be empty"),
        Mistake(
            "min_edge: 256",
            "min_edge: ‸4000",
            "providers.openai.models.gpt-image-2.sizes.min_edge: must not be larger than 'max_edge'"
        ),
        Mistake(
            "poll: {first: 50ms, max: 200ms}",
            "poll: {first: 50ms, max: ‸20ms}",
            "providers.replicate.poll.max: must not be shorter than 'first'"
        ),
    ]

    static let names: [Mistake] = [
        Mistake(
            "adapter: stability\n",
            "adapter: ‸stabilty\n",
            "providers.stability.adapter: unknown adapter 'stabilty' (did you mean 'stability'?)"
        ),
        Mistake(
            "  replicate:\n    adapter",
            "  ‸open ai:\n    adapter",
            "providers.open ai: is no usable name: 'open ai' (letters, digits and '-' '_' '.', at most 64)"
        ),
        Mistake("  replicate:\n", "  ‸stability:\n", "providers.stability: duplicate key (first on line 70)"),
        Mistake(
            "low: {cost: 0.006, score: 12}",
            "‸lo: {cost: 0.006}",
            "providers.openai.models.gpt-image-2.tiers.lo: unknown tier 'lo' (did you mean 'low'?)"
        ),
        Mistake("policy: house", "policy: ‸hous", "routing.policy: unknown policy 'hous' (did you mean 'house'?)"),
        Mistake(
            "    policy: quality",
            "    policy: ‸qualty",
            "aliases.dall-e-3.policy: unknown policy 'qualty' (did you mean 'quality'?)"
        ),
        Mistake(
            "rank: cost, max_cost: 0.5",
            "rank: ‸price",
            "routing.policies.price.rank: unknown rank 'price' (one of cost, score, latency, weighted, order)"
        ),
        Mistake("latency: 0.2}}", "latency: ‸1.2}}", "routing.policies.mix.weights.latency: must be 0 to 1, not '1.2'"),
        Mistake(
            "{cost: 0.5, score: 0.3, latency: 0.2}",
            "‸{cost: 0}",
            "routing.policies.mix.weights: all weights are 0"
        ),
        Mistake(
            ", weights: {cost: 0.5, score: 0.3, latency: 0.2}",
            "",
            at: "{rank: weighted}",
            "routing.policies.mix.weights: is required"
        ),
        Mistake(
            "order: [stability/core, ",
            "order: [‸stability/cor, ",
            "routing.policies.house.order[0]: unknown model 'stability/cor' (did you mean 'stability/core'?)"
        ),
        Mistake(
            "old: {model: gpt-image-2}",
            "old: {model: ‸gpt-image-3}",
            "aliases.old.model: unknown model 'gpt-image-3' (did you mean 'gpt-image-2'?)"
        ),
        Mistake(
            "standard: medium",
            "standard: ‸medum",
            "aliases.dall-e-3.quality.standard: unknown tier 'medum' (did you mean 'medium'?)"
        ),
        Mistake(
            "1792x1024: 1536x1024",
            "‸wide: 1536x1024",
            "aliases.dall-e-3.size.wide: must be a size, not 'wide' (such as 1024x1024)"
        ),
        Mistake(
            "  old: {model",
            "  ‸auto: {model",
            "aliases.auto: 'auto' is what requests say that leave the choice to a policy"
        ),
        Mistake(
            "    wait: 5s",
            "    wait: ‸soon",
            "providers.replicate.wait: must be a duration, not 'soon' (such as 500ms, 30s or 2m)"
        ),
        Mistake(
            "    timeout: 20s",
            "    ‸wait: 20s",
            "providers.openai.wait: unknown key (known: adapter, api_key, enabled, priority, timeout, retries, max_in_flight, pace, spend_per_day, poll, base_url, models)"
        ),
        Mistake(
            "core: {operations: [generate], ",
            "‸core: {",
            "providers.stability.models.core: the adapter does not know this model (check its name, or say what it can do with 'operations: [generate]')"
        ),
        Mistake(
            "check: [prompt, result]",
            "check: [‸promt]",
            "moderation.endpoint.check[0]: unknown check 'promt' (did you mean 'prompt'?)"
        ),
    ]

    @Test(arguments: structure + names + money + prices + secrets)
    func `each mistake is reported once, at its line and column, with its key`(mistake: Mistake) {
        let reading = Sample.read(mistake.text)
        #expect(reading.errors.map(\.brief).contains(mistake.expected), "\(reading.errors.map(\.brief))")
        #expect(reading.errors.count == 1, "\(reading.errors.map(\.brief))")
        #expect(reading.registry == nil)
    }

    @Test func `keys of another variant are unknown, each of them`() {
        let errors = Sample.read(Sample.complete.changing("adapter: s3", to: "adapter: filesystem")).errors
        #expect(
            errors.map(\.key)
                == ["endpoint", "region", "bucket", "addressing", "access_key", "secret_key"].map { "storage.\($0)" }
        )
    }

    @Test func `all mistakes of a file are reported at once and in order`() {
        let text = Sample.complete.changing("watch: false", to: "wach: false").changing("mode: official", to: "mode: x")
            .changing("low: {cost: 0.006, score: 12}", to: "low: {cost: -1, scor: 12}").changing(
                "queue: 10",
                to: "queue: ten"
            )
            .changing("pricing: metered", to: "pricing: free").changing("adapter: replicate", to: "adapter: replica")
        #expect(
            Sample.read(text).errors.map(\.key) == [
                "server.mode", "server.wach", "providers.openai.models.gpt-image-2.tiers.low.cost",
                "providers.openai.models.gpt-image-2.tiers.low.scor", "providers.replicate.adapter", "limits.queue",
                "billing.pricing",
            ]
        )
    }

    static let required: [(String, String)] = [
        ("version: 1\n", "version"),
        ("    adapter: stability\n", "providers.stability.adapter"),
        ("    base_url: https://api.stability.ai\n", "providers.stability.base_url"),
        (
            "    models:\n      core: {operations: [generate], ratios: [\"1:1\", 3:2], score: 60, tiers: {low: {cost: 0.03}}}\n",
            "providers.stability.models"
        ),
        (", score: 60, tiers: {low: {cost: 0.03}}", "providers.stability.models.core.tiers"),
        ("rank: order, ", "routing.policies.house.rank"),
        (", order: [stability/core, openai/gpt-image-2]", "routing.policies.house.order"),
        ("  endpoint: https://s3.example.com\n", "storage.endpoint"),
        ("  secret_key: ${S3_SECRET}\n", "storage.secret_key"),
        (", price: 2}", "billing.packs.plain.price"),
        (", webhook_secret: \"${STRIPE_WEBHOOK_SECRET}\"", "billing.stripe.webhook_secret"),
        ("client_id: g, ", "auth.google.client_id"),
        (", key_id: k", "auth.apple.key_id"),
    ]

    @Test(arguments: required)
    func `removing a required key is an error that names it`(text: String, key: String) {
        let removed = Sample.complete.changing(
            text,
            to: text.hasSuffix("}") && !text.hasSuffix("}}") && !text.contains("{") ? "}" : ""
        )
        let errors = Sample.read(removed).errors
        #expect(errors.contains { $0.key == key && $0.message == "is required" }, "\(errors.map(\.brief))")
        #expect(errors.allSatisfy { $0.line >= 1 && $0.line <= 121 })
    }

    @Test(arguments: [
        ("providers: {}\n", "2:12 providers: must name at least one provider"),
        ("providers:\n", "2:11 providers: must not be empty"),
        ("providers: []\n", "2:12 providers: must be a mapping, not a list"),
        ("providers: {s: {adapter: sandbox, models: {}}}\n", "2:43 providers.s.models: must name at least one model"),
        ("providers: {s: {adapter: sandbox}}\n", "2:16 providers.s.models: is required"),
        (
            "providers: {s: {adapter: sandbox, models: {m: {operations: [edit], tiers: {}}}}}\n",
            "2:75 providers.s.models.m.tiers: must name at least one tier"
        ),
        ("providers: {s: 1}\n", "2:16 providers.s: must be a mapping, not a single value"),
    ])
    func `empty and missing lists of providers, models and tiers are errors`(text: String, expected: String) {
        #expect(Sample.read("version: 1\n" + text).errors.map(\.brief) == [expected])
    }

    @Test func `an error never shows what a variable holds`() {
        let text = Sample.complete.changing("priority: -3", to: "priority: ${OPENAI_API_KEY}")
            .changing("timeout: 20s", to: "timeout: ${OPENAI_API_KEY}").changing(
                "enabled: true",
                to: "enabled: ${OPENAI_API_KEY}"
            )
            .changing("latency: 25s", to: "latency: 1${OPENAI_API_KEY}").changing(
                "spend_per_day: 12.34",
                to: "spend_per_day: ${OPENAI_API_KEY}"
            )
            .changing("base_url: https://api.openai.com/v1", to: "base_url: ${OPENAI_API_KEY}")
            .changing("public_url: https://images.example.com/", to: "public_url: ${OPENAI_API_KEY}")
        let lines = Sample.read(text).errors.map(\.brief)
        #expect(lines.count == 7 && !lines.contains { $0.contains("sk-open") }, "\(lines)")
    }
}
