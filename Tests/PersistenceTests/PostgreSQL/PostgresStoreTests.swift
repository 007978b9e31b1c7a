import Orchestrator
import PostgresTestServer
import Testing
import Transport

@testable import Persistence

@Suite struct PostgresStoreTests {
    private static let turnstile = Turnstile(6)

    @Test(arguments: StoreCheck.all)
    func `the store keeps its promises`(check: StoreCheck) async throws {
        try await PostgresStoreTests.turnstile.pass {
            try await withStores(clock: .caller, connections: 6) { stores in try await check.run(stores[0]) }
        }
    }

    @Test func `whatever is changed behind the books' back is found`() async throws {
        let template = try await SharedPostgresServer.fresh()
        try await withStores(url: template) { stores in
            try await SQLiteBooksTests.fill(stores[0])
            #expect(try await stores[0].verifyLedger().problems == [])
        }
        let server = try await SharedPostgresServer.instance.server()
        let name = try #require(template.split(separator: "/").last)
        for (number, (change, finding)) in SQLiteBooksTests.tampering.enumerated() {
            try await server.query("CREATE DATABASE \(name)_\(number) TEMPLATE \(name)")
            let url = server.url(database: "\(name)_\(number)")
            try await server.query(change, url: url)
            try await withStores(url: url) { stores in
                let problems = try await stores[0].verifyLedger().problems
                #expect(problems.contains { $0.contains(finding) }, "\(change): \(problems)")
            }
        }
    }

    @Test func `leases and limits are judged by the server's clock, whatever the callers' clocks say`() async throws {
        try await withStores { stores in
            let store = stores[0]
            var bench = StoreBench(store, seed: 200)
            var rates: [Int] = []
            for offset in [0, 86_400_000, -86_400_000] as [Int64] {
                bench.now = Timestamp(milliseconds: 1_800_000_000_000 + offset)
                var acceptance = bench.acceptance(bench.job())
                acceptance.rates = [RateClaim(subject: "global", rate: Rate(count: 9, window: .seconds(3600)))]
                guard case .accepted(_, let verdicts) = try await store.accept(acceptance) else {
                    Issue.record("not accepted")
                    return
                }
                rates.append(verdicts[0].remaining)
            }
            #expect(rates == [8, 7, 6])
            let other: DaemonID = bench.generator.id()
            let later = bench.now + .seconds(1_000_000_000)
            let none = try await store.claimJobs(by: other, for: .seconds(30), now: later, limit: 9)
            #expect(none.isEmpty)
            _ = try await store.renewLeases(of: bench.daemon, for: .zero, now: later)
            let all = try await store.claimJobs(by: other, for: .seconds(30), now: bench.now, limit: 9)
            #expect(all.map(\.lease.fence) == [2, 2, 2])
        }
    }

    @Test func `a newer release's database is refused, and an older one's brought up to date`() async throws {
        let url = try await SharedPostgresServer.fresh()
        try await withStores(2, url: url) { stores in
            #expect(stores[0].schema.found == nil)
            #expect(stores[1].schema.found == stores[1].schema.now)
        }
        try await SharedPostgresServer.instance.server()
            .query("UPDATE schema_version SET version = version + 1", url: url)
        let loop = try EventLoop(name: "test")
        loop.start()
        defer { loop.stop() }
        await #expect(throws: StoreError.self) { try await PostgresStore.open(url: url, on: loop) }
    }

    @Test func `a constant is what the first of many made it`() async throws {
        try await withStores(2) { stores in
            let values = try await StoreCheck.together(Array(0..<40)) { number in
                try await stores[number % 2].constant("name", orElse: "\(number)")
            }
            #expect(Set(values).count == 1)
        }
    }

    // MARK: Answers that were lost

    @Test func `an acceptance that is asked for again finds its job, and holds nothing twice`() async throws {
        try await withStores { stores in
            let store = stores[0]
            var bench = StoreBench(store, seed: 201)
            try await bench.give(1000)
            var acceptance = bench.acceptance(bench.job(costs: [5]), holds: [300, 200], freePerDay: 1)
            acceptance.rates = [RateClaim(subject: "global", rate: Rate(count: 9, window: .seconds(3600)))]
            acceptance.repeats = IdempotencyClaim(
                owner: bench.user,
                key: "k",
                fingerprint: "f",
                expires: bench.now + .seconds(100)
            )
            let first = try await store.accept(acceptance)
            let again = try await store.accept(acceptance, isRepeat: true)
            guard case .accepted(let job, let verdicts) = first,
                case .accepted(let same, let others) = again
            else {
                Issue.record("\(first), \(again)")
                return
            }
            #expect(same.fields == job.fields)
            #expect(others.map(\.remaining) == verdicts.map(\.remaining))
            #expect(try await bench.funds() == [1000, 200, 1])
            #expect(try await bench.spent()["all"] == 5)
            try await bench.expectCleanBooks()
        }
    }

    @Test func `an end whose session dies while it waits is recorded once`() async throws {
        let url = try await SharedPostgresServer.fresh()
        try await withStores(url: url) { stores in
            let store = stores[0]
            var bench = StoreBench(store, seed: 202)
            try await bench.give(1000)
            let job = try await bench.accept(bench.acceptance(bench.job(), holds: [300]))
            let end = bench.end(job, charge: 200)
            try await withPool(url) { pool in
                // Holds the end up until the other session is gone.
                async let ended = store.finish(end)
                async let held = pool.run(
                    """
                    DO $$ BEGIN
                        PERFORM 1 FROM jobs FOR UPDATE;
                        WHILE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
                            AND wait_event_type = 'Lock' AND query LIKE '%orchestrator_finish%') LOOP
                            PERFORM pg_sleep(0.005);
                            PERFORM pg_stat_clear_snapshot();
                        END LOOP;
                        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database()
                            AND wait_event_type = 'Lock' AND query LIKE '%orchestrator_finish%';
                    END $$
                    """
                )
                // Either may have the row first; the end is one either way.
                let recorded = try await ended
                #expect(recorded?.credits.charged == 2)
                await store.close()
                _ = try? await held
            }
        }
        try await withStores(url: url) { stores async throws in
            let bench = StoreBench(stores[0], seed: 202)
            #expect(try await bench.funds() == [800, 0, 0])
            #expect(
                try await bench.lines() == ["grant 1000", "reserve -300", "refund 100", "release 200", "spend -200"]
            )
        }
    }
}
