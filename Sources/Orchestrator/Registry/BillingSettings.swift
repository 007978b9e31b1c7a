/// The `billing:` section; in force in official mode.
package struct BillingSettings: Sendable {
    package enum Pricing: String, Sendable, CaseIterable {
        /// So many credits a picture, by tier.
        case flat
        /// The vendor's cost times `markupMillionths`, rounded up to a credit once per request.
        case metered
    }

    /// What one credit is worth.
    package var credit = MicroUSD(micros: 10_000)
    package var pricing = Pricing.flat
    /// Credits for one picture of a tier; whole numbers, 1 or more.
    package var flat: [Tier: Int] = [.low: 1, .medium: 4, .high: 16]
    /// The factor of metered pricing in millionths: 3,000,000 is three times the vendor's cost.
    package var markupMillionths: Int64 = 3_000_000
    /// Pictures of tier `low` that a user has free each day.
    package var dailyFree = 3
    /// In the order of the file.
    package var packs = CreditPack.standard
    package var stripe: StripeSettings?
    package var creem: CreemSettings?
    /// What new users are given; nil: nothing.
    package var welcome: WelcomeTerms?
    /// What users are given each calendar month; nil: nothing.
    package var monthly: MonthlyTerms?

    package init() {}

    /// What so many credits are in the ledger; both factors are bounded by the configuration.
    package func worth(_ credits: Int) -> MicroUSD { credit.multiplied(by: credits) ?? .zero }
}

/// Credits for those who are new.
package struct WelcomeTerms: Sendable, Hashable {
    /// 1 or more.
    package var credits: Int
    /// How long they can be used; nil: always.
    package var expires: Duration?

    package init(credits: Int, expires: Duration? = nil) {
        self.credits = credits
        self.expires = expires
    }
}

/// Credits for each calendar month in UTC.
package struct MonthlyTerms: Sendable, Hashable {
    /// 1 or more.
    package var credits: Int
    /// Whether what is unused stays when the month is over.
    package var rollsOver = false
    /// Whether only those get them who have bought a pack.
    package var buyersOnly = true

    package init(credits: Int) {
        self.credits = credits
    }
}

/// Credits that are sold together.
package struct CreditPack: Sendable, Hashable {
    package var id: String
    package var name: String
    package var credits: Int
    /// Credits on top, free.
    package var bonus: Int
    package var price: MicroUSD
    /// Creem's id of the product, where the operator made it by hand.
    package var product: String?

    package init(id: String, name: String, credits: Int, bonus: Int, price: MicroUSD, product: String? = nil) {
        self.id = id
        self.name = name
        self.credits = credits
        self.bonus = bonus
        self.price = price
        self.product = product
    }

    /// The packs that are sold when the file names none.
    package static let standard = [
        CreditPack(id: "starter", name: "Starter", credits: 100, bonus: 0, price: MicroUSD(micros: 1_990_000)),
        CreditPack(id: "basic", name: "Basic", credits: 500, bonus: 50, price: MicroUSD(micros: 7_990_000)),
        CreditPack(id: "popular", name: "Popular", credits: 1500, bonus: 300, price: MicroUSD(micros: 19_990_000)),
        CreditPack(id: "pro", name: "Pro", credits: 3500, bonus: 1000, price: MicroUSD(micros: 39_990_000)),
        CreditPack(
            id: "enterprise",
            name: "Enterprise",
            credits: 8000,
            bonus: 3000,
            price: MicroUSD(micros: 79_990_000)
        ),
    ]
}

/// Payment by Stripe.
package struct StripeSettings: Sendable, Hashable {
    package var baseURL: String
    package var secretKey: Secret
    package var webhookSecret: Secret

    package init(baseURL: String, secretKey: Secret, webhookSecret: Secret) {
        self.baseURL = baseURL
        self.secretKey = secretKey
        self.webhookSecret = webhookSecret
    }
}

/// Payment by Creem.
package struct CreemSettings: Sendable, Hashable {
    /// Without `/v1`.
    package var baseURL: String
    package var apiKey: Secret
    package var webhookSecret: Secret

    package init(baseURL: String, apiKey: Secret, webhookSecret: Secret) {
        self.baseURL = baseURL
        self.apiKey = apiKey
        self.webhookSecret = webhookSecret
    }
}
