internal import Orchestrator

extension Connection {
    private static let grantColumns = """
        SELECT user_id, kind, period, id, amount_micro_usd, granted_ms, expires_ms, expired_micro_usd FROM grants
        """

    func give(_ grant: CreditGrant) throws(DatabaseError) -> Bool {
        try statement(
            """
            INSERT INTO grants (user_id, kind, period, id, transfer_id, amount_micro_usd, granted_ms, expires_ms, due_ms,
                expired_micro_usd)
            VALUES (?1, ?2, ?3, ?4, CASE WHEN EXISTS (SELECT 1 FROM transfers WHERE id = ?4) THEN NULL ELSE ?4 END,
                ?5, ?6, ?7, ?7, 0)
            ON CONFLICT DO NOTHING
            """
        )
        .bind(grant.user).bind(word: grant.kind).bind(grant.period).bind(grant.id).bind(grant.amount)
        .bind(grant.granted).bind(grant.expires).run()
        guard changes == 1 else { return false }
        let transfer =
            try statement("SELECT transfer_id FROM grants WHERE user_id = ? AND kind = ? AND period = ?")
            .bind(grant.user).bind(word: grant.kind).bind(grant.period).first { $0.optionalText(0) } ?? nil
        guard transfer != nil else {
            try statement("UPDATE grants SET due_ms = NULL WHERE user_id = ? AND kind = ? AND period = ?")
                .bind(grant.user).bind(word: grant.kind).bind(grant.period).run()
            return false
        }
        _ = try self.transfer(grant.transfer)
        return true
    }

    func expiringGrants(of user: UserID) throws(DatabaseError) -> [CreditGrant] {
        try statement(composed: Connection.grantColumns + " WHERE user_id = ? AND expires_ms IS NOT NULL").bind(user)
            .all(CreditGrant.init)
    }

    func dueGrants(now: Timestamp, limit: Int) throws(DatabaseError) -> [CreditGrant] {
        try statement(composed: Connection.grantColumns + " WHERE due_ms <= ? ORDER BY due_ms, id LIMIT ?").bind(now)
            .bind(limit).all(CreditGrant.init)
    }

    func expire(
        _ grant: CreditGrant,
        transfer: LedgerTransfer?,
        lines: Int64,
        next: Timestamp?
    ) throws(DatabaseError) -> Bool {
        guard try lineCount(of: grant.user) == lines else { return false }
        try statement(
            """
            UPDATE grants SET due_ms = ?, expired_micro_usd = expired_micro_usd + ?
            WHERE user_id = ? AND kind = ? AND period = ? AND expired_micro_usd = ?
            """
        )
        .bind(next).bind(transfer.map { .zero - $0.amount } ?? .zero).bind(grant.user).bind(word: grant.kind)
        .bind(grant.period).bind(grant.expired).run()
        guard changes == 1 else { return false }
        if let transfer {
            guard case .done(_, isRepeat: false) = try self.transfer(transfer) else {
                throw .conflict("grant '\(grant.id)' cannot run out")
            }
        }
        return true
    }

    func usersWithoutGrant(
        _ kind: CreditGrant.Kind,
        period: String,
        since: Timestamp,
        buyersOnly: Bool,
        limit: Int
    ) throws(DatabaseError) -> [UserRecord] {
        try statement(composed: GrantSearch.sql(buyersOnly: buyersOnly) { "?\($0)" })
            .bind(UserID(time: since, random: (0, 0))).bind(word: kind).bind(period).bind(limit).all { UserRecord($0) }
    }
}

/// The query for who is still to be given something, which all SQL databases understand.
enum GrantSearch {
    /// Parameters: the first user's id, kind, period, the most rows.
    static func sql(buyersOnly: Bool, _ parameter: (Int) -> String) -> String {
        let buyers = "AND EXISTS (SELECT 1 FROM purchases WHERE user_id = users.id AND completed_ms IS NOT NULL)"
        return """
            SELECT users.id, email, is_admin, users.created_ms FROM users
            WHERE users.id >= \(parameter(1)) AND NOT EXISTS (
                SELECT 1 FROM grants WHERE user_id = users.id AND kind = \(parameter(2)) AND period = \(parameter(3)))
            \(buyersOnly ? buyers : "")
            ORDER BY users.id LIMIT \(parameter(4))
            """
    }
}

extension CreditGrant {
    fileprivate init(_ row: borrowing Row) throws(DatabaseError) {
        self.init(
            user: row.id(0),
            kind: try row.word(1, "kind of grant"),
            period: row.text(2),
            id: row.text(3),
            amount: row.money(4),
            granted: row.time(5),
            expires: row.optionalTime(6)
        )
        expired = row.money(7)
    }
}

// MARK: - Alerts

extension Connection {
    func openAlerts() throws(DatabaseError) -> [OpenAlert] {
        try statement("SELECT rule, subject, since_ms, stage FROM alerts ORDER BY since_ms, rule, subject")
            .all { row throws(DatabaseError) in
                OpenAlert(
                    key: AlertKey(try row.word(0, "alert rule"), row.text(1)),
                    since: row.time(2),
                    stage: try row.word(3, "stage of an alert")
                )
            }
    }

    func keep(_ alert: OpenAlert) throws(DatabaseError) {
        try statement("INSERT OR REPLACE INTO alerts (rule, subject, since_ms, stage) VALUES (?, ?, ?, ?)")
            .bind(word: alert.key.rule).bind(alert.key.subject).bind(alert.since).bind(word: alert.stage).run()
    }

    func forget(_ key: AlertKey) throws(DatabaseError) {
        try statement("DELETE FROM alerts WHERE rule = ? AND subject = ?").bind(word: key.rule).bind(key.subject).run()
    }
}
