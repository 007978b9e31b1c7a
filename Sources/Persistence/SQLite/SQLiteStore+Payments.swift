package import Orchestrator

// MARK: - Purchases

extension SQLiteStore {
    package func addPurchase(_ purchase: Purchase) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.add(purchase) }
    }

    package func purchase(_ id: PurchaseID) async throws(StoreError) -> Purchase? {
        try await read { db throws(DatabaseError) in try db.purchase(id) }
    }

    package func purchase(paidBy payment: String, _ method: PaymentMethod) async throws(StoreError) -> Purchase? {
        try await read { db throws(DatabaseError) in try db.purchase(paidBy: payment, method) }
    }

    package func purchases(of user: UserID?, after: PurchaseID?, limit: Int) async throws(StoreError) -> [Purchase] {
        try await read { db throws(DatabaseError) in try db.purchases(of: user, after: after, limit: limit) }
    }

    package func duePurchases(now: Timestamp, limit: Int) async throws(StoreError) -> [Purchase] {
        try await read { db throws(DatabaseError) in try db.duePurchases(now: now, limit: limit) }
    }

    package func amend(_ amendment: PurchaseAmendment) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.amend(amendment) }
    }

    package func purchaseTotals() async throws(StoreError) -> PurchaseTotals {
        try await read { db throws(DatabaseError) in try db.purchaseTotals() }
    }

    package func paymentProduct(_ name: String) async throws(StoreError) -> String? {
        try await read { db throws(DatabaseError) in try db.paymentProduct(name) }
    }

    package func setPaymentProduct(_ product: String, for name: String) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.setPaymentProduct(product, for: name) }
    }
}

// MARK: - Grants

extension SQLiteStore {
    package func give(_ grant: CreditGrant) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.give(grant) }
    }

    package func expiringGrants(of user: UserID) async throws(StoreError) -> [CreditGrant] {
        try await read { db throws(DatabaseError) in try db.expiringGrants(of: user) }
    }

    package func dueGrants(now: Timestamp, limit: Int) async throws(StoreError) -> [CreditGrant] {
        try await read { db throws(DatabaseError) in try db.dueGrants(now: now, limit: limit) }
    }

    package func expire(
        _ grant: CreditGrant,
        transfer: LedgerTransfer?,
        lines: Int64,
        next: Timestamp?
    ) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in
            try db.expire(grant, transfer: transfer, lines: lines, next: next)
        }
    }

    package func usersWithoutGrant(
        _ kind: CreditGrant.Kind,
        period: String,
        since: Timestamp,
        buyersOnly: Bool,
        limit: Int
    ) async throws(StoreError) -> [UserRecord] {
        try await read { db throws(DatabaseError) in
            try db.usersWithoutGrant(kind, period: period, since: since, buyersOnly: buyersOnly, limit: limit)
        }
    }

    package func statementLines(of user: UserID, after number: Int64, limit: Int) async throws(StoreError)
        -> [LedgerEntry]
    {
        try await read { db throws(DatabaseError) in try db.statementLines(of: user, after: number, limit: limit) }
    }
}

// MARK: - Alerts

extension SQLiteStore {
    package func openAlerts() async throws(StoreError) -> [OpenAlert] {
        try await read { db throws(DatabaseError) in try db.openAlerts() }
    }

    package func keepAlert(_ alert: OpenAlert) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.keep(alert) }
    }

    package func forgetAlert(_ key: AlertKey) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.forget(key) }
    }
}
