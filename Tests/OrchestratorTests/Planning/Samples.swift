@testable import Orchestrator

/// An amount of a test's table; a text that is none shows as zero in what the test finds.
func usd(_ text: String) -> MicroUSD {
    (try? MicroUSD(decimal: text)) ?? .zero
}

func size(_ text: String) -> PixelSize {
    PixelSize(text) ?? .usual
}

extension Model {
    /// A model that does everything at one price, unless `adjust` says otherwise.
    static func sample(
        _ id: String,
        price: String = "0.04",
        score: Double? = nil,
        _ adjust: (inout Model) -> Void = { _ in }
    ) -> Model {
        var capabilities = ModelCapabilities(operations: [.generate, .edit])
        capabilities.formats = [.png, .jpeg, .webp]
        capabilities.maxImages = 10
        capabilities.maxReferences = 16
        capabilities.masks = true
        capabilities.features = Set(Feature.allCases)
        var model = Model(id: id, capabilities: capabilities)
        model.tiers = [TierOffer(tier: .medium, price: PriceTable(flat: usd(price)))]
        model.scores = score.map { [.generate: $0, .edit: $0] } ?? [:]
        adjust(&model)
        return model
    }
}

extension TierOffer {
    static func sample(_ tier: Tier, _ price: String, score: Double? = nil) -> TierOffer {
        var offer = TierOffer(tier: tier, price: PriceTable(flat: usd(price)))
        offer.score = score
        return offer
    }
}

extension Provider {
    static func sample(_ id: String, _ models: [Model], _ adjust: (inout Provider) -> Void = { _ in }) -> Provider {
        var provider = Provider(id: id, kind: StubAdapter.kind, adapter: StubAdapter(base: "https://\(id).example"))
        provider.baseURL = "https://\(id).example"
        provider.credential = Secret("house-\(id)")
        provider.models = models
        adjust(&provider)
        return provider
    }
}

extension Registry {
    static func sample(_ providers: [Provider], _ adjust: (inout Registry) -> Void = { _ in }) -> Registry {
        var registry = Registry()
        registry.providers = providers
        adjust(&registry)
        return registry
    }

    /// Three vendors of one model each, which differ in price, score and latency.
    static let three = Registry.sample([
        .sample("dear", [.sample("best", price: "0.04", score: 90) { $0.latency = .seconds(20) }]),
        .sample("middle", [.sample("fair", price: "0.02", score: 70) { $0.latency = .seconds(2) }]),
        .sample("cheap", [.sample("poor", price: "0.003", score: 50) { $0.latency = .seconds(9) }]),
    ])
}

extension ImageRequest {
    static func sample(_ operation: Operation = .generate, _ adjust: (inout ImageRequest) -> Void = { _ in })
        -> ImageRequest
    {
        var request = ImageRequest(operation: operation)
        request.prompt = operation == .variation ? "" : "a fox"
        if operation != .generate { request.references = [.sample("first")] }
        adjust(&request)
        return request
    }
}

extension InputImage {
    static func sample(_ digest: String, _ text: String = "64x64", hasAlpha: Bool = false) -> InputImage {
        InputImage(
            source: .bytes([1]),
            format: .png,
            size: PixelSize(text) ?? .usual,
            hasAlpha: hasAlpha,
            digest: digest
        )
    }
}

extension Plan {
    /// The candidates by name, best first.
    var names: [String] { candidates.map(\.reference.description) }

    /// What keeps each of the others out.
    var constraints: [String: Constraint] {
        Dictionary(uniqueKeysWithValues: excluded.map { ("\($0.provider)/\($0.model)", $0.constraint) })
    }
}

extension Registry {
    func plan(
        _ request: ImageRequest = .sample(),
        for caller: CallerTerms = CallerTerms(),
        on day: String = "2026-11-21",
        health: HealthSnapshot = HealthSnapshot()
    ) throws -> Plan {
        try Planner(registry: self, health: health, today: Day(day) ?? Day(number: 0)).plan(request, for: caller)
    }
}

/// What an operation throws as an answer to the caller; nil when it succeeds.
func apiError<T>(_ operation: () throws -> T) -> APIError? {
    do {
        _ = try operation()
        return nil
    } catch {
        return error as? APIError
    }
}
