package import Orchestrator

// MARK: - Purchases

extension PostgresStore {
    private static let rows = "SELECT row_to_json(purchases) FROM purchases"
    private static let adding = PostgresStatement(
        "purchase-add",
        "INSERT INTO purchases SELECT * FROM json_populate_record(NULL::purchases, $1)"
    )

    package func addPurchase(_ purchase: Purchase) async throws(StoreError) {
        try await tell(PostgresStore.adding, [.json(purchase.row)])
    }

    private static let onePurchase = PostgresStatement("purchase", isRepeatable: true, rows + " WHERE id = $1")
    private static let paidPurchase = PostgresStatement(
        "purchase-paid",
        isRepeatable: true,
        rows + " WHERE method = $1 AND payment = $2"
    )

    package func purchase(_ id: PurchaseID) async throws(StoreError) -> Purchase? {
        try await purchases(PostgresStore.onePurchase, [.id(id)]).first
    }

    package func purchase(paidBy payment: String, _ method: PaymentMethod) async throws(StoreError) -> Purchase? {
        try await purchases(PostgresStore.paidPurchase, [.text(method.rawValue), .text(payment)]).first
    }

    package func purchases(of user: UserID?, after: PurchaseID?, limit: Int) async throws(StoreError) -> [Purchase] {
        var list = PostgresList("purchases", PostgresStore.rows)
        list.filter("user", user.map { .id($0) }) { "user_id = \($0)" }
        list.filter("after", after.map { .id($0) }) { "id < \($0)" }
        let (statement, values) = list.finish(" ORDER BY id DESC", limit: limit)
        return try await purchases(statement, values)
    }

    private static let due = PostgresStatement(
        "purchases-due",
        isRepeatable: true,
        rows + " WHERE check_ms <= $1 ORDER BY check_ms, id LIMIT $2"
    )

    package func duePurchases(now: Timestamp, limit: Int) async throws(StoreError) -> [Purchase] {
        try await purchases(PostgresStore.due, [.time(now), .count(limit)])
    }

    private func purchases(
        _ statement: PostgresStatement,
        _ values: [PostgresValue]
    ) async throws(StoreError) -> [Purchase] {
        try await ask(statement, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try Purchase(PostgresFields(row.text(0))) }
        }
    }

    /// Asked again because the answer was lost, it finds another revision: the caller reads that, and sees what was done.
    private static let amending = PostgresStatement(
        "purchase-amend",
        isRepeatable: true,
        "SELECT orchestrator_amend($1)"
    )

    package func amend(_ amendment: PurchaseAmendment) async throws(StoreError) -> Bool {
        try await yes(
            PostgresStore.amending,
            [
                "purchase": .object(amendment.purchase.row), "transfer": .transfer(amendment.transfer),
                "lines": .number(of: amendment.lines),
            ]
        )
    }

    private static let totals = PostgresStatement(
        "purchase-totals",
        isRepeatable: true,
        """
        SELECT count(*), coalesce(sum(price_micro_usd), 0)::bigint, coalesce(sum(returned_micro_usd), 0)::bigint
        FROM purchases WHERE completed_ms IS NOT NULL
        """
    )

    package func purchaseTotals() async throws(StoreError) -> PurchaseTotals {
        try await ask(PostgresStore.totals, []) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in
                var totals = PurchaseTotals()
                totals.count = Int(try row.integer(0))
                totals.paid = MicroUSD(micros: try row.integer(1))
                totals.returned = MicroUSD(micros: try row.integer(2))
                return totals
            } ?? PurchaseTotals()
        }
    }

    private static let product = PostgresStatement(
        "payment-product",
        isRepeatable: true,
        "SELECT product FROM payment_products WHERE name = $1"
    )
    private static let noteProduct = PostgresStatement(
        "payment-product-set",
        isRepeatable: true,
        """
        INSERT INTO payment_products (name, product) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET product = EXCLUDED.product
        """
    )

    package func paymentProduct(_ name: String) async throws(StoreError) -> String? {
        try await ask(PostgresStore.product, [.text(name)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try row.text(0) }
        }
    }

    package func setPaymentProduct(_ product: String, for name: String) async throws(StoreError) {
        try await tell(PostgresStore.noteProduct, [.text(name), .text(product)])
    }

    /// A function's yes or no.
    private func yes(_ statement: PostgresStatement, _ argument: JSONObject) async throws(StoreError) -> Bool {
        try await ask(statement, [.json(argument)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try row.bool(0) } ?? false
        }
    }
}

// MARK: - Grants

extension PostgresStore {
    private static let giving = PostgresStatement("grant-give", isRepeatable: true, "SELECT orchestrator_give($1)")

    package func give(_ grant: CreditGrant) async throws(StoreError) -> Bool {
        try await yes(PostgresStore.giving, ["grant": .object(grant.row), "transfer": .transfer(grant.transfer)])
    }

    private static let expiring = PostgresStatement(
        "grants-expiring",
        isRepeatable: true,
        "SELECT row_to_json(grants) FROM grants WHERE user_id = $1 AND expires_ms IS NOT NULL"
    )
    private static let overdue = PostgresStatement(
        "grants-due",
        isRepeatable: true,
        "SELECT row_to_json(grants) FROM grants WHERE due_ms <= $1 ORDER BY due_ms, id LIMIT $2"
    )

    package func expiringGrants(of user: UserID) async throws(StoreError) -> [CreditGrant] {
        try await grants(PostgresStore.expiring, [.id(user)])
    }

    package func dueGrants(now: Timestamp, limit: Int) async throws(StoreError) -> [CreditGrant] {
        try await grants(PostgresStore.overdue, [.time(now), .count(limit)])
    }

    private func grants(
        _ statement: PostgresStatement,
        _ values: [PostgresValue]
    ) async throws(StoreError) -> [CreditGrant] {
        try await ask(statement, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try CreditGrant(PostgresFields(row.text(0))) }
        }
    }

    private static let expire = PostgresStatement("grant-expire", isRepeatable: true, "SELECT orchestrator_expire($1)")

    package func expire(
        _ grant: CreditGrant,
        transfer: LedgerTransfer?,
        lines: Int64,
        next: Timestamp?
    ) async throws(StoreError) -> Bool {
        try await yes(
            PostgresStore.expire,
            [
                "grant": .object(grant.row), "transfer": .transfer(transfer), "lines": .number(of: lines),
                "next": .time(next), "rest": .money(transfer.map { .zero - $0.amount } ?? .zero),
            ]
        )
    }

    package func usersWithoutGrant(
        _ kind: CreditGrant.Kind,
        period: String,
        since: Timestamp,
        buyersOnly: Bool,
        limit: Int
    ) async throws(StoreError) -> [UserRecord] {
        let search = PostgresStatement(
            buyersOnly ? "grant-buyers" : "grant-users",
            isRepeatable: true,
            GrantSearch.sql(buyersOnly: buyersOnly) { "$\($0)" }
        )
        let values: [PostgresValue] = [
            .id(UserID(time: since, random: (0, 0))), .text(kind.rawValue), .text(period), .count(limit),
        ]
        return try await ask(search, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                UserRecord(
                    id: UserID(trusted: try row.text(0)),
                    email: try row.text(1),
                    isAdmin: try row.integer(2) != 0,
                    created: Timestamp(milliseconds: try row.integer(3))
                )
            }
        }
    }

    private static let followingLines = PostgresStatement(
        "statement-after",
        isRepeatable: true,
        """
        SELECT row_to_json(statement_lines) FROM statement_lines WHERE account_id = 'user:' || $1 AND n > $2
        ORDER BY n LIMIT $3
        """
    )

    package func statementLines(of user: UserID, after number: Int64, limit: Int) async throws(StoreError)
        -> [LedgerEntry]
    {
        let values: [PostgresValue] = [.id(user), .integer(number), .count(limit)]
        return try await ask(PostgresStore.followingLines, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try LedgerEntry(PostgresFields(row.text(0)), of: user) }
        }
    }
}

// MARK: - Alerts

extension PostgresStore {
    private static let alerts = PostgresStatement(
        "alerts",
        isRepeatable: true,
        "SELECT row_to_json(alerts) FROM alerts ORDER BY since_ms, rule, subject"
    )
    private static let keepingAlert = PostgresStatement(
        "alert-keep",
        isRepeatable: true,
        """
        INSERT INTO alerts (rule, subject, since_ms, stage) VALUES ($1, $2, $3, $4)
        ON CONFLICT (rule, subject) DO UPDATE SET since_ms = EXCLUDED.since_ms, stage = EXCLUDED.stage
        """
    )
    private static let forgettingAlert = PostgresStatement(
        "alert-forget",
        isRepeatable: true,
        "DELETE FROM alerts WHERE rule = $1 AND subject = $2"
    )

    package func openAlerts() async throws(StoreError) -> [OpenAlert] {
        try await ask(PostgresStore.alerts, []) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                let fields = try PostgresFields(row.text(0))
                return OpenAlert(
                    key: AlertKey(try fields.word("rule"), try fields.text("subject")),
                    since: try fields.time("since_ms"),
                    stage: try fields.word("stage")
                )
            }
        }
    }

    package func keepAlert(_ alert: OpenAlert) async throws(StoreError) {
        let values: [PostgresValue] = [
            .text(alert.key.rule.rawValue), .text(alert.key.subject), .time(alert.since), .text(alert.stage.rawValue),
        ]
        try await tell(PostgresStore.keepingAlert, values)
    }

    package func forgetAlert(_ key: AlertKey) async throws(StoreError) {
        try await tell(PostgresStore.forgettingAlert, [.text(key.rule.rawValue), .text(key.subject)])
    }
}
