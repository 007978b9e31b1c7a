internal import Orchestrator

extension Connection {
    private static let purchaseColumns = """
        SELECT id, user_id, method, pack, name, credits, bonus, price_micro_usd, worth_micro_usd, status, product, session,
            checkout_url, payment, created_ms, completed_ms, check_ms, revision, returns, taken_micro_usd,
            asked_micro_usd, sent_micro_usd FROM purchases
        """

    func add(_ purchase: Purchase) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO purchases (id, user_id, method, pack, name, credits, bonus, price_micro_usd, worth_micro_usd,
                created_ms, status, product, session, checkout_url, payment, completed_ms, check_ms, returns,
                returned_micro_usd, taken_micro_usd, asked_micro_usd, sent_micro_usd, revision)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        .bind(purchase.id).bind(purchase.user).bind(word: purchase.method).bind(purchase.pack).bind(purchase.name)
        .bind(purchase.credits).bind(purchase.bonus).bind(purchase.price).bind(purchase.worth).bind(purchase.created)
        .bind(changing: purchase).bind(purchase.revision).run()
    }

    func purchase(_ id: PurchaseID) throws(DatabaseError) -> Purchase? {
        try statement(composed: Connection.purchaseColumns + " WHERE id = ?").bind(id).first(Purchase.init)
    }

    func purchase(paidBy payment: String, _ method: PaymentMethod) throws(DatabaseError) -> Purchase? {
        try statement(composed: Connection.purchaseColumns + " WHERE method = ? AND payment = ?").bind(word: method)
            .bind(payment).first(Purchase.init)
    }

    func purchases(of user: UserID?, after: PurchaseID?, limit: Int) throws(DatabaseError) -> [Purchase] {
        var conditions: [String] = []
        if user != nil { conditions.append("user_id = ?") }
        if after != nil { conditions.append("id < ?") }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let statement = try statement(composed: Connection.purchaseColumns + filter + " ORDER BY id DESC LIMIT ?")
        if let user { statement.bind(user) }
        if let after { statement.bind(after) }
        return try statement.bind(limit).all(Purchase.init)
    }

    func duePurchases(now: Timestamp, limit: Int) throws(DatabaseError) -> [Purchase] {
        try statement(composed: Connection.purchaseColumns + " WHERE check_ms <= ? ORDER BY check_ms, id LIMIT ?")
            .bind(now).bind(limit).all(Purchase.init)
    }

    func amend(_ amendment: PurchaseAmendment) throws(DatabaseError) -> Bool {
        let purchase = amendment.purchase
        if let lines = amendment.lines {
            guard try lineCount(of: purchase.user) == lines else { return false }
        }
        try statement(
            """
            UPDATE purchases SET status = ?, product = ?, session = ?, checkout_url = ?, payment = ?, completed_ms = ?,
                check_ms = ?, returns = ?, returned_micro_usd = ?, taken_micro_usd = ?, asked_micro_usd = ?,
                sent_micro_usd = ?, revision = revision + 1
            WHERE id = ? AND revision = ?
            """
        )
        .bind(changing: purchase).bind(purchase.id).bind(purchase.revision).run()
        guard changes == 1 else { return false }
        if let transfer = amendment.transfer {
            guard case .done(_, isRepeat: false) = try self.transfer(transfer) else {
                throw .conflict("purchase '\(purchase.id)' cannot move its money")
            }
        }
        return true
    }

    func purchaseTotals() throws(DatabaseError) -> PurchaseTotals {
        try statement(
            """
            SELECT count(*), coalesce(sum(price_micro_usd), 0), coalesce(sum(returned_micro_usd), 0) FROM purchases
            WHERE completed_ms IS NOT NULL
            """
        )
        .first { row in
            var totals = PurchaseTotals()
            totals.count = Int(row.integer(0))
            (totals.paid, totals.returned) = (row.money(1), row.money(2))
            return totals
        } ?? PurchaseTotals()
    }

    func paymentProduct(_ name: String) throws(DatabaseError) -> String? {
        try statement("SELECT product FROM payment_products WHERE name = ?").bind(name).first { $0.text(0) }
    }

    func setPaymentProduct(_ product: String, for name: String) throws(DatabaseError) {
        try statement("INSERT OR REPLACE INTO payment_products (name, product) VALUES (?, ?)").bind(name).bind(product)
            .run()
    }
}

extension Statement {
    /// What may change of a purchase, in the order of both statements that write it.
    fileprivate func bind(changing purchase: Purchase) -> Statement {
        bind(word: purchase.status).bind(purchase.product).bind(purchase.session).bind(purchase.checkoutURL)
            .bind(purchase.payment).bind(purchase.completed).bind(purchase.check).bind(purchase.returns.json)
            .bind(purchase.returned).bind(purchase.taken).bind(purchase.asked).bind(purchase.sent)
    }
}

extension Purchase {
    fileprivate init(_ row: borrowing Row) throws(DatabaseError) {
        let pack = CreditPack(
            id: row.text(3),
            name: row.text(4),
            credits: Int(row.integer(5)),
            bonus: Int(row.integer(6)),
            price: row.money(7)
        )
        self.init(
            id: row.id(0),
            user: row.id(1),
            method: try row.word(2, "payment method"),
            pack: pack,
            worth: row.money(8),
            created: row.time(14)
        )
        status = try row.word(9, "state of a purchase")
        (product, session, checkoutURL) = (row.optionalText(10), row.optionalText(11), row.optionalText(12))
        (payment, completed, check) = (row.optionalText(13), row.optionalTime(15), row.optionalTime(16))
        revision = row.integer(17)
        guard let returns = PurchaseReturns(try row.json(18, "returns")) else {
            throw .unreadable("what was given back of '\(id)'")
        }
        self.returns = returns
        (taken, asked, sent) = (row.money(19), row.money(20), row.money(21))
    }
}
