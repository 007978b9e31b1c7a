internal import Orchestrator

extension Connection {
    func spend(since: Timestamp, until: Timestamp?, by columns: [SpendColumn]) throws(DatabaseError) -> [SpendRow] {
        let groups = columns.map(\.expression)
        let join = columns.contains(.key) ? " JOIN jobs ON jobs.id = attempts.job_id" : ""
        let unresolved = "sum(CASE WHEN outcome IS NULL OR outcome = 'unknown' THEN attempts.cost_micro_usd ELSE 0 END)"
        let grouping = groups.isEmpty ? "" : " GROUP BY \(list(groups)) ORDER BY \(list(groups))"
        let statement = try statement(
            composed: """
                SELECT count(*), coalesce(sum(delivered), 0), coalesce(sum(attempts.cost_micro_usd), 0),
                    coalesce(\(unresolved), 0)\(groups.isEmpty ? "" : ", " + list(groups))
                FROM attempts\(join)
                WHERE attempts.started_ms >= ?\(until == nil ? "" : " AND attempts.started_ms < ?")\(grouping)
                """
        )
        statement.bind(since)
        if let until { statement.bind(until) }
        return try statement.all { row in
            let unresolved = row.money(3)
            return SpendRow(
                group: columns.indices.map { columns[$0].text(row, CInt(4 + $0)) },
                requests: Int(row.integer(0)),
                images: Int(row.integer(1)),
                cost: row.money(2) - unresolved,
                unresolved: unresolved
            )
        }
    }

    private func list(_ parts: [String]) -> String { parts.joined(separator: ", ") }
}

extension SpendColumn {
    fileprivate func text(_ row: borrowing Row, _ column: CInt) -> String {
        switch self {
        case .provider, .model, .tier, .key: row.text(column)
        case .day: Day(number: Int(row.integer(column))).description
        }
    }
}
