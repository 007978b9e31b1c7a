/// One payment vendor, as far as purchases need it.
package protocol PaymentGateway: Sendable {
    /// Makes a page where a purchase can be paid. The same purchase twice is one page, where the vendor can see to that.
    func open(_ purchase: Purchase) async throws(PaymentError) -> Checkout

    /// What the vendor says of a purchase that has a session.
    func state(of purchase: Purchase) async throws(PaymentError) -> CheckoutState

    /// Gives money back; the same `key` twice is one refund. False: this vendor lets only people do that.
    func refund(_ amount: MicroUSD, of purchase: Purchase, key: String) async throws(PaymentError) -> Bool

    /// What went back to buyers since then, as the vendor's announcements would have told it; empty where it cannot be asked.
    func returns(since: Timestamp) async throws(PaymentError) -> [PaymentNotice]
}

/// Why a payment vendor did not do what it was asked.
package struct PaymentError: Error, Sendable {
    package enum Kind: Sendable, Hashable {
        /// It may work later; whether it was done is not known.
        case unreachable
        /// The vendor says no, and will.
        case refused
    }

    package var kind: Kind
    /// For the log alone.
    package var detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}

/// A page where a purchase can be paid.
package struct Checkout: Sendable, Hashable {
    package var session: String
    package var url: String
    /// The vendor's product, where it has one.
    package var product: String?

    package init(session: String, url: String, product: String? = nil) {
        self.session = session
        self.url = url
        self.product = product
    }
}

/// What a payment vendor says of a session.
package enum CheckoutState: Sendable, Hashable {
    case open
    case paid(PaymentProof)
    /// It can no longer be paid.
    case lapsed
}

/// A payment, as the vendor proved it.
package struct PaymentProof: Sendable, Hashable {
    package var session: String
    package var payment: String
    /// Nil where the vendor, asked, does not say.
    package var amount: Money?

    package init(session: String, payment: String, amount: Money?) {
        self.session = session
        self.payment = payment
        self.amount = amount
    }
}

/// An amount in some currency's smallest unit, as payment vendors state them.
package struct Money: Sendable, Hashable {
    package var minorUnits: Int
    /// ISO 4217, lower case.
    package var currency: String

    package init(_ minorUnits: Int, _ currency: String) {
        self.minorUnits = minorUnits
        self.currency = currency.lowercased()
    }

    /// In dollars; nil for other currencies, negative amounts and more than there is.
    package var dollars: MicroUSD? {
        guard currency == "usd", (0...100_000_000_000).contains(minorUnits) else { return nil }
        return MicroUSD(micros: Int64(minorUnits) * 10_000)
    }
}

/// What a payment vendor tells by itself, its signature already checked.
package enum PaymentNotice: Sendable, Hashable {
    case paid(PurchaseID?, PaymentProof)
    case lapsed(PurchaseID?, session: String)
    /// Money went back; `name` is the vendor's own for the refund or dispute, the amount all of it so far.
    case returned(PurchaseID?, payment: String?, name: String, Money)
    /// Nothing to do with purchases here.
    case other
}
