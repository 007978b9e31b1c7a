/// Sells credits: begins purchases, books what payment vendors prove, and asks them about what they did not tell.
///
/// Every step is a change of the record made on the state that it was decided on, so that copies of an announcement,
/// several daemons and a restart in the middle come to one booking.
package final class PurchaseDesk: Sendable {
    /// What the desk is made of, passed in by whoever starts it.
    package struct Parts: Sendable {
        package typealias Record = any PurchaseStore & GrantStore & Sendable

        package var store: Record
        package var time: any TimeSource
        package var log: any EventLog
        /// The vendor of a method, by the registry in force; nil: not set up.
        package var gateway: @Sendable (PaymentMethod) -> (any PaymentGateway)?
        /// The price list in force; nil: nothing is sold.
        package var quote: @Sendable () -> CreditQuote?
        /// Told of each transfer that was made.
        package var moved: @Sendable () -> Void

        package init(
            store: Record,
            time: any TimeSource,
            log: any EventLog,
            gateway: @escaping @Sendable (PaymentMethod) -> (any PaymentGateway)?,
            quote: @escaping @Sendable () -> CreditQuote?,
            moved: @escaping @Sendable () -> Void
        ) {
            self.store = store
            self.time = time
            self.log = log
            self.gateway = gateway
            self.quote = quote
            self.moved = moved
        }
    }

    /// Others may change what a change was decided on at each look.
    private static let tries = 16
    private static let pace = Duration.seconds(1)
    private static let batch = 20

    let parts: Parts
    private let schedule = PurchaseSchedule()

    package init(_ parts: Parts) {
        self.parts = parts
    }

    // MARK: - Buying

    /// Begins a purchase and opens the vendor's page for it.
    package func begin(
        _ pack: CreditPack,
        for user: UserID,
        by method: PaymentMethod,
        quote: CreditQuote
    ) async throws(PurchaseFailure) -> Purchase {
        guard let gateway = parts.gateway(method) else { throw .notSetUp }
        guard let worth = quote.worth(pack.credits + pack.bonus) else {
            throw .refused("the pack is beyond all bounds")
        }
        let now = parts.time.now()
        var purchase = Purchase(
            id: parts.time.makeID(),
            user: user,
            method: method,
            pack: pack,
            worth: worth,
            created: now
        )
        purchase.check = now + schedule.firstPause
        do throws(StoreError) {
            try await parts.store.addPurchase(purchase)
        } catch {
            throw .record(error)
        }
        let checkout: Checkout
        do throws(PaymentError) {
            checkout = try await gateway.open(purchase)
        } catch {
            await giveUp(purchase)
            throw .vendor(error)
        }
        return try await change(purchase.id) { purchase in
            guard purchase.session == nil else { return nil }
            var opened = purchase
            (opened.session, opened.checkoutURL) = (checkout.session, checkout.url)
            opened.product = checkout.product ?? opened.product
            return PurchaseAmendment(opened)
        }
    }

    /// Nobody has seen a page for it, so nobody can pay it.
    private func giveUp(_ purchase: Purchase) async {
        do throws(PurchaseFailure) {
            _ = try await change(purchase.id) { $0.session == nil ? $0.lapsed() : nil }
        } catch {
            parts.log.log(.warning, "a purchase stays open", [("purchase.id", purchase.id.text), ("why", "\(error)")])
        }
    }

    // MARK: - What vendors tell

    /// Books what a vendor announced; the purchase, if that changed it: a repeat does not.
    @discardableResult
    package func take(_ notice: PaymentNotice, of method: PaymentMethod) async throws(PurchaseFailure) -> Purchase? {
        let (before, after): (Purchase, Purchase)
        switch notice {
        case .other: return nil
        case .paid(let id, let proof):
            guard let id, let purchase = try await find(id), purchase.method == method else { return nil }
            (before, after) = (purchase, try await book(proof, of: purchase))
        case .lapsed(let id, let session):
            guard let id, let purchase = try await find(id), purchase.method == method else { return nil }
            guard purchase.session == nil || purchase.session == session else { return nil }
            (before, after) = (purchase, try await change(id) { $0.lapsed() })
        case .returned(let id, let payment, let name, let amount):
            guard let purchase = try await paid(id, payment, method) else { return nil }
            (before, after) = (purchase, try await takeReturn(of: purchase, payment, name, amount))
        }
        return after.revision == before.revision ? nil : after
    }

    /// The purchase that a payment was for; nil where it was for nothing of ours.
    private func paid(
        _ id: PurchaseID?,
        _ payment: String?,
        _ method: PaymentMethod
    ) async throws(PurchaseFailure) -> Purchase? {
        var found: Purchase?
        if let id { found = try await find(id) }
        if found == nil, let payment {
            found = try await asking { store throws(StoreError) in try await store.purchase(paidBy: payment, method) }
        }
        guard let found, found.method == method else { return nil }
        guard found.completed == nil else { return found }
        // The news of its payment is behind, or was lost.
        let purchase = try await look(at: found)
        guard purchase.completed != nil else { throw .tooEarly }
        return purchase
    }

    private func takeReturn(
        of purchase: Purchase,
        _ payment: String?,
        _ name: String,
        _ amount: Money
    ) async throws(PurchaseFailure) -> Purchase {
        if let known = purchase.payment, let payment, known != payment, known != purchase.session {
            throw .mismatch("payment '\(payment)' is not that of purchase '\(purchase.id)'")
        }
        guard let dollars = amount.dollars else {
            throw .mismatch("\(amount.minorUnits) \(amount.currency) cannot come back of purchase '\(purchase.id)'")
        }
        // With taxes it may be more than the price.
        let share = min(dollars, purchase.price)
        return try await changeByLots(purchase.id) { purchase, credit, unused, lines, now in
            purchase.returning(share, as: name, unused: unused, credit: credit, lines: lines, at: now)
        }
    }

    /// Books a payment, if it is the one that was asked for.
    private func book(_ proof: PaymentProof, of purchase: Purchase) async throws(PurchaseFailure) -> Purchase {
        if let session = purchase.session, session != proof.session {
            throw .mismatch("session '\(proof.session)' is not that of purchase '\(purchase.id)'")
        }
        if let amount = proof.amount, amount != Money(purchase.cents, "usd") {
            throw .mismatch(
                "\(amount.minorUnits) \(amount.currency) were paid for purchase '\(purchase.id)' of \(purchase.cents) usd"
            )
        }
        let now = parts.time.now()
        var isNews = false
        let booked = try await change(purchase.id) { purchase in
            let amendment = purchase.paid(by: proof.payment, at: now)
            isNews = amendment != nil
            guard var paid = amendment else { return nil }
            paid.purchase.session = proof.session
            return paid
        }
        if isNews { parts.log.log(.info, "a purchase was paid", [("purchase.id", purchase.id.text)]) }
        return booked
    }

    // MARK: - Asking vendors

    /// A purchase as it is once its vendor was asked, if that is of any use.
    package func look(at purchase: Purchase) async throws(PurchaseFailure) -> Purchase {
        guard purchase.completed == nil, purchase.session != nil, let gateway = parts.gateway(purchase.method) else {
            return purchase
        }
        let state: CheckoutState
        do throws(PaymentError) {
            state = try await gateway.state(of: purchase)
        } catch {
            throw .vendor(error)
        }
        switch state {
        case .open: return purchase
        case .paid(let proof): return try await book(proof, of: purchase)
        case .lapsed: return try await change(purchase.id) { $0.lapsed() }
        }
    }

    /// Asks about open purchases, and about what went back, until the task is cancelled: announcements may be lost, or come
    /// while nobody listens.
    package func run() async {
        var nextReturns = Duration.zero
        while (try? await parts.time.sleep(for: Self.pace)) != nil {
            guard parts.quote() != nil else { continue }
            await lookAtDue()
            let now = parts.time.monotonic()
            guard now >= nextReturns else { continue }
            nextReturns = now + Self.returnsPace
            await lookForReturns()
        }
    }

    func lookAtDue() async {
        let now = parts.time.now()
        do throws(StoreError) {
            for purchase in try await parts.store.duePurchases(now: now, limit: Self.batch) {
                // Whoever moves the time of the next look has this one.
                var mine = purchase
                mine.check = schedule.next(after: purchase, now: now)
                guard try await parts.store.amend(PurchaseAmendment(mine)) else { continue }
                mine.revision += 1
                await lookAgain(mine)
            }
        } catch {
            parts.log.log(.warning, "open purchases cannot be read", [("why", "\(error)")])
        }
    }

    private func lookAgain(_ purchase: Purchase) async {
        do throws(PurchaseFailure) {
            if purchase.asked > purchase.sent {
                _ = try await sendRefund(of: purchase)
            } else if purchase.check == nil || purchase.session == nil {
                _ = try await look(at: purchase)
                // Only what the vendor left open is still pending.
                _ = try await change(purchase.id) { $0.check == nil ? $0.lapsed() : nil }
            } else {
                _ = try await look(at: purchase)
            }
        } catch {
            parts.log.log(
                .warning,
                "an open purchase could not be settled",
                [("purchase.id", purchase.id.text), ("why", "\(error)")]
            )
        }
    }

    // MARK: - Giving back

    /// How long after its payment an unused rest is given back without further question.
    package static let refundPeriod = Duration.seconds(14 * 86_400)

    /// Gives the unused part of a purchase back: credits first, then the vendor is asked for the money. `isForced`: also
    /// after the usual period.
    package func refund(_ id: PurchaseID, isForced: Bool) async throws(PurchaseFailure) -> PurchaseRefund {
        guard let before = try await find(id) else { throw .unknown }
        guard let completed = before.completed else { throw .refused("the purchase was not paid") }
        guard isForced || parts.time.now() <= completed + Self.refundPeriod else {
            throw .refused("it was paid more than 14 days ago")
        }
        let after = try await changeByLots(id) { purchase, credit, unused, lines, now in
            purchase.refundingUnused(unused, credit: credit, lines: lines, at: now)
        }
        guard after.asked > after.sent, after.taken > before.taken else {
            throw .refused("nothing of it is left to give back")
        }
        let sum = PurchaseRefund(
            purchase: after,
            credits: after.taken - before.taken,
            amount: after.asked - max(before.asked, before.returned),
            isSent: false
        )
        do throws(PurchaseFailure) {
            var sent = sum
            (sent.purchase, sent.isSent) = try await sendRefund(of: after)
            return sent
        } catch {
            // It is on record and will be tried again, unless the vendor refused.
            guard case .vendor(let why) = error, why.kind == .unreachable else { throw error }
            return sum
        }
    }

    /// Tells the vendor of what is to be given back; whether the vendor does it by itself.
    private func sendRefund(of purchase: Purchase) async throws(PurchaseFailure) -> (Purchase, Bool) {
        guard let gateway = parts.gateway(purchase.method) else { throw .notSetUp }
        let amount = purchase.asked - max(purchase.returns.total, purchase.sent)
        var isSent = true
        do throws(PaymentError) {
            // The vendor's own word of it may have come first.
            if amount > .zero {
                let key = "refund-\(purchase.id.text)-\(purchase.asked.micros)-\(amount.micros)"
                isSent = try await gateway.refund(amount, of: purchase, key: key)
            }
        } catch {
            if error.kind == .refused { try await undoRefund(of: purchase.id) }
            throw .vendor(error)
        }
        return (try await change(purchase.id) { $0.asked > $0.sent ? $0.refundSent() : nil }, isSent)
    }

    private func undoRefund(of id: PurchaseID) async throws(PurchaseFailure) {
        guard let credit = parts.quote()?.credit else { throw .notSetUp }
        let now = parts.time.now()
        try await change(id) { $0.asked > $0.sent ? $0.refundRefused(credit: credit, at: now) : nil }
    }

    // MARK: - Changes

    package func find(_ id: PurchaseID) async throws(PurchaseFailure) -> Purchase? {
        try await asking { store throws(StoreError) in try await store.purchase(id) }
    }

    /// Makes a change that is decided anew as often as somebody else was faster; nil: there is nothing to change.
    @discardableResult
    private func change(
        _ id: PurchaseID,
        _ decide: (Purchase) -> PurchaseAmendment?
    ) async throws(PurchaseFailure) -> Purchase {
        for _ in 0..<Self.tries {
            guard let purchase = try await find(id) else { throw .unknown }
            guard let amendment = decide(purchase) else { return purchase }
            if let changed = try await make(amendment) { return changed }
        }
        throw .busy
    }

    /// The same for a change that depends on what is left of the purchase.
    @discardableResult
    private func changeByLots(
        _ id: PurchaseID,
        _ decide: (Purchase, MicroUSD, MicroUSD, Int64, Timestamp) -> PurchaseAmendment?
    ) async throws(PurchaseFailure) -> Purchase {
        guard let credit = parts.quote()?.credit else { throw .notSetUp }
        for _ in 0..<Self.tries {
            guard let purchase = try await find(id) else { throw .unknown }
            let lots = try await asking { store throws(StoreError) in try await store.creditLots(of: purchase.user) }
            let unused = lots.left(of: id.text)
            guard let amendment = decide(purchase, credit, unused, lots.lines, parts.time.now()) else {
                return purchase
            }
            if let changed = try await make(amendment) { return changed }
        }
        throw .busy
    }

    private func make(_ amendment: PurchaseAmendment) async throws(PurchaseFailure) -> Purchase? {
        do throws(StoreError) {
            guard try await parts.store.amend(amendment) else { return nil }
        } catch {
            guard case .conflict(let why) = error else { throw .record(error) }
            throw .mismatch(why)
        }
        if amendment.transfer != nil { parts.moved() }
        var changed = amendment.purchase
        changed.revision += 1
        return changed
    }

    private func asking<T>(
        _ body: (Parts.Record) async throws(StoreError) -> T
    ) async throws(PurchaseFailure) -> T {
        do throws(StoreError) {
            return try await body(parts.store)
        } catch {
            throw .record(error)
        }
    }
}
