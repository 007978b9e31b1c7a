import Orchestrator
import Testing

@testable import Configuration

@Suite struct RegistryReaderTests {
    private func registry(_ text: String, environment: [String: String] = Sample.environment) throws -> Registry {
        let reading = Sample.read(text, environment: environment)
        return try #require(reading.registry, "\(reading.errors.map(\.brief))")
    }

    @Test func `server, limits and routing are read`() throws {
        let registry = try registry(Sample.complete)
        let server = registry.server
        #expect(server.listen == "127.0.0.1:9000" && server.publicURL == "https://images.example.com")
        #expect(server.mode == .official && !server.requireOwnKey && !server.watch && server.allowPrivateURLs)
        #expect(server.trustedProxies == ["10.0.0.0/8", "fd00::/8"] && server.corsOrigins.count == 2)
        #expect(server.defaultResponseFormat == .base64 && server.imagesPublic)
        #expect(server.provenance == .embed && ServerSettings().provenance == .keep)
        let limits = registry.limits
        #expect(
            limits.perIP == Rate(count: 5, window: .seconds(1))
                && limits.global == Rate(count: 2000, window: .seconds(86_400))
        )
        #expect(
            limits.spendPerDay == MicroUSD(micros: 99_500_000) && limits.jsonBody == 65_536 && limits.upload == 1 << 30
        )
        let routing = registry.routing
        #expect(routing.policy == "house" && routing.deadline == .seconds(90) && routing.maxAttempts == 3)
        #expect(
            routing.fidelity == .strict && routing.onRefusal == .fallback && routing.onUnknownOutcome == .fail
                && !routing.partialResults
        )
        guard case .postgres(let url) = registry.database else { throw Unexpected() }
        #expect(url.reveal() == "postgres://u:p@db/images")
        guard case .s3(let bucket) = registry.storage else { throw Unexpected() }
        #expect(
            bucket.bucket == "pictures" && bucket.secretKey.reveal() == "s3s"
                && bucket.endpoint == "https://s3.example.com"
        )
        #expect(bucket.addressing == .host && registry.retention == .seconds(7 * 86_400))
    }

    @Test func `policies merge over the standard ones`() throws {
        let policies = try registry(Sample.complete).policies
        #expect(policies["house"] == RoutingPolicy(.order(["stability/core", "openai/gpt-image-2"])))
        #expect(policies["mix"] == RoutingPolicy(.weighted(cost: 0.5, score: 0.3, latency: 0.2)))
        #expect(policies["price"] == RoutingPolicy(.cost, maxCost: MicroUSD(micros: 500_000)))
        #expect(policies["quality"] == RoutingPolicy(.score) && policies["fast"] != nil && policies["balanced"] != nil)
    }

    @Test func `aliases are read`() throws {
        let aliases = try registry(Sample.complete).aliases
        let alias = try #require(aliases["dall-e-3"])
        #expect(alias.model == nil && alias.policy == "quality" && alias.quality == ["standard": .medium, "hd": .high])
        let (asked, given) = try (#require(PixelSize("1792x1024")), #require(PixelSize("1536x1024")))
        #expect(alias.size == [asked: given] && aliases["pinned"]?.model == "stability/core")
    }

    @Test func `providers and models keep the order of the file and all their fields`() throws {
        let registry = try registry(Sample.complete)
        #expect(registry.providers.map(\.id) == ["openai", "stability", "replicate", "sandbox"])
        let openai = try #require(registry.provider("openai"))
        #expect(
            openai.baseURL == "https://api.openai.com/v1" && openai.credential?.reveal() == "sk-open"
                && openai.priority == -3
        )
        #expect(openai.timeout == .seconds(20) && openai.retries == 2 && openai.maxInFlight == 7)
        #expect(openai.spendPerDay == MicroUSD(micros: 12_340_000))
        #expect(registry.provider("sandbox")?.availability == .whenAlone)
        #expect(registry.provider("replicate")?.poll.max == .milliseconds(200))
        let model = try #require(openai.models.first)
        #expect(
            model.capabilities.operations == [.generate, .edit] && model.capabilities.streams
                && model.capabilities.masks
        )
        #expect(
            model.capabilities.formats == [.png, .jpeg] && model.capabilities.maxImages == 4
                && model.capabilities.maxReferences == 5
        )
        #expect(model.capabilities.features == [.transparency, .seed])
        guard case .free(let bounds) = model.capabilities.shapes else { throw Unexpected() }
        #expect(
            bounds.multipleOf == 16 && bounds.minEdge == 256 && bounds.maxPixels == 8_294_400 && bounds.maxRatio == 3
        )
        #expect(
            model.scores == [.generate: 1383, .edit: 1463.5] && model.latency == .seconds(25)
                && model.retires == Day("2027-10-01")
        )
        let high = try #require(model.offer(.high))
        #expect(high.vendorQuality == "max" && high.parameters["moderation"] == "low")
        #expect(
            high.price.price(for: PixelSize("1024x1024"))?.micros == 200_000
                && high.price.price(for: PixelSize("2048x2048"))?.micros == 300_000
        )
        #expect(high.price.price(for: nil)?.micros == 250_000, "the price while the vendor chooses")
        #expect(model.offer(.low)?.score == 12 && model.tiers.map(\.tier) == [.low, .high])
        #expect(
            model.tokenPrices
                == TokenPrices(
                    textInput: 5_000_000,
                    imageInput: 8_000_000,
                    imageOutput: 30_000_000,
                    textOutput: 2_500_000
                )
        )
    }

    @Test func `a price of several parts is read`() throws {
        func price(_ cost: String) throws -> PriceTable {
            let text = Sample.complete.changing("low: {cost: 0.006, score: 12}", to: "low: {cost: \(cost)}")
            return try #require(try registry(text).provider("openai")?.models.first?.offer(.low)?.price)
        }
        let parts = try price(
            "{base: 0.01, per_megapixel: 0.04, per_reference: 0.02, per_reference_megapixel: 0.003, "
                + "per_partial: 0.001, megapixel_pixels: 1048576, megapixel_rounding: up}"
        )
        #expect(parts.otherwise == MicroUSD(micros: 10_000) && parts.perMegapixel == MicroUSD(micros: 40_000))
        #expect(parts.perReference == MicroUSD(micros: 20_000) && parts.perPartial == MicroUSD(micros: 1000))
        #expect(parts.perReferenceMegapixel == MicroUSD(micros: 3000) && parts.mostPixels == 8_294_400)
        #expect(parts.megapixel.pixels == 1_048_576 && parts.megapixel.rounding == .up)
        #expect(try price("tokens").isByTokens)
        let mixed = try price("{1024x1024: 0.2, default: tokens, auto: 0.3}")
        #expect(mixed.isByTokens && mixed.bySize.count == 1 && mixed.automatic == MicroUSD(micros: 300_000))
        #expect(try price("0.006") == PriceTable(flat: MicroUSD(micros: 6000)))
    }

    @Test func `accounts, payments, checks and alerts are read`() throws {
        let registry = try registry(Sample.complete)
        let billing = registry.billing
        #expect(
            billing.pricing == .metered && billing.flat == [.low: 2, .max: 64] && billing.markupMillionths == 1_250_000
        )
        #expect(
            billing.credit.micros == 20_000 && billing.dailyFree == 0
                && billing.stripe?.webhookSecret.reveal() == "whsec_1"
        )
        #expect(
            billing.packs.map(\.id) == ["small", "plain"] && billing.packs[0].product == "prod_1"
                && billing.packs[1].name == "plain"
        )
        #expect(billing.creem?.baseURL == "https://creem.test")
        let auth = registry.auth
        #expect(auth.openStudio == .never && auth.redirectURIs == ["https://app.example.com/back?x=1"])
        #expect(auth.sessionSecret == nil && auth.sessionSecretFile == "/nowhere/data/session.secret")
        #expect(
            auth.github?.clientID == "gh" && auth.google?.issuer == "https://google.test"
                && auth.apple?.privateKey.reveal().contains("\n") == true
        )
        #expect(
            registry.moderation.blockedWords == ["one", "two words"]
                && registry.moderation.endpoint?.checks == [.prompt, .result]
        )
        #expect(registry.moderation.endpoint?.onError == .deny && registry.alerts.providerDown == .seconds(120))
        #expect(registry.alerts.webhook?.reveal() == "https://hooks.test/x?y=1" && registry.alerts.errorRate == 0.5)
    }

    @Test func `what is left out has the defaults`() throws {
        let registry = try registry(Sample.least)
        #expect(
            registry.server.listen == "127.0.0.1:8080" && registry.server.publicURL == nil
                && registry.server.mode == .selfHosted
        )
        #expect(
            registry.routing.policy == "price" && registry.policies == RoutingPolicy.standard
                && registry.limits.queue == 1000
        )
        #expect(registry.billing.packs.count == 5 && registry.auth.github == nil && registry.alerts.webhook == nil)
    }

    // MARK: - What the adapter knows

    static let statements: [(String, Set<Operation>, Int, Bool, Set<Feature>)] = [
        ("", [.generate, .edit], 16, true, [.transparency, .moderation, .user]),
        ("operations: [generate], ", [.generate], 0, false, [.transparency, .moderation, .user]),
        ("operations: [edit, stream], max_references: 2, ", [.edit], 2, true, [.transparency, .moderation, .user]),
        ("supports: [seed], ", [.generate, .edit], 16, true, [.seed, .moderation, .user]),
        ("supports: [], ", [.generate, .edit], 16, true, [.moderation, .user]),
    ]

    @Test(arguments: statements)
    func `the file stands above what the adapter knows`(
        keys: String,
        operations: Set<Operation>,
        references: Int,
        streams: Bool,
        features: Set<Feature>
    ) throws {
        let text = """
            version: 1
            providers:
              o: {adapter: openai, base_url: "https://x.test/v1/", models: {known: {\(keys)tiers: {low: {cost: 1}}}}}

            """
        let provider = try #require(try registry(text).providers.first)
        let found = try #require(provider.models.first).capabilities
        #expect(
            found.operations == operations && found.maxReferences == references && found.streams == streams
                && found.features == features
        )
        #expect(found.formats == [.png, .webp] && provider.baseURL == "https://x.test/v1")
    }

    @Test func `an edit model that nobody knows takes one reference picture`() throws {
        let model = try #require(
            try registry(Sample.least.changing("[generate]", to: "[edit]")).providers.first?.models.first
        )
        #expect(model.capabilities.maxReferences == 1)
    }

    @Test(
        arguments: [("0.0000015", 2), ("2.50", 2_500_000), ("0.1234564", 123_456), ("30", 30_000_000)]
            as [(String, Int64)]
    )
    func `token prices may be finer than a micro-dollar`(text: String, expected: Int64) throws {
        let sample = Sample.complete.changing("text_in: 5", to: "text_in: \(text)")
        #expect(try registry(sample).provider("openai")?.models.first?.tokenPrices?.textInput == expected)
    }

    @Test func `prices that no size of the model has, and sizes without a price, are warned of`() {
        let text = Sample.complete.changing(
            "{1024x1024: 0.003, 1536x1024: 0.004}",
            to: "{1024x1024: 0.003, 512x512: 0.001}"
        )
        #expect(
            Sample.read(text).warnings.map(\.message) == [
                "has no price for 1536x1024", "the model does not make this size",
            ]
        )
    }
}

struct Unexpected: Error {}

@Suite struct UnsetTests {
    private func without(_ names: String...) -> [String: String] {
        Sample.environment.filter { !names.contains($0.key) }
    }

    @Test func `a provider whose key is not set is left out, with a warning at its place`() throws {
        let reading = Sample.read(Sample.complete, environment: without("STABILITY_API_KEY"))
        let registry = try #require(reading.registry)
        #expect(registry.providers.map(\.id) == ["openai", "replicate", "sandbox"])
        #expect(
            registry.leftOut.map(\.provider) == ["stability"]
                && registry.leftOut.map(\.variable) == ["STABILITY_API_KEY"]
        )
        #expect(
            reading.warnings.map(\.brief) == [
                "73:14 providers.stability.api_key: STABILITY_API_KEY is not set (provider 'stability' is left out)"
            ]
        )
        #expect(reading.unset.isEmpty)
    }

    @Test func `an empty variable is not set`() throws {
        var environment = Sample.environment
        environment["STABILITY_API_KEY"] = ""
        #expect(try #require(Sample.read(Sample.complete, environment: environment).registry).leftOut.count == 1)
    }

    @Test func `a provider that is left out is checked all the same`() {
        let text = Sample.complete.changing("score: 60, tiers: {low: {cost: 0.03}}", to: "tiers: {low: {cost: x}}")
        let reading = Sample.read(text, environment: without("STABILITY_API_KEY"))
        #expect(reading.errors.map(\.key) == ["providers.stability.models.core.tiers.low.cost"])
    }

    @Test func `a disabled provider needs no key, nor do those whose callers bring one`() throws {
        let disabled = Sample.complete.changing(
            "api_key: ${STABILITY_API_KEY}",
            to: "api_key: ${STABILITY_API_KEY}\n    enabled: false"
        )
        let first = Sample.read(disabled, environment: without("STABILITY_API_KEY"))
        #expect(try #require(first.registry).provider("stability")?.availability == .disabled && first.warnings.isEmpty)
        var environment = without("STABILITY_API_KEY")
        environment["REQUIRE_OWN_OPENAI_KEY"] = "true"
        environment["DEPLOYMENT_MODE"] = "self-hosted"
        let second = try #require(Sample.read(Sample.complete, environment: environment).registry)
        #expect(
            second.server.requireOwnKey && second.provider("stability") != nil
                && second.provider("stability")?.credential == nil
        )
    }

    @Test(arguments: [
        ("STRIPE_SECRET_KEY", "billing.stripe.secret_key", "payment by Stripe is off"),
        ("CREEM_API_KEY", "billing.creem.api_key", "payment by Creem is off"),
        ("GITHUB_CLIENT_ID", "auth.github.client_id", "sign-in with GitHub is off"),
        ("GOOGLE_CLIENT_SECRET", "auth.google.client_secret", "sign-in with Google is off"),
        ("APPLE_KEY", "auth.apple.private_key", "sign-in with Apple is off"),
        ("ALERT_WEBHOOK_URL", "alerts.webhook", "alerts are off"),
    ])
    func `what can be done without is off with a warning`(variable: String, key: String, hint: String) throws {
        let reading = Sample.read(Sample.complete, environment: without(variable))
        #expect(reading.registry != nil && reading.unset.isEmpty)
        #expect(reading.warnings.map(\.key) == [key] && reading.warnings.first?.hint == hint)
    }

    @Test func `what cannot be done without hinders serving, but not checking`() {
        let reading = Sample.read(Sample.complete, environment: without("DATABASE_URL"))
        #expect(reading.errors.isEmpty && reading.registry != nil)
        #expect(
            reading.unset.map(\.brief) == ["14:11 database: DATABASE_URL is not set (the daemon needs it to start)"]
        )
    }

    @Test func `two variables stand above the file`() throws {
        var environment = Sample.environment
        environment["DEPLOYMENT_MODE"] = "self-hosted"
        #expect(
            try #require(Sample.read(Sample.complete, environment: environment).registry).server.mode == .selfHosted
        )
        environment["DEPLOYMENT_MODE"] = "hosted"
        #expect(Sample.read(Sample.complete, environment: environment).errors.map(\.key) == ["server.mode"])
    }

    @Test func `in official mode callers bring no keys of their own`() {
        var environment = Sample.environment
        environment["REQUIRE_OWN_OPENAI_KEY"] = "true"
        #expect(Sample.read(Sample.complete, environment: environment).errors.map(\.key) == ["server.require_own_key"])
    }

    @Test(arguments: [
        ("2026-11-20", ["retired on 2026-11-20"]), ("2026-11-21", ["retired on 2026-11-21"]),
        ("2026-11-22", ["retires on 2026-11-22"]),
        ("2026-12-21", ["retires on 2026-12-21"]), ("2026-12-22", []),
    ])
    func `models that retire are warned of, thirty days before`(day: String, messages: [String]) {
        let reading = Sample.read(Sample.complete.changing("2027-10-01", to: day))
        #expect(
            reading.warnings.map(\.message) == messages
                && reading.warnings.allSatisfy { $0.key.hasSuffix("gpt-image-2.retires") }
        )
    }

    @Test func `a provider serves without the secret of its news, and says nothing of it`() throws {
        var environment = Sample.environment
        #expect(Sample.read(Sample.complete).registry?.provider("replicate")?.webhookSecret != nil)
        environment["REPLICATE_WEBHOOK_SECRET"] = nil
        let reading = Sample.read(Sample.complete, environment: environment)
        let replicate = try #require(reading.registry?.provider("replicate"))
        #expect(replicate.webhookSecret == nil && replicate.credential != nil)
        #expect(reading.errors.isEmpty && reading.warnings.isEmpty && reading.unset.isEmpty, "\(reading.warnings)")
    }

    @Test func `the secret of news has the vendors' own form`() {
        for text in ["r8_x", "whsec_", "whsec_%%%", "whsec_QUJD"] {
            let environment = Sample.environment.merging(["REPLICATE_WEBHOOK_SECRET": text]) { $1 }
            let errors = Sample.read(Sample.complete, environment: environment).errors
            #expect(errors.map(\.key) == ["providers.replicate.webhook_secret"])
            // What is wrong with a secret is said without it.
            #expect(errors.allSatisfy { $0.message == "must be 'whsec_' and the base64 of 24 to 64 bytes" })
        }
    }
}
