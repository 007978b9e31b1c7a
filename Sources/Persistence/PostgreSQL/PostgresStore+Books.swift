package import Orchestrator

extension PostgresStore {
    private static let funds = PostgresStatement(
        "balance",
        isRepeatable: true,
        """
        SELECT coalesce(sum(posted_micro_usd), 0)::bigint, coalesce(sum(held_micro_usd), 0)::bigint,
            coalesce((SELECT used FROM allowance WHERE user_id = $1 AND day = $2), 0)
        FROM accounts WHERE id = 'user:' || $1
        """
    )

    package func balance(of user: UserID, on day: Day) async throws(StoreError) -> Balance {
        let values: [PostgresValue] = [.id(user), .count(day.number)]
        return try await ask(PostgresStore.funds, values) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in
                Balance(
                    posted: MicroUSD(micros: try row.integer(0)),
                    held: MicroUSD(micros: try row.integer(1)),
                    freeUsed: Int(try row.integer(2))
                )
            } ?? Balance(posted: .zero, held: .zero, freeUsed: 0)
        }
    }

    private static let moving = PostgresStatement("transfer", isRepeatable: true, "SELECT orchestrator_transfer($1)")

    package func transfer(_ transfer: LedgerTransfer) async throws(StoreError) -> TransferOutcome {
        guard transfer.amount != .zero else { throw .conflict("transfer '\(transfer.id)' moves nothing") }
        return try await ask(PostgresStore.moving, [.json(transfer.argument)]) { result throws(PostgresError) in
            let text = try result.first { row throws(PostgresError) in try row.text(0) } ?? ""
            return try TransferOutcome(PostgresFields(text))
        }
    }

    private static let lines = PostgresStatement(
        "statement",
        isRepeatable: true,
        """
        SELECT row_to_json(statement_lines) FROM statement_lines WHERE account_id = 'user:' || $1
            AND n <= (SELECT lines FROM accounts WHERE id = 'user:' || $1) - $2 ORDER BY n DESC LIMIT $3
        """
    )

    /// Lines are numbered without gaps, so those to skip need not be read.
    package func statement(of user: UserID, offset: Int, limit: Int) async throws(StoreError) -> [LedgerEntry] {
        let values: [PostgresValue] = [.id(user), .count(offset), .count(limit)]
        return try await ask(PostgresStore.lines, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                try LedgerEntry(PostgresFields(row.text(0)), of: user)
            }
        }
    }

    private static let totals = PostgresStatement(
        "ledger-totals",
        isRepeatable: true,
        """
        SELECT CASE kind WHEN 'house' THEN id ELSE 'users' END, sum(posted_micro_usd)::bigint,
            sum(held_micro_usd)::bigint FROM accounts GROUP BY 1
        UNION ALL SELECT 'count', count(*), 0 FROM users
        """
    )

    package func ledgerTotals() async throws(StoreError) -> LedgerTotals {
        try await ask(PostgresStore.totals, []) { result throws(PostgresError) in
            var totals = LedgerTotals()
            let rows = try result.all { row throws(PostgresError) in
                (try row.text(0), try row.integer(1), MicroUSD(micros: try row.integer(2)))
            }
            for (name, number, held) in rows {
                let posted = MicroUSD(micros: number)
                switch name {
                case "count": totals.users = Int(number)
                case "users": (totals.posted, totals.held) = (posted, held)
                case "house:payments": totals.purchased = .zero - posted
                case "house:grants": totals.granted = .zero - posted
                case "house:revenue": totals.charged = posted
                default: throw PostgresError(.unreadable, "account '\(name)' is none of the house's")
                }
            }
            return totals
        }
    }

    private static let sealing = PostgresStatement("seal", isRepeatable: true, "SELECT orchestrator_seal($1)")

    package func seal(limit: Int) async throws(StoreError) -> Int {
        try await ask(PostgresStore.sealing, [.count(limit)]) { result throws(PostgresError) in
            Int(try result.first { row throws(PostgresError) in try row.integer(0) } ?? 0)
        }
    }

    /// Reads in a session and a snapshot of its own, however long that takes.
    package func verifyLedger() async throws(StoreError) -> LedgerReport {
        do throws(PostgresError) {
            return try await PostgresLedgerCheck(PostgresSession(target, on: loop)).run()
        } catch {
            throw error.storeError
        }
    }
}

extension TransferOutcome {
    fileprivate init(_ fields: PostgresFields) throws(PostgresError) {
        let outcome = try fields.text("outcome")
        if outcome == "contradicts" {
            self = .contradicts
            return
        }
        let balance = Balance(
            posted: try fields.money("posted"),
            held: try fields.money("held"),
            freeUsed: try fields.int("free")
        )
        switch outcome {
        case "done": self = .done(balance, isRepeat: false)
        case "known": self = .done(balance, isRepeat: true)
        default: self = .insufficient(balance)
        }
    }
}
