import Orchestrator
import PostgresTestServer
import Transport

@testable import Persistence

/// Runs `body` with a number of stores, each with a pool and a loop of its own as that of a daemon, on one database, an
/// empty one unless `url` names it.
func withStores<Value: Sendable>(
    _ count: Int = 1,
    url: String? = nil,
    clock: PostgresStore.LeaseClock = .database,
    connections: Int = 8,
    deadline: Duration = .seconds(30),
    _ body: ([PostgresStore]) async throws -> Value
) async throws -> Value {
    let address: String
    if let url { address = url } else { address = try await SharedPostgresServer.fresh() }
    let loop = try EventLoop(name: "test")
    loop.start()
    defer { loop.stop() }
    var limits = PostgresPoolLimits()
    (limits.connections, limits.deadline, limits.deadlineWhileAway) = (connections, deadline, deadline)
    var stores: [PostgresStore] = []
    for _ in 0..<count {
        stores.append(try await PostgresStore(PostgresTarget(url: address), on: loop, limits: limits, clock: clock))
    }
    let outcome: Result<Value, any Error>
    do {
        outcome = .success(try await body(stores))
    } catch {
        outcome = .failure(error)
    }
    for store in stores { await store.close() }
    return try outcome.get()
}

/// Lets a few in at a time: the server has two hundred connections for all tests together.
actor Turnstile {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ places: Int) { free = places }

    func pass<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
        defer { if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() } }
        return try await body()
    }
}
