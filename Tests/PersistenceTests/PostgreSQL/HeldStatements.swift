import PostgresTestServer

@testable import Persistence

/// A session that holds other sessions' statements up: the way to have one under way for as long as a test needs.
struct HeldStatements {
    /// What is held; more columns may follow it.
    static let text = "SELECT pg_advisory_xact_lock(7)"

    fileprivate let session: PostgresPool

    /// Waits until so many statements are held.
    func until(_ count: Int) async throws {
        try await session.until(
            "SELECT count(*) = \(count) FROM pg_stat_activity WHERE datname = current_database() "
                + "AND wait_event_type = 'Lock' AND query LIKE '\(Self.text)%'"
        )
    }

    /// Lets them go on, and all that come later.
    func release() async throws {
        try await session.run("SELECT pg_advisory_unlock(7)")
    }
}

/// Runs `body` as `withPool` does, with statements held from its beginning.
func withHeldStatements(
    _ url: String? = nil,
    limits: PostgresPoolLimits = PostgresPoolLimits(),
    _ body: (PostgresPool, HeldStatements) async throws -> Void
) async throws {
    let address: String
    if let url { address = url } else { address = try await SharedPostgresServer.fresh() }
    var alone = PostgresPoolLimits()
    alone.connections = 1
    try await withPool(address, limits: alone) { session in
        try await session.run("SELECT pg_advisory_lock(7)")
        try await withPool(address, limits: limits) { pool in
            try await body(pool, HeldStatements(session: session))
        }
    }
}
