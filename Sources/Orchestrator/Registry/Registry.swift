/// Everything that `providers.yaml` says, checked and typed; immutable, and swapped whole on reload.
package struct Registry: Sendable {
    package var server = ServerSettings()
    package var database = DatabaseSettings.sqlite
    package var storage = StorageSettings.filesystem
    /// How long pictures are kept; nil: until somebody deletes them.
    package var retention: Duration?
    package var routing = RoutingSettings()
    package var policies: [String: RoutingPolicy] = RoutingPolicy.standard
    package var aliases: [String: ModelAlias] = [:]
    /// In the order of the file.
    package var providers: [Provider] = []
    /// Providers that were left out because a variable is not set: id and the variable's name.
    package var leftOut: [(provider: String, variable: String)] = []
    package var limits = LimitSettings()
    package var moderation = ModerationSettings()
    package var billing = BillingSettings()
    package var auth = AuthSettings()
    package var alerts = AlertSettings()

    package init() {}

    package func provider(_ id: String) -> Provider? {
        providers.first { $0.id == id }
    }
}

/// One vendor account, as an entry of `providers:` declares it.
package struct Provider: Sendable {
    package var id: String
    /// Translates; made from this entry.
    package var adapter: any ProviderAdapter
    package var kind: String
    /// Absolute, without trailing slash; empty for a kind that makes no calls.
    package var baseURL: String
    package var credential: Secret?
    /// What the vendor signs its news with, a `WebhookSecret`'s text; nil: none is asked for, and none taken.
    package var webhookSecret: Secret?
    package var availability = ProviderAvailability.enabled
    /// Breaks ties, higher first.
    package var priority = 0
    /// For one attempt.
    package var timeout = Duration.seconds(180)
    /// Further tries at this provider, 0...2, for failures known not to be billed.
    package var retries = 1
    package var maxInFlight = 32
    /// Calls that may begin in any window of time; nil: as many as there are.
    package var pace: Rate?
    package var spendPerDay: MicroUSD?
    package var poll = PollPace()
    /// In the order of the file.
    package var models: [Model] = []

    package init(id: String, kind: String, adapter: any ProviderAdapter) {
        self.id = id
        self.kind = kind
        self.adapter = adapter
        baseURL = ""
    }
}

/// The `enabled` of a provider.
package enum ProviderAvailability: String, Sendable {
    case enabled = "true"
    case disabled = "false"
    /// Only while no other provider can serve.
    case whenAlone = "when-alone"
}

/// How often unfinished work is asked after: from `first`, growing by half, up to `max`.
package struct PollPace: Sendable, Hashable {
    package var first = Duration.milliseconds(500)
    package var max = Duration.seconds(5)

    package init() {}

    /// The pause before poll number `n`, counted from 1.
    package func pause(before n: Int) -> Duration {
        var pause = first
        for _ in 1..<Swift.max(1, min(n, 32)) where pause < max { pause = pause * 3 / 2 }
        return min(pause, max)
    }
}

/// One model of one provider.
package struct Model: Sendable {
    package var id: String
    package var capabilities: ModelCapabilities
    /// By operation; absent: ranks last under `quality`.
    package var scores: [Operation: Double] = [:]
    /// What an answer takes until it has been measured; nil: unknown.
    package var latency: Duration?
    /// The share of calls that fail, for simulations; nil: unknown.
    package var failureRate: Double?
    /// From this day on it is no candidate.
    package var retires: Day?
    /// Lowest first.
    package var tiers: [TierOffer] = []
    package var tokenPrices: TokenPrices?
    /// What the vendor says of the tokens of a drawing, as far as its adapter knows.
    package var tokenRule: TokenRule?

    package init(id: String, capabilities: ModelCapabilities) {
        self.id = id
        self.capabilities = capabilities
    }

    package func offer(_ tier: Tier) -> TierOffer? {
        tiers.first { $0.tier == tier }
    }

    /// What a drawing costs by the vendor's own count at an offer's quality; nil where it does not bill by tokens, or its
    /// rule is not known.
    package func tokenCost(at offer: TierOffer) -> TokenCost? {
        guard let tokenPrices, let tokenRule else { return nil }
        return TokenCost(rule: tokenRule, prices: tokenPrices, quality: offer.vendorQuality ?? offer.tier.rawValue)
    }

    /// The score for an operation at a tier: the tier's own, else the model's; a variation counts as an edit.
    package func score(_ operation: Operation, _ offer: TierOffer) -> Double? {
        offer.score ?? scores[operation] ?? (operation == .variation ? scores[.edit] : nil)
    }
}

/// What one tier of a model costs and sends.
package struct TierOffer: Sendable {
    package var tier: Tier
    package var price: PriceTable
    /// The vendor's word for it, where that is not the tier's name.
    package var vendorQuality: String?
    /// Added to the vendor's body.
    package var parameters: JSONObject = [:]
    package var score: Double?

    package init(tier: Tier, price: PriceTable) {
        self.tier = tier
        self.price = price
    }
}
