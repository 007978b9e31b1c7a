import Orchestrator
import PostgresTestServer
import Testing

@testable import Persistence

/// Several daemons' stores on one database.
@Suite struct SharedRecordTests {
    @Test func `64 clients at two stores keep the books exact at every moment`() async throws {
        try await withStores(2) { stores in
            let scene = SharedScene(stores)
            let started = ContinuousClock.now
            let isOver = Lock(false)
            let snapshots = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<64 { group.addTask { try await scene.work(client, rounds: 20) } }
                async let snapshots = SharedRecordTests.snapshots(of: stores[0], until: isOver)
                let operations = try await group.reduce(0, +)
                isOver.withLock { $0 = true }
                let rate = Double(operations) / ((ContinuousClock.now - started) / .seconds(1))
                print("\(operations) operations of 64 clients at two stores, \(Int(rate)) in a second")
                return try await snapshots
            }
            #expect(snapshots > 2)
            let report = try await stores[1].verifyLedger()
            #expect(report.problems == [])
            #expect(report.openHolds == 0)
            #expect(report.transfers > 100 && report.sealed > 0)
        }
    }

    /// Checks the books again and again, and seals meanwhile; how often.
    private static func snapshots(of store: PostgresStore, until isOver: Lock<Bool>) async throws -> Int {
        var count = 0
        while !isOver.withLock({ $0 }) {
            _ = try await store.seal(limit: 1000)
            let report = try await store.verifyLedger()
            #expect(report.problems == [])
            count += 1
        }
        return count
    }

    @Test func `of 20 parallel requests at two daemons against a balance for one, one is let in`() async throws {
        try await withStores(2) { stores in
            for round in 0..<10 {
                var bench = StoreBench(stores[round % 2], seed: 300 + round)
                try await bench.give(150)
                let acceptances = (0..<20).map { _ in bench.acceptance(bench.job(), holds: [100]) }
                let words = try await StoreCheck.together(acceptances.indices.map { ($0, acceptances[$0]) }) {
                    number,
                    acceptance in
                    try await stores[number % 2].accept(acceptance).word
                }
                #expect(words.count { $0 == "accepted" } == 1)
                #expect(words.count { $0 == "needs 100 of 50" } == 19)
                #expect(try await bench.funds() == [150, 100, 0])
            }
        }
    }

    @Test func `of parallel requests with one key at two daemons one is let in, and the others see its job`()
        async throws
    {
        try await withStores(2) { stores in
            for round in 0..<10 {
                var bench = StoreBench(stores[0], seed: 320 + round)
                let acceptances = (0..<20).map { _ in
                    var acceptance = bench.acceptance(bench.job(costs: [5]))
                    acceptance.repeats = IdempotencyClaim(
                        owner: bench.user,
                        key: "k",
                        fingerprint: "f",
                        expires: bench.now + .seconds(100)
                    )
                    return acceptance
                }
                let jobs = try await StoreCheck.together(acceptances.indices.map { ($0, acceptances[$0]) }) {
                    (number: Int, acceptance: Acceptance) async throws -> (JobID?, Bool) in
                    switch try await stores[number % 2].accept(acceptance) {
                    case .accepted(let job, _): return (job.id, true)
                    case .repeated(let known): return (known.job, false)
                    default: return (nil, false)
                    }
                }
                #expect(jobs.count { $0.1 } == 1)
                #expect(Set(jobs.map(\.0)).count == 1)
            }
        }
    }

    @Test func `50 parallel requests, round after round, never pass a cap`() async throws {
        let rounds = 40
        try await withStores(2) { stores in
            var bench = StoreBench(stores[0], seed: 340)
            let started = ContinuousClock.now
            for _ in 0..<rounds {
                bench.now.milliseconds += 86_400_000
                let acceptances = (0..<50).map { _ in
                    var acceptance = bench.acceptance(bench.job(costs: [10]))
                    acceptance.caps = [
                        SpendCap(.provider("openai"), limit: MicroUSD(micros: 1000)),
                        SpendCap(.all, limit: MicroUSD(micros: 75)),
                    ]
                    return acceptance
                }
                let words = try await StoreCheck.together(acceptances.indices.map { ($0, acceptances[$0]) }) {
                    number,
                    acceptance in
                    try await stores[number % 2].accept(acceptance).word
                }
                #expect(words.count { $0 == "accepted" } == 7)
                #expect(words.count { $0 == "capped all" } == 43)
                #expect(try await bench.spent() == ["all": 70, "provider:openai": 70])
            }
            print("\(rounds) rounds of 50 requests against a cap in \(ContinuousClock.now - started)")
        }
    }

    @Test func `while the server is away operations say so, and afterwards nothing is lost or done twice`() async throws
    {
        let server = try await PostgresServer()
        try await withStores(2, url: server.fresh(), deadline: .seconds(5)) { stores in
            let scene = SharedScene(stores)
            try await withThrowingTaskGroup(of: SharedScene.Tally.self) { group in
                for client in 0..<16 { group.addTask { await scene.persist(client, rounds: 15) } }
                while try await stores[0].ledgerTotals().charged < MicroUSD(micros: 2000) {}
                try await server.stop()
                let error = await storeError { () throws(StoreError) in
                    _ = try await stores[0].balance(of: UserID(trusted: "usr_x"), on: Day(number: 1))
                }
                guard case .unavailable = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                try await server.start()
                let back = ContinuousClock.now
                for store in stores { try await store.ping() }
                #expect(ContinuousClock.now - back < .seconds(5))
                var tally = SharedScene.Tally()
                for try await part in group { tally.add(part) }
                #expect(tally.failures > 0)
                let report = try await stores[0].verifyLedger()
                #expect(report.problems == [])
                for job in tally.ended {
                    #expect(try await stores[1].job(job)?.status == .succeeded)
                }
                let charged = try await stores[0].ledgerTotals().charged
                let known = Int64(tally.ended.count * 100)
                #expect(charged.micros >= known)
            }
        }
    }
}
