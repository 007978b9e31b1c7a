/// Everything that `providers.yaml` says, checked and typed; immutable, and swapped whole on reload.
package struct Registry: Sendable {
    /// What one holds is a reference to all of it, as every request passes it on.
    private var content: CopyOnWrite<Content>

    private struct Content: Sendable {
        var server = ServerSettings()
        var database = DatabaseSettings.sqlite
        var storage = StorageSettings.filesystem
        var retention: Duration?
        var routing = RoutingSettings()
        var policies: [String: RoutingPolicy] = RoutingPolicy.standard
        var aliases: [String: ModelAlias] = [:]
        var providers: [Provider] = []
        var index = ModelIndex()
        var leftOut: [(provider: String, variable: String)] = []
        var limits = LimitSettings()
        var moderation = ModerationSettings()
        var billing = BillingSettings()
        var auth = AuthSettings()
        var alerts = AlertSettings()
    }

    package var server: ServerSettings {
        _read { yield content.value.server }
        _modify { yield &content.value.server }
    }
    package var database: DatabaseSettings {
        _read { yield content.value.database }
        _modify { yield &content.value.database }
    }
    package var storage: StorageSettings {
        _read { yield content.value.storage }
        _modify { yield &content.value.storage }
    }
    /// How long pictures are kept; nil: until somebody deletes them.
    package var retention: Duration? {
        get { content.value.retention }
        _modify { yield &content.value.retention }
    }
    package var routing: RoutingSettings {
        _read { yield content.value.routing }
        _modify { yield &content.value.routing }
    }
    package var policies: [String: RoutingPolicy] {
        _read { yield content.value.policies }
        _modify { yield &content.value.policies }
    }
    package var aliases: [String: ModelAlias] {
        _read { yield content.value.aliases }
        _modify { yield &content.value.aliases }
    }
    /// In the order of the file.
    package var providers: [Provider] {
        _read { yield content.value.providers }
        _modify {
            defer { content.value.index = ModelIndex() }
            yield &content.value.providers
        }
    }
    /// Providers that were left out because a variable is not set: id and the variable's name.
    package var leftOut: [(provider: String, variable: String)] {
        _read { yield content.value.leftOut }
        _modify { yield &content.value.leftOut }
    }
    package var limits: LimitSettings {
        _read { yield content.value.limits }
        _modify { yield &content.value.limits }
    }
    package var moderation: ModerationSettings {
        _read { yield content.value.moderation }
        _modify { yield &content.value.moderation }
    }
    package var billing: BillingSettings {
        _read { yield content.value.billing }
        _modify { yield &content.value.billing }
    }
    package var auth: AuthSettings {
        _read { yield content.value.auth }
        _modify { yield &content.value.auth }
    }
    package var alerts: AlertSettings {
        _read { yield content.value.alerts }
        _modify { yield &content.value.alerts }
    }

    package init() { content = CopyOnWrite(Content()) }

    package func provider(_ id: String) -> Provider? {
        providers.first { $0.id == id }
    }

    /// The models that a name means, with or without a provider in front, in the order of the file; the time that takes
    /// does not grow with the registry.
    func models(named name: String) -> [(provider: Provider, model: Model)] {
        content.value.index.entries(named: name, of: content.value.providers)
    }
}

/// One vendor account, as an entry of `providers:` declares it.
package struct Provider: Sendable {
    /// On the heap: a provider is handed on with every plan and attempt, and hardly ever changed.
    private var content: CopyOnWrite<Content>

    private struct Content: Sendable {
        var id: String
        var adapter: any ProviderAdapter
        var kind: String
        var baseURL: String
        var credential: Secret?
        var webhookSecret: Secret?
        var availability = ProviderAvailability.enabled
        var priority = 0
        var timeout = Duration.seconds(180)
        var retries = 1
        var maxInFlight = 32
        var pace: Rate?
        var spendPerDay: MicroUSD?
        var poll = PollPace()
        var models: [Model] = []
    }

    package var id: String {
        get { content.value.id }
        _modify { yield &content.value.id }
    }
    /// Translates; made from this entry.
    package var adapter: any ProviderAdapter {
        _read { yield content.value.adapter }
        _modify { yield &content.value.adapter }
    }
    package var kind: String {
        get { content.value.kind }
        _modify { yield &content.value.kind }
    }
    /// Absolute, without trailing slash; empty for a kind that makes no calls.
    package var baseURL: String {
        get { content.value.baseURL }
        _modify { yield &content.value.baseURL }
    }
    package var credential: Secret? {
        get { content.value.credential }
        _modify { yield &content.value.credential }
    }
    /// What the vendor signs its news with, a `WebhookSecret`'s text; nil: none is asked for, and none taken.
    package var webhookSecret: Secret? {
        get { content.value.webhookSecret }
        _modify { yield &content.value.webhookSecret }
    }
    package var availability: ProviderAvailability {
        get { content.value.availability }
        _modify { yield &content.value.availability }
    }
    /// Breaks ties, higher first.
    package var priority: Int {
        get { content.value.priority }
        _modify { yield &content.value.priority }
    }
    /// For one attempt.
    package var timeout: Duration {
        get { content.value.timeout }
        _modify { yield &content.value.timeout }
    }
    /// Further tries at this provider, 0...2, for failures known not to be billed.
    package var retries: Int {
        get { content.value.retries }
        _modify { yield &content.value.retries }
    }
    package var maxInFlight: Int {
        get { content.value.maxInFlight }
        _modify { yield &content.value.maxInFlight }
    }
    /// Calls that may begin in any window of time; nil: as many as there are.
    package var pace: Rate? {
        get { content.value.pace }
        _modify { yield &content.value.pace }
    }
    package var spendPerDay: MicroUSD? {
        get { content.value.spendPerDay }
        _modify { yield &content.value.spendPerDay }
    }
    package var poll: PollPace {
        get { content.value.poll }
        _modify { yield &content.value.poll }
    }
    /// In the order of the file.
    package var models: [Model] {
        _read { yield content.value.models }
        _modify { yield &content.value.models }
    }

    package init(id: String, kind: String, adapter: any ProviderAdapter) {
        content = CopyOnWrite(Content(id: id, adapter: adapter, kind: kind, baseURL: ""))
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
    /// On the heap, as a provider's.
    private var content: CopyOnWrite<Content>

    private struct Content: Sendable {
        var id: String
        var capabilities: ModelCapabilities
        var scores: [Operation: Double] = [:]
        var latency: Duration?
        var failureRate: Double?
        var retires: Day?
        var tiers: [TierOffer] = []
        var tokenPrices: TokenPrices?
        var tokenRule: TokenRule?
    }

    package var id: String {
        get { content.value.id }
        _modify { yield &content.value.id }
    }
    package var capabilities: ModelCapabilities {
        _read { yield content.value.capabilities }
        _modify { yield &content.value.capabilities }
    }
    /// By operation; absent: ranks last under `quality`.
    package var scores: [Operation: Double] {
        _read { yield content.value.scores }
        _modify { yield &content.value.scores }
    }
    /// What an answer takes until it has been measured; nil: unknown.
    package var latency: Duration? {
        get { content.value.latency }
        _modify { yield &content.value.latency }
    }
    /// The share of calls that fail, for simulations; nil: unknown.
    package var failureRate: Double? {
        get { content.value.failureRate }
        _modify { yield &content.value.failureRate }
    }
    /// From this day on it is no candidate.
    package var retires: Day? {
        get { content.value.retires }
        _modify { yield &content.value.retires }
    }
    /// Lowest first.
    package var tiers: [TierOffer] {
        _read { yield content.value.tiers }
        _modify { yield &content.value.tiers }
    }
    package var tokenPrices: TokenPrices? {
        _read { yield content.value.tokenPrices }
        _modify { yield &content.value.tokenPrices }
    }
    /// What the vendor says of the tokens of a drawing, as far as its adapter knows.
    package var tokenRule: TokenRule? {
        _read { yield content.value.tokenRule }
        _modify { yield &content.value.tokenRule }
    }

    package init(id: String, capabilities: ModelCapabilities) {
        content = CopyOnWrite(Content(id: id, capabilities: capabilities))
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
