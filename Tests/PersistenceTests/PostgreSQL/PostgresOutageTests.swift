import Orchestrator
import PostgresTestServer
import Testing

@testable import Persistence

@Suite struct PostgresOutageTests {
    private static let limits: PostgresPoolLimits = {
        var limits = PostgresPoolLimits()
        limits.deadline = .seconds(30)
        limits.deadlineWhileAway = .seconds(30)
        return limits
    }()

    @Test func `a server that dies and comes back is used again within five seconds, and nothing is done twice`()
        async throws
    {
        let server = try await PostgresServer()
        let reports = Lock([String]())
        let report: @Sendable (PostgresPool.Report) -> Void = { report in
            reports.withLock { reports in
                switch report {
                case .away: reports.append("away")
                case .back: reports.append("back")
                }
            }
        }
        try await withPool(server.fresh(), limits: PostgresOutageTests.limits, report: report) { pool in
            try await pool.run("CREATE TABLE t (n bigint)")
            let isOver = Lock(false)
            let outcomes = try await withThrowingTaskGroup(of: [(Int64, PostgresError?)].self) { group in
                for task in 0..<16 {
                    group.addTask { await PostgresOutageTests.insert(task, pool, until: isOver) }
                }
                defer { isOver.withLock { $0 = true } }
                try await pool.until("SELECT count(*) > 100 FROM t")
                try await server.stop()
                try await server.start()
                let back = ContinuousClock.now
                #expect(try await pool.number("SELECT 1") == 1)
                #expect(ContinuousClock.now - back < .seconds(5))
                isOver.withLock { $0 = true }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(reports.withLock { $0 } == ["away", "back"])
            let present = try await pool.run("SELECT n FROM t").all { row throws(PostgresError) in try row.integer(0) }
            #expect(Set(present).count == present.count)
            for (number, error) in outcomes {
                switch error?.kind {
                case nil: #expect(present.contains(number))
                case .outcomeUnknown: break
                default: #expect(!present.contains(number), "\(String(describing: error))")
                }
            }
            #expect(outcomes.count { $0.1 == nil } > outcomes.count / 2)
        }
    }

    /// Inserts numbers, one after the other, until it is over and a hundred are in.
    private static func insert(_ task: Int, _ pool: PostgresPool, until isOver: Lock<Bool>) async
        -> [(Int64, PostgresError?)]
    {
        var outcomes: [(Int64, PostgresError?)] = []
        while outcomes.count < 100 || !isOver.withLock({ $0 }) {
            let number = Int64(task) << 32 + Int64(outcomes.count)
            let error = await failure { () async throws(PostgresError) in
                try await pool.run("INSERT INTO t SELECT $1 FROM pg_sleep(0.01)", [.integer(number)])
            }
            outcomes.append((number, error))
        }
        return outcomes
    }

    @Test func `of two statements that a crash interrupts, the repeatable one is answered and the other one unknown`()
        async throws
    {
        let server = try await PostgresServer()
        try await withHeldStatements(server.fresh(), limits: PostgresOutageTests.limits) { pool, held in
            async let repeatable = failure { () async throws(PostgresError) in
                try await pool.run(HeldStatements.text + ", 'first'", isRepeatable: true)
            }
            async let other = failure { () async throws(PostgresError) in
                try await pool.run(HeldStatements.text + ", 'second'")
            }
            try await held.until(2)
            // What holds them goes with the server.
            try await server.stop()
            // Waits for a server meanwhile.
            async let patient = failure { () async throws(PostgresError) in try await pool.run("SELECT 1") }
            try await server.start()
            let errors = await (repeatable, other, patient)
            #expect(errors.0 == nil)
            #expect(errors.1?.kind == .outcomeUnknown)
            #expect(errors.1?.message.contains("outcome unknown") == true)
            #expect(errors.2 == nil)
        }
    }

    @Test func `sessions that the server ended while they were idle are replaced unnoticed`() async throws {
        try await withPool { pool in
            for _ in 0..<5 {
                try await pool.open()
                let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                let others = "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                try await pool.run(ended + others)
                #expect(try await pool.number("SELECT 1") == 1)
            }
        }
    }
}
