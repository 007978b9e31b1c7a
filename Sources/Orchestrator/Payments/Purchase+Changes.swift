extension Purchase {
    /// Paid: the credits go to the buyer. Nil where they have already.
    package func paid(by payment: String, at now: Timestamp) -> PurchaseAmendment? {
        switch status {
        case .pending, .failed: break
        case .completed, .refunded: return nil
        }
        var purchase = self
        (purchase.status, purchase.payment, purchase.completed, purchase.check) = (.completed, payment, now, nil)
        let transfer = LedgerTransfer(
            id: "purchase:" + id.text,
            user: user,
            amount: worth,
            kind: .purchase,
            note: "\(name): \(credits) credits" + (bonus > 0 ? " and \(bonus) more" : ""),
            reference: id.text,
            at: now
        )
        return PurchaseAmendment(purchase, transfer: transfer)
    }

    /// Not paid, and nobody is asked about it any more. Nil where that is no news.
    package func lapsed() -> PurchaseAmendment? {
        guard status == .pending else { return nil }
        var purchase = self
        (purchase.status, purchase.check) = (.failed, nil)
        return PurchaseAmendment(purchase)
    }

    /// Money went back to the buyer: credits for it are taken, as far as they are unused. Nil where it is no news.
    ///
    /// Notes of less than before, as after a dispute that was won, give credits back. `unused` is what is left of this
    /// purchase by the buyer's statement of so many `lines`.
    package func returning(
        _ amount: MicroUSD,
        as name: String,
        unused: MicroUSD,
        credit: MicroUSD,
        lines: Int64,
        at now: Timestamp
    ) -> PurchaseAmendment? {
        guard completed != nil, let returns = returns.noting(amount, as: name) else { return nil }
        var purchase = self
        purchase.returns = returns
        let isLess = purchase.returned < returned
        purchase.status = purchase.returned >= price ? .refunded : .completed
        let owed = purchase.creditsFor(purchase.returned, credit)
        if isLess {
            // What an administrator took stays taken, whatever becomes of disputes.
            let back = asked == .zero ? max(taken - owed, .zero) : .zero
            return purchase.moving(back, lines: lines, at: now)
        }
        let wanted = max(owed - taken, .zero)
        return purchase.moving(.zero - min(wanted, Purchase.whole(unused, credit)), lines: lines, at: now)
    }

    /// An administrator gives the unused part back: its credits are taken now, and the vendor is to be asked for its share
    /// of the price. Nil where nothing is left.
    package func refundingUnused(
        _ unused: MicroUSD,
        credit: MicroUSD,
        lines: Int64,
        at now: Timestamp
    ) -> PurchaseAmendment? {
        guard status == .completed, asked == sent else { return nil }
        let credits = min(Purchase.whole(unused, credit), worth - taken)
        // The buyer's share in whole cents, rounded down; all of it where all is left.
        let cents = Int128(price.micros) * Int128(credits.micros) / Int128(worth.micros) / 10_000
        let money = min(MicroUSD(micros: Int64(cents) * 10_000), price - returned)
        guard credits > .zero, money > .zero else { return nil }
        var purchase = self
        purchase.asked = returned + money
        purchase.check = now
        if purchase.returned >= price { purchase.status = .refunded }
        return purchase.moving(.zero - credits, lines: lines, at: now)
    }

    /// The vendor was told of all that was asked for.
    package func refundSent() -> PurchaseAmendment {
        var purchase = self
        (purchase.sent, purchase.check) = (asked, nil)
        return PurchaseAmendment(purchase)
    }

    /// The vendor will not give back what was asked for: the buyer gets the credits again.
    package func refundRefused(credit: MicroUSD, at now: Timestamp) -> PurchaseAmendment {
        var purchase = self
        (purchase.asked, purchase.check) = (sent, nil)
        if purchase.returned < price { purchase.status = .completed }
        let owed = purchase.creditsFor(purchase.returned, credit)
        return purchase.moving(max(taken - owed, .zero), lines: nil, at: now)
    }

    // MARK: - Sums

    /// The credits that money given back stands for, in whole credits, rounded down; all for all.
    private func creditsFor(_ money: MicroUSD, _ credit: MicroUSD) -> MicroUSD {
        if money >= price { return worth }
        let share = Int128(worth.micros) * Int128(money.micros) / Int128(price.micros)
        return Purchase.whole(MicroUSD(micros: Int64(share)), credit)
    }

    private static func whole(_ amount: MicroUSD, _ credit: MicroUSD) -> MicroUSD {
        MicroUSD(micros: amount.micros / credit.micros * credit.micros)
    }

    /// With a transfer to the buyer, negative: from; none for nothing.
    private func moving(_ amount: MicroUSD, lines: Int64?, at now: Timestamp) -> PurchaseAmendment {
        guard amount != .zero else { return PurchaseAmendment(self) }
        var purchase = self
        purchase.taken = taken - amount
        let transfer = LedgerTransfer(
            id: "refund:\(id.text):\(revision)",
            user: user,
            amount: amount,
            kind: .refund,
            note: amount < .zero ? "\(name): credits for money given back" : "\(name): credits given back",
            reference: id.text,
            at: now
        )
        return PurchaseAmendment(purchase, transfer: transfer, lines: amount < .zero ? lines : nil)
    }
}
