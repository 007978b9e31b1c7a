/// Names one purchase of credits.
package struct PurchaseID: RecordID {
    package static let prefix = "pur"
    package let text: String
    package init(trusted text: String) { self.text = text }
}

/// Who takes the buyer's money.
package enum PaymentMethod: String, Sendable, CaseIterable {
    case stripe, creem
}

/// Credits that somebody wants to buy, or has bought.
///
/// Prices and credits are those of the moment when it was begun; a later price list changes nothing.
package struct Purchase: Sendable, Hashable {
    package enum Status: String, Sendable, CaseIterable {
        /// Not paid as far as we know; may become any other.
        case pending
        /// Paid, and the credits are in the buyer's account; may become `refunded`.
        case completed
        /// Not paid in time, or refused; becomes `completed` should the vendor say that it was paid after all.
        case failed
        /// Paid, and all of the money given back; a dispute that is won makes it `completed` again.
        case refunded
    }

    package var id: PurchaseID
    package var user: UserID
    package var method: PaymentMethod
    /// The pack's id and name.
    package var pack: String
    package var name: String
    package var credits: Int
    package var bonus: Int
    /// Whole cents.
    package var price: MicroUSD
    /// What credits and bonus are together in the ledger.
    package var worth: MicroUSD
    package var status = Status.pending
    /// The vendor's product, where it has one.
    package var product: String?
    /// The vendor's checkout; nil until it has answered. At most one purchase has it.
    package var session: String?
    package var checkoutURL: String?
    /// The vendor's payment; at most one purchase has it.
    package var payment: String?
    package var created: Timestamp
    /// When it was paid, as we learned it.
    package var completed: Timestamp?
    /// When to ask the vendor what became of it; nil: no more.
    package var check: Timestamp?
    /// Counts its changes: each is made to the state that it was decided on, or not at all.
    package var revision: Int64 = 0
    /// Money given back, by the vendor's own names of refunds and disputes.
    package var returns = PurchaseReturns()
    /// Of `worth`, what was taken back out of the buyer's account.
    package var taken = MicroUSD.zero
    /// What an administrator wants the vendor to give back, and how much of it the vendor has been told.
    package var asked = MicroUSD.zero
    package var sent = MicroUSD.zero

    package init(
        id: PurchaseID,
        user: UserID,
        method: PaymentMethod,
        pack: CreditPack,
        worth: MicroUSD,
        created: Timestamp
    ) {
        self.id = id
        self.user = user
        self.method = method
        self.pack = pack.id
        name = pack.name
        credits = pack.credits
        bonus = pack.bonus
        price = pack.price
        self.worth = worth
        product = pack.product
        self.created = created
    }

    /// With the bonus.
    package var allCredits: Int { credits + bonus }

    /// The price in the currency's smallest unit, as payment vendors count.
    package var cents: Int { Int(price.micros / 10_000) }

    /// What has been given back, or will be.
    package var returned: MicroUSD { min(max(returns.total, asked), price) }

    /// What a buyer reads on the vendor's page.
    package var title: String { "\(name): \(allCredits) credits" }
}

/// Money that went back to a buyer: refunds, and disputes that have not been won.
package struct PurchaseReturns: Sendable, Hashable {
    /// By the vendor's name; a later word about one replaces the earlier.
    package private(set) var amounts: [String: MicroUSD]

    /// No purchase has nearly as many; what is beyond counts as nothing.
    private static let most = 100

    package init(_ amounts: [String: MicroUSD] = [:]) {
        self.amounts = amounts
    }

    package var total: MicroUSD {
        MicroUSD(micros: amounts.values.reduce(0) { $0.addingReportingOverflow($1.micros).partialValue })
    }

    /// The same with an amount noted; nil where that changes nothing.
    package func noting(_ amount: MicroUSD, as name: String) -> PurchaseReturns? {
        guard amounts[name] ?? .zero != amount, amounts[name] != nil || amounts.count < Self.most else { return nil }
        var changed = self
        changed.amounts[name] = amount
        return changed
    }

    package var json: JSON {
        .object(JSONObject(amounts.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value.micros)) }))
    }

    /// Nil for what is no such object.
    package init?(_ json: JSON) {
        guard let object = json.object else { return nil }
        var amounts: [String: MicroUSD] = [:]
        for (name, value) in object {
            guard let micros = value.int else { return nil }
            amounts[name] = MicroUSD(micros: Int64(micros))
        }
        self.init(amounts)
    }
}
