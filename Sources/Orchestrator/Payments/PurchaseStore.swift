/// Purchases of credits, and how they move money.
package protocol PurchaseStore {
    /// Adds one that is not known yet.
    func addPurchase(_ purchase: Purchase) async throws(StoreError)

    func purchase(_ id: PurchaseID) async throws(StoreError) -> Purchase?

    /// The purchase that a vendor's payment paid.
    func purchase(paidBy payment: String, _ method: PaymentMethod) async throws(StoreError) -> Purchase?

    /// Newest first; `limit` is 1...101. Of everybody where no user is named.
    func purchases(of user: UserID?, after: PurchaseID?, limit: Int) async throws(StoreError) -> [Purchase]

    /// Those whose time to be looked at has come, the longest waiting first.
    func duePurchases(now: Timestamp, limit: Int) async throws(StoreError) -> [Purchase]

    /// Writes a purchase as it is now, and moves the money that goes with that, both or neither. False: it, or the buyer's
    /// statement, has changed since it was read, and nothing was done.
    ///
    /// Throws `.conflict` where its session or payment is another purchase's.
    func amend(_ amendment: PurchaseAmendment) async throws(StoreError) -> Bool

    /// What was sold, and what of it was given back.
    func purchaseTotals() async throws(StoreError) -> PurchaseTotals

    /// The product that a payment vendor keeps under a name of ours; nil: none yet.
    func paymentProduct(_ name: String) async throws(StoreError) -> String?

    func setPaymentProduct(_ product: String, for name: String) async throws(StoreError)
}

/// One change of a purchase.
package struct PurchaseAmendment: Sendable, Hashable {
    /// As it shall be; its revision is that of the state which the change was decided on.
    package var purchase: Purchase
    /// The money that moves with it.
    package var transfer: LedgerTransfer?
    /// How many lines the buyer's statement must have, where the transfer was worked out from them.
    package var lines: Int64?

    package init(_ purchase: Purchase, transfer: LedgerTransfer? = nil, lines: Int64? = nil) {
        self.purchase = purchase
        self.transfer = transfer
        self.lines = lines
    }
}

/// What all purchases come to.
package struct PurchaseTotals: Sendable, Hashable {
    /// Those that were paid.
    package var count = 0
    package var paid = MicroUSD.zero
    package var returned = MicroUSD.zero

    package init() {}

    package var revenue: MicroUSD { paid - returned }
}
