internal import Orchestrator

/// A check of the books in one session: follows every link, and every statement; the rest is sums, which `BookCheck` has
/// the server compare.
struct PostgresLedgerCheck {
    private let session: PostgresSession
    /// Rows of a page; none is held longer than its check takes.
    private static let page: Int64 = 10_000

    /// Takes over a session, and ends it.
    init(_ session: PostgresSession) {
        self.session = session
    }

    /// All of it sees one state of the record.
    func run() async throws(PostgresError) -> LedgerReport {
        do throws(PostgresError) {
            try await session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            var report = try await counts()
            for (number, check) in BookCheck.all.enumerated() { try await compare(check, number, &report) }
            try await walkStatements(&report)
            try await walkChain(&report)
            try await session.execute("COMMIT")
            await session.close()
            return report
        } catch {
            await session.close()
            throw error
        }
    }

    private static let counting = PostgresStatement(
        "check-counts",
        """
        SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM transfers),
            (SELECT count(*) FROM transfers WHERE seq IS NOT NULL), (SELECT count(*) FROM holds WHERE state = 'open'),
            (SELECT count(*) FROM jobs)
        """
    )

    private func counts() async throws(PostgresError) -> LedgerReport {
        let result = try await session.run(PostgresLedgerCheck.counting)
        return try result.first { row throws(PostgresError) in
            var report = LedgerReport()
            report.accounts = Int(try row.integer(0))
            report.transfers = Int(try row.integer(1))
            report.sealed = Int(try row.integer(2))
            report.openHolds = Int(try row.integer(3))
            report.jobs = Int(try row.integer(4))
            return report
        } ?? LedgerReport()
    }

    /// The columns have any type and name, so the server makes texts of them.
    private func compare(_ check: BookCheck, _ number: Int, _ report: inout LedgerReport) async throws(PostgresError) {
        let statement = PostgresStatement(
            "check-\(number)",
            """
            SELECT (SELECT json_build_object('columns', json_agg(value)) FROM json_each_text(row_to_json(found)))
            FROM (\(check.sql.replacing("?", with: "$1"))) AS found
            """
        )
        let result = try await session.run(statement, [.count(LedgerReport.problemLimit)])
        let rows = try result.all { row throws(PostgresError) in try PostgresFields(row.text(0)).texts("columns") }
        for columns in rows {
            report.note(check.sentence { columns.indices.contains($0) ? columns[$0] ?? "nothing" : "nothing" })
        }
    }

    private static let statements = PostgresStatement(
        "check-statements",
        """
        SELECT account_id, n, amount_micro_usd, available_after_micro_usd FROM statement_lines
        WHERE (account_id, n) > ($1, $2) ORDER BY account_id, n LIMIT $3
        """
    )

    private func walkStatements(_ report: inout LedgerReport) async throws(PostgresError) {
        var walk = StatementWalk()
        var (account, number) = ("", Int64.min)
        while true {
            let values: [PostgresValue] = [.text(account), .integer(number), .integer(PostgresLedgerCheck.page)]
            let result = try await session.run(PostgresLedgerCheck.statements, values)
            let problems = try result.all { row throws(PostgresError) in
                (account, number) = (try row.text(0), try row.integer(1))
                return walk.check(
                    account: account,
                    number: number,
                    amount: MicroUSD(micros: try row.integer(2)),
                    availableAfter: MicroUSD(micros: try row.integer(3))
                )
            }
            for problem in problems { report.note(problem) }
            if result.count < PostgresLedgerCheck.page { return }
        }
    }

    private static let links = PostgresStatement(
        "check-chain",
        """
        SELECT id, debit_id, credit_id, amount_micro_usd, kind, note, reference, at_ms, seq, hash FROM transfers
        WHERE seq > $1 ORDER BY seq LIMIT $2
        """
    )

    private func walkChain(_ report: inout LedgerReport) async throws(PostgresError) {
        var chain = LedgerChain { Hex.text(SHA256.digest(of: $0.span)) }
        var last = Int64.min
        while true {
            let values: [PostgresValue] = [.integer(last), .integer(PostgresLedgerCheck.page)]
            let result = try await session.run(PostgresLedgerCheck.links, values)
            let problems = try result.all { row throws(PostgresError) in
                last = try row.integer(8)
                return chain.check(try TransferRow(row), seq: last, hash: try row.text(9))
            }
            for problem in problems { report.note(problem) }
            if result.count < PostgresLedgerCheck.page { return }
        }
    }
}

extension TransferRow {
    fileprivate init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.text(0),
            debit: try row.text(1),
            credit: try row.text(2),
            amount: MicroUSD(micros: try row.integer(3)),
            kind: try row.text(4),
            note: try row.text(5),
            reference: try row.optionalText(6),
            at: Timestamp(milliseconds: try row.integer(7))
        )
    }
}
