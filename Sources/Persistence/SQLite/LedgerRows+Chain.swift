internal import Orchestrator

extension Connection {
    /// Gives transfers without a number theirs, in order of time and id, and chains their hashes.
    func seal(limit: Int) throws(DatabaseError) -> Int {
        let waiting = try statement(
            composed: Connection.transferColumns
                + " FROM transfers WHERE seq IS NULL ORDER BY at_ms, id LIMIT ?"
        )
        .bind(limit).all(TransferRow.init)
        guard !waiting.isEmpty else { return 0 }
        let last = try statement("SELECT seq, hash FROM transfers WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1")
            .first { (seq: $0.integer(0), hash: $0.text(1)) }
        var chain = LedgerChain(after: last, digest: Connection.digest)
        for transfer in waiting {
            chain.append(transfer)
            try statement("UPDATE transfers SET seq = ?, hash = ? WHERE id = ? AND seq IS NULL")
                .bind(chain.seq).bind(chain.hash).bind(transfer.id).run()
            guard changes == 1 else { throw .unreadable("transfer '\(transfer.id)' was sealed by someone else") }
        }
        return waiting.count
    }

    static let digest: LedgerChain.Digest = { Hex.text(SHA256.digest(of: $0.span)) }

    /// Follows every link, and every statement; the rest is sums, which `BookCheck` has the database compare.
    func verifyLedger() throws(DatabaseError) -> LedgerReport {
        var report = LedgerReport()
        report.accounts = try rowCount("SELECT count(*) FROM accounts")
        report.transfers = try rowCount("SELECT count(*) FROM transfers")
        report.sealed = try rowCount("SELECT count(*) FROM transfers WHERE seq IS NOT NULL")
        report.openHolds = try rowCount("SELECT count(*) FROM holds WHERE state = 'open'")
        report.jobs = try rowCount("SELECT count(*) FROM jobs")
        for check in BookCheck.all {
            try statement(composed: check.sql).bind(LedgerReport.problemLimit).forEach { row throws(DatabaseError) in
                report.note(check.sentence { row.optionalText(CInt($0)) ?? "nothing" })
            }
        }
        try walkStatements(&report)
        try walkChain(&report)
        return report
    }

    private func rowCount(_ sql: StaticString) throws(DatabaseError) -> Int {
        try statement(sql).first { Int($0.integer(0)) } ?? 0
    }

    private func walkStatements(_ report: inout LedgerReport) throws(DatabaseError) {
        var walk = StatementWalk()
        let lines = try statement(
            """
            SELECT account_id, n, amount_micro_usd, available_after_micro_usd FROM statement_lines
            ORDER BY account_id, n
            """
        )
        try lines.forEach { row throws(DatabaseError) in
            let problem = walk.check(
                account: row.text(0),
                number: row.integer(1),
                amount: row.money(2),
                availableAfter: row.money(3)
            )
            report.note(problem)
        }
    }

    private func walkChain(_ report: inout LedgerReport) throws(DatabaseError) {
        var chain = LedgerChain(digest: Connection.digest)
        let links = try statement(
            composed: Connection.transferColumns + ", seq, hash FROM transfers WHERE seq IS NOT NULL ORDER BY seq"
        )
        try links.forEach { row throws(DatabaseError) in
            report.note(chain.check(TransferRow(row), seq: row.integer(8), hash: row.text(9)))
        }
    }
}
