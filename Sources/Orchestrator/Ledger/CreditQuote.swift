/// How a job's pictures are charged, fixed at its acceptance: a later price list changes nothing.
package struct CreditQuote: Sendable, Hashable {
    package enum Basis: Sendable, Hashable {
        /// So much a picture, by tier; a tier that is not named is metered by these millionths.
        case flat([Tier: MicroUSD], markupMillionths: Int64)
        /// The vendor's cost times this many millionths, rounded up to a credit once per request.
        case metered(markupMillionths: Int64)
    }

    /// What one credit is worth.
    package var credit: MicroUSD
    package var basis: Basis
    /// Free uses that each user has a day; one picture of `freeTier` is one.
    package var freePerDay: Int

    /// The tier whose pictures free uses pay for.
    package static let freeTier = Tier.low

    package init(credit: MicroUSD, basis: Basis, freePerDay: Int) {
        self.credit = credit
        self.basis = basis
        self.freePerDay = freePerDay
    }
}
