import Foundation
import Orchestrator
import Synchronization
import Testing

@testable import Persistence

/// The record under daemons that die at any moment, over many seeds, and with bugs planted in its statements.
///
/// `ORCHESTRATOR_SEEDS` sets how many seeds; a failure names its own, and `ORCHESTRATOR_SEED` plays that one alone.
@Suite struct RecordSimulationTests {
    static let seeds = UInt64(ProcessInfo.processInfo.environment["ORCHESTRATOR_SEEDS"] ?? "") ?? 100_000
    static let only = UInt64(ProcessInfo.processInfo.environment["ORCHESTRATOR_SEED"] ?? "")
    /// Seeds are shared out, as there are two processors at least.
    static let shares: UInt64 = 2
    static let steps = 24

    @Test(arguments: 0..<shares)
    func `the books agree whatever dies`(share: UInt64) throws {
        let record = try Self.record()
        if let seed = Self.only { return try Self.play(seed, on: record) }
        for seed in stride(from: share, to: Self.seeds, by: UInt64.Stride(Self.shares)) {
            do {
                try Self.play(seed, on: record)
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
    }

    @Test(arguments: PlantedBug.all)
    func `a planted bug is found`(bug: PlantedBug) throws {
        let changed = Mutex(false)
        let record = try Self.record { sql in
            let rewritten = bug.rewrite(sql)
            if rewritten != sql { changed.withLock { $0 = true } }
            return rewritten
        }
        for seed in 0..<UInt64(3000) {
            do { try Self.play(seed, on: record) } catch {
                if ProcessInfo.processInfo.environment["ORCHESTRATOR_VERBOSE"] != nil {
                    print("\(bug.name): seed \(seed): \(error)")
                }
                return
            }
        }
        Issue.record("not found in 3000 seeds; its statement was \(changed.withLock { $0 } ? "changed" : "never met")")
    }

    private static func record(_ rewriting: @escaping @Sendable (String) -> String = { $0 }) throws -> Connection {
        let record = try Connection(path: ":memory:", access: .readWrite, rewriting: rewriting)
        try Migration.apply(Migration.released, to: record)
        return record
    }

    private static func play(_ seed: UInt64, on record: Connection) throws {
        try record.execute("BEGIN")
        defer { try? record.execute("ROLLBACK") }
        var world = try World(record, seed: seed)
        for _ in 0..<steps { try world.step() }
        try world.settle()
        try world.check()
    }
}
