import Orchestrator
import PostgresTestServer
import Transport

@testable import Persistence

/// Runs `body` with a pool on a loop of its own, over an empty database unless `url` names one.
func withPool<Value: Sendable>(
    _ url: String? = nil,
    limits: PostgresPoolLimits = PostgresPoolLimits(),
    report: @escaping @Sendable (PostgresPool.Report) -> Void = { _ in },
    _ body: (PostgresPool) async throws -> Value
) async throws -> Value {
    let address: String
    if let url { address = url } else { address = try await SharedPostgresServer.fresh() }
    let target = try PostgresTarget(url: address)
    let loop = try EventLoop(name: "test")
    loop.start()
    defer { loop.stop() }
    let pool = PostgresPool(target, on: loop, limits: limits, report: report)
    do {
        let value = try await body(pool)
        await pool.close()
        return value
    } catch {
        await pool.close()
        throw error
    }
}

extension PostgresPool {
    /// Runs a statement that is used once.
    @discardableResult
    func run(_ sql: String, _ values: [PostgresValue] = [], isRepeatable: Bool = false) async throws(PostgresError)
        -> PostgresResult
    {
        try await run(PostgresStatement(sql, isRepeatable: isRepeatable, sql), values)
    }

    /// The one number that a query answers.
    func number(_ sql: String) async throws -> Int64? {
        try await run(sql).first { row throws(PostgresError) in try row.integer(0) }
    }

    /// Waits, by asking again and again, until `sql` answers true; asked anew once the answer before has come.
    func until(_ sql: String) async throws {
        while try await run(sql).first({ row throws(PostgresError) in try row.bool(0) }) != true {}
    }
}

/// The error that `body` ends with; nil when it succeeds.
func failure<Value>(_ body: () async throws(PostgresError) -> Value) async -> PostgresError? {
    do throws(PostgresError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
