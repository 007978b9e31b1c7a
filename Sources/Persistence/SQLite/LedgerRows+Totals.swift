package import Orchestrator

extension Connection {
    func ledgerTotals() throws(DatabaseError) -> LedgerTotals {
        var totals = LedgerTotals()
        totals.users = try statement("SELECT count(*) FROM users").first { Int($0.integer(0)) } ?? 0
        let accounts = try statement(
            """
            SELECT CASE kind WHEN 'house' THEN id ELSE 'users' END, sum(posted_micro_usd), sum(held_micro_usd)
            FROM accounts GROUP BY 1
            """
        )
        try accounts.forEach { row throws(DatabaseError) in
            switch row.text(0) {
            case "users": (totals.posted, totals.held) = (row.money(1), row.money(2))
            case "house:payments": totals.purchased = .zero - row.money(1)
            case "house:grants": totals.granted = .zero - row.money(1)
            case "house:revenue": totals.charged = row.money(1)
            case let other: throw .unreadable("account '\(other)' is none of the house's")
            }
        }
        return totals
    }
}

extension SQLiteStore {
    package func ledgerTotals() async throws(StoreError) -> LedgerTotals {
        try await read { db throws(DatabaseError) in try db.ledgerTotals() }
    }
}
