/// Why something was not done with a purchase.
package enum PurchaseFailure: Error, Sendable {
    /// There is no such purchase.
    case unknown
    /// Nobody takes money by this method here.
    case notSetUp
    /// For the caller: why it cannot be.
    case refused(String)
    /// What a vendor says does not fit what was asked of it; for the operator.
    case mismatch(String)
    /// A refund of what is not known to be paid; it is to be told again.
    case tooEarly
    case vendor(PaymentError)
    case record(StoreError)
    /// Others changed it at each look.
    case busy
}

/// What was given back of a purchase.
package struct PurchaseRefund: Sendable, Hashable {
    package var purchase: Purchase
    /// Taken out of the buyer's account.
    package var credits: MicroUSD
    package var amount: MicroUSD
    /// Whether the vendor gives the money back by itself; false: it will be asked again, or somebody has to see to it.
    package var isSent: Bool
}

/// When vendors are asked about purchases that they have said nothing of.
package struct PurchaseSchedule: Sendable {
    package var firstPause = Duration.seconds(10)
    /// While the buyer is likely to be at it.
    package var pause = Duration.seconds(60)
    /// What opening a page takes at most, further tries included.
    package var openingTime = Duration.seconds(120)
    package var livelyAge = Duration.seconds(2 * 3600)
    package var slowPause = Duration.seconds(3600)
    /// After this nobody pays any more.
    package var longestAge = Duration.seconds(7 * 86_400)

    package init() {}

    /// When to look again after a look at `now`; nil: this look is the last.
    package func next(after purchase: Purchase, now: Timestamp) -> Timestamp? {
        let age = Duration.milliseconds(max(now.milliseconds - purchase.created.milliseconds, 0))
        if purchase.asked > purchase.sent { return now + pause }
        // A page that nobody has seen cannot be paid; the vendor may still be at it.
        if purchase.session == nil { return age < openingTime ? now + pause : nil }
        if age >= longestAge { return nil }
        if age >= livelyAge { return now + slowPause }
        return now + min(max(age, firstPause), pause)
    }
}
