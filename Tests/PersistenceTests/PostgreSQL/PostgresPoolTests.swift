import Orchestrator
import PostgresTestServer
import TestProcesses
import Testing

@testable import Persistence

@Suite struct PostgresPoolTests {
    @Test func `200 statements at once share four connections`() async throws {
        var limits = PostgresPoolLimits()
        limits.connections = 4
        try await withPool(limits: limits) { pool in
            try await pool.run("CREATE TABLE t (n bigint PRIMARY KEY, session integer)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        try await pool.run(
                            "INSERT INTO t SELECT $1, pg_backend_pid() FROM pg_sleep(0.002)",
                            [.integer(Int64(number))]
                        )
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await pool.number("SELECT count(*) FROM t") == 200)
            #expect(try await pool.number("SELECT count(DISTINCT session) FROM t") == 4)
        }
    }

    @Test func `one statement too many is refused at once`() async throws {
        var limits = PostgresPoolLimits()
        limits.connections = 1
        limits.waiting = 2
        try await withHeldStatements(limits: limits) { pool, held in
            let outcomes = try await withThrowingTaskGroup(of: PostgresError?.self) { group in
                let run = { @Sendable in
                    await failure { () async throws(PostgresError) in try await pool.run(HeldStatements.text) }
                }
                group.addTask { await run() }
                try await held.until(1)
                for _ in 0..<9 { group.addTask { await run() } }
                // One is under way and two wait, until the rest has been told.
                var outcomes: [PostgresError?] = []
                while outcomes.count < 7, let outcome = try await group.next() { outcomes.append(outcome) }
                try await held.release()
                return try await group.reduce(into: outcomes) { $0.append($1) }
            }
            #expect(outcomes.count == 10 && outcomes.suffix(3).allSatisfy { $0 == nil })
            let refused = outcomes.compactMap(\.self)
            #expect(refused.count == 7)
            #expect(refused.allSatisfy { $0.kind == .unavailable && $0.message.contains("too many") })
        }
    }

    @Test func `a row that is there already is a conflict that names the constraint and no value`() async throws {
        try await withPool { pool in
            try await pool.run("CREATE TABLE t (n text CONSTRAINT only_once PRIMARY KEY)")
            try await pool.run("INSERT INTO t VALUES ($1)", [.text("private")])
            let error = await failure { () async throws(PostgresError) in
                try await pool.run("INSERT INTO t VALUES ($1)", [.text("private")])
            }
            #expect(error?.kind == .conflict(constraint: "only_once"))
            #expect(error?.state == "23505")
            #expect(error.map { "\($0)" }?.contains("private") == false)
            guard case .conflict = error?.storeError else {
                return #expect(Bool(false), "\(String(describing: error))")
            }
        }
    }

    @Test func `what our own functions object to is a conflict in their words`() async throws {
        try await withPool { pool in
            let error = await failure { () async throws(PostgresError) in
                try await pool.run("DO $$BEGIN RAISE EXCEPTION 'too little money' USING ERRCODE = 'OR001'; END$$")
            }
            #expect(error?.kind == .conflict(constraint: nil))
            #expect(error?.message == "too little money")
        }
    }

    @Test func `a mistake in SQL is refused, quoted in the log only, and the connection goes on`() async throws {
        var limits = PostgresPoolLimits()
        limits.connections = 1
        try await withPool(limits: limits) { pool in
            let before = try await pool.number("SELECT pg_backend_pid()")
            let error = await failure { () async throws(PostgresError) in try await pool.run("SELECT nonsense") }
            #expect(error?.kind == .refused)
            #expect(error?.message.contains("nonsense") == false)
            #expect(error?.detail?.contains("nonsense") == true)
            #expect(try await pool.number("SELECT pg_backend_pid()") == before)
        }
    }

    @Test(arguments: ["40001", "40P01"])
    func `a statement that the server undid for the sake of others is tried again`(state: String) async throws {
        try await withPool { pool in
            // A sequence remembers, also what was undone, how often it was tried.
            try await pool.run("CREATE SEQUENCE tries")
            try await pool.run("CREATE TABLE t (n bigint)")
            let sql = """
                CREATE FUNCTION attempt() RETURNS bigint LANGUAGE plpgsql AS $$
                DECLARE n bigint := nextval('tries');
                BEGIN
                    INSERT INTO t VALUES (n);
                    IF n < 4 THEN RAISE EXCEPTION 'again' USING ERRCODE = '\(state)'; END IF;
                    RETURN n;
                END $$
                """
            try await pool.run(sql)
            #expect(try await pool.number("SELECT attempt()") == 4)
            #expect(try await pool.number("SELECT count(*) FROM t") == 1)
        }
    }

    @Test func `sessions that truly collide all succeed, one after the other`() async throws {
        let address = try await SharedPostgresServer.fresh() + "?options=-cdefault_transaction_isolation%3Dserializable"
        try await withPool(address) { pool in
            try await pool.run("CREATE TABLE t (n bigint NOT NULL)")
            try await pool.run("INSERT INTO t VALUES (0)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<5 { try await pool.run("UPDATE t SET n = n + 1 FROM pg_sleep(0.001)") }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await pool.number("SELECT n FROM t") == 20)
        }
    }

    @Test func `the server ends a statement shortly before its deadline, so that its outcome is known`() async throws {
        var limits = PostgresPoolLimits()
        limits.deadline = .seconds(2)
        try await withPool(limits: limits) { pool in
            try await pool.open()
            let error = await failure { () async throws(PostgresError) in try await pool.run("SELECT pg_sleep(60)") }
            #expect(error?.kind == .unavailable)
            #expect(error?.state == "57014")
        }
    }

    @Test(arguments: [false, true])
    func `a statement that the server does not end is given up at its deadline`(isRepeatable: Bool) async throws {
        var limits = PostgresPoolLimits()
        limits.connections = 1
        limits.deadline = .seconds(2)
        let address = try await SharedPostgresServer.fresh()
        try await withPool(address, limits: limits) { pool in
            try await pool.run("SELECT set_config('statement_timeout', '0', false)")
            let error = await failure { () async throws(PostgresError) in
                try await pool.run("SELECT pg_sleep(600)", isRepeatable: isRepeatable)
            }
            #expect(error?.kind == (isRepeatable ? .unavailable : .outcomeUnknown))
        }
        // The server finds out by itself that nobody listens any more.
        try await withPool(address) { observer in
            try await observer.until(
                "SELECT count(*) = 0 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' "
                    + "AND datname = current_database()"
            )
        }
    }

    @Test func `a statement that gets no connection in time has not happened`() async throws {
        let silent = try SilentListener()
        var limits = PostgresPoolLimits()
        limits.deadline = .milliseconds(200)
        limits.connecting = .milliseconds(500)
        try await withPool("postgres://somebody@127.0.0.1:\(silent.port)/db", limits: limits) { pool in
            let error = await failure { () async throws(PostgresError) in try await pool.run("SELECT 1") }
            #expect(error?.kind == .unavailable)
            #expect(error?.message == "the database did not answer in time")
            let reason = await failure { () async throws(PostgresError) in try await pool.open() }
            #expect(reason?.message == "the database cannot be reached")
        }
    }

    @Test func `a plan that a change of the schema made stale is made anew`() async throws {
        var limits = PostgresPoolLimits()
        limits.connections = 1
        try await withPool(limits: limits) { pool in
            try await pool.run("CREATE TABLE t (a bigint)")
            try await pool.run("INSERT INTO t VALUES (1)")
            #expect(try await pool.number("SELECT * FROM t") == 1)
            try await pool.run("ALTER TABLE t ALTER a TYPE integer")
            #expect(try await pool.number("SELECT * FROM t") == 1)
        }
    }

    @Test func `a pool that is closed answers what it has begun, and nothing more`() async throws {
        try await withHeldStatements { pool, held in
            async let begun = failure { () async throws(PostgresError) in try await pool.run(HeldStatements.text) }
            try await held.until(1)
            async let closed: Void = pool.close()
            try await held.release()
            await closed
            let outcome = await begun
            #expect(outcome == nil)
            let error = await failure { () async throws(PostgresError) in try await pool.run("SELECT 1") }
            #expect(error?.message == "the database is closed")
        }
    }
}
