/// Who may serve one request, in which order, at what price, and why the others may not.
package struct Plan: Sendable {
    /// The policy that ranked.
    package var policy: String
    package var fidelity: Fidelity
    /// Best first; empty when nobody may serve.
    package var candidates: [Candidate]
    package var excluded: [Exclusion]
    /// Attempts for one picture.
    package var maxAttempts: Int
    /// Whether further candidates are tried when one fails.
    package var mayFallBack: Bool
    /// Changes that an alias made before any vendor was looked at.
    package var adapted: [Adaptation]
    /// The request after aliases.
    package var request: ImageRequest
}

/// One model that can serve the request, and how it would be asked; an object, as it is passed on far more often than made.
package final class Candidate: Sendable {
    package let provider: Provider
    package let model: Model
    package let offer: TierOffer
    package let rendition: Rendition
    /// Our price of one picture, all that comes on top included.
    package let unitPrice: MicroUSD
    /// What of it is for reference pictures and early views.
    package let surcharge: MicroUSD
    /// Our price of the whole request.
    package let cost: MicroUSD
    package let score: Double?
    /// Measured where it has been, else as declared; nil: unknown.
    package let latency: Duration?

    init(
        provider: Provider,
        model: Model,
        offer: TierOffer,
        rendition: Rendition,
        unitPrice: MicroUSD,
        surcharge: MicroUSD,
        cost: MicroUSD,
        score: Double?,
        latency: Duration?
    ) {
        self.provider = provider
        self.model = model
        self.offer = offer
        self.rendition = rendition
        self.unitPrice = unitPrice
        self.surcharge = surcharge
        self.cost = cost
        self.score = score
        self.latency = latency
    }

    package var reference: ModelReference { ModelReference(provider: provider.id, model: model.id) }
}

/// One model of one provider, by name.
package struct ModelReference: Sendable, Hashable, CustomStringConvertible {
    package var provider: String
    package var model: String

    package init(provider: String, model: String) {
        self.provider = provider
        self.model = model
    }

    /// `PROVIDER/MODEL`.
    package var description: String { "\(provider)/\(model)" }
}

/// One model that cannot serve the request.
package struct Exclusion: Sendable {
    package var provider: String
    package var model: String
    package var constraint: Constraint
    /// In words, for people.
    package var reason: String
}

/// What can keep a model from serving, in the order in which it is looked at.
package enum Constraint: String, Sendable, CaseIterable {
    case provider, enabled
    case whenAlone = "when_alone"
    case key, retired, order, operation, references, mask, quality, size
    case aspectRatio = "aspect_ratio"
    case format = "output_format"
    case transparency, count = "n", seed
    case negativePrompt = "negative_prompt"
    case style, moderation, user
    case compression = "output_compression"
    case partialImages = "partial_images"
    case price
    case minScore = "min_score"
    case maxCost = "max_cost"
    case breaker
    case spendPerDay = "spend_per_day"
}

/// What the planner must know of the moment; a snapshot, so that planning stays a pure function.
package struct HealthSnapshot: Sendable {
    /// Models that have failed too often and whose next probe is not due.
    package var open: Set<ModelReference> = []
    /// Medians of what answers took.
    package var latency: [ModelReference: Duration] = [:]
    /// What is left today of each provider's cap.
    package var remainingSpend: [String: MicroUSD] = [:]

    package init() {}
}

/// Who asks, as far as the route depends on it.
package struct CallerTerms: Sendable {
    /// The policy of the caller's key.
    package var policy: String?
    /// Providers for which the caller brought a key; nil where it need not.
    package var ownKeys: Set<String>?

    package init(policy: String? = nil, ownKeys: Set<String>? = nil) {
        self.policy = policy
        self.ownKeys = ownKeys
    }
}
