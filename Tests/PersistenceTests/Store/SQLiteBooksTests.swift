import FakeVendors
import Orchestrator
import Testing

@testable import Persistence

@Suite struct SQLiteBooksTests {
    let directory = TemporaryDirectory()

    private func open(
        rewriting: @escaping @Sendable (String) -> String = { $0 }
    ) throws(StoreError) -> SQLiteStore {
        try SQLiteStore(directory: directory.path, options: .init(), rewriting: rewriting)
    }

    private func connect() throws -> Connection {
        try Connection(path: directory.path + "/orchestrator.sqlite", access: .readWrite)
    }

    // MARK: Migration

    @Test func `a file of version 2 keeps every row, and its spend is counted`() async throws {
        var jobs: [JobRecord] = []
        var generator = JobGenerator(seed: 90)
        do {
            let old = try connect()
            try Migration.apply(Array(Migration.released.prefix(2)), to: old)
            for number in 0..<40 {
                var job = generator.job()
                (job.quote, job.images) = (nil, [])
                for index in job.attempts.indices {
                    (job.attempts[index].isPaidByCaller, job.attempts[index].reckoning) = (false, nil)
                }
                if number % 2 == 0 { job.key = generator.id() }
                try SQLiteBooksTests.insertVersion2(job, into: old)
                jobs.append(job)
            }
            try old.execute("INSERT INTO users VALUES ('usr_1', 'a@b.c', 1, 5)")
            try old.execute("INSERT INTO gallery VALUES (7, 'img_1')")
        }
        let store = try open()
        for job in jobs { #expect(try await store.job(job.id)?.fields == job.fields) }
        let days = Set(jobs.flatMap { $0.attempts.map(\.started.day) })
        for day in days {
            let costs = jobs.flatMap(\.attempts).filter { $0.started.day == day }.map(\.cost)
            #expect(try await store.spent(on: day)[.all] == costs.reduce(.zero, +))
        }
        #expect(try await store.user(UserID(trusted: "usr_1"))?.isAdmin == true)
        let unfinished = jobs.filter { !$0.status.isFinal }.map(\.id)
        let claimed = try await store.claimJobs(
            by: generator.id(),
            for: .seconds(30),
            now: Timestamp(milliseconds: 1),
            limit: 100
        )
        #expect(claimed.map(\.job.id) == unfinished)
        #expect(Set(claimed.map(\.lease.fence)) == [1])
        #expect(try await store.verifyLedger().problems == [])
        await store.close()
    }

    /// As the release before wrote it.
    private static func insertVersion2(_ job: JobRecord, into connection: Connection) throws {
        try connection.statement(
            """
            INSERT INTO jobs (id, owner, key_id, request_id, operation, status, model, policy, created_ms, started_ms,
                finished_ms, cost_micro_usd, request, answer, adapted, error)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        .bind(job.id).bind(job.owner).bind(job.key?.text).bind(job.requestID).bind(word: job.operation)
        .bind(word: job.status).bind("").bind(job.policy).bind(job.created).bind(job.started).bind(job.finished)
        .bind(job.cost).bind(.object(job.request)).bind(job.answer.json)
        .bind(job.adapted.isEmpty ? nil : .array(job.adapted.map(\.json))).bind(job.error?.record).run()
        for attempt in job.attempts {
            try connection.statement(
                """
                INSERT INTO attempts (provider, model, tier, count, ended_ms, outcome, label, cost_micro_usd, delivered,
                    handle, usage, job_id, n, started_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            )
            .bind(attempt.provider).bind(attempt.model).bind(word: attempt.tier).bind(attempt.count)
            .bind(attempt.ended).bind(word: attempt.outcome).bind(attempt.label).bind(attempt.cost)
            .bind(attempt.delivered).bind(attempt.handle?.json).bind(attempt.usage?.json).bind(job.id)
            .bind(attempt.n).bind(attempt.started).run()
        }
    }

    @Test func `opening the file ends the leases of whoever had it before`() async throws {
        var store = try open()
        var bench = StoreBench(store, seed: 91)
        let job = try await bench.accept(bench.acceptance(bench.job()))
        await store.close()
        store = try open()
        let claimed = try await store.claimJobs(by: bench.daemon, for: .seconds(30), now: bench.now, limit: 9)
        #expect(claimed.map(\.lease) == [JobLease(job: job.id, fence: 2)])
        await store.close()
    }

    // MARK: Verification

    /// Makes some of everything the books know.
    static func fill(_ store: any Store) async throws {
        var bench = StoreBench(store, seed: 92)
        try await bench.give(10_000)
        for number in 0..<4 {
            let job = bench.job(costs: [10], key: bench.generator.id())
            let accepted = try await bench.accept(bench.acceptance(job, holds: [800, 600], freePerDay: 2))
            if number == 3 { continue }
            bench.now.milliseconds += 1000
            let charge = accepted.credits.reserved > 7 ? 300 : 500 as Int64
            _ = try await store.finish(
                bench.end(accepted, number == 1 ? .failed : .succeeded, charge: charge, freeUsed: 1)
            )
        }
        _ = try await store.transfer(bench.transfer("adjust:1", -50, kind: .adminAdjustment))
        _ = try await store.seal(limit: 100)
        _ = try await store.transfer(bench.transfer("topup:1", 50, kind: .purchase))
    }

    /// What somebody may do to the file, and a word of what the check has to say.
    static let tampering: [(String, String)] = [
        ("UPDATE accounts SET posted_micro_usd = posted_micro_usd + 1 WHERE kind = 'tenant'", "sum of its transfers"),
        ("UPDATE accounts SET posted_micro_usd = posted_micro_usd + 1 WHERE kind = 'house'", "all accounts together"),
        ("UPDATE accounts SET held_micro_usd = held_micro_usd + 1 WHERE kind = 'tenant'", "more are held"),
        ("UPDATE accounts SET kind = 'house' WHERE kind = 'tenant'", "has the kind 'house'"),
        ("DELETE FROM holds WHERE state = 'open'", "more are held"),
        ("UPDATE holds SET state = 'open', transfer_id = NULL WHERE state = 'settled'", "its job is succeeded"),
        ("UPDATE holds SET state = 'released', transfer_id = NULL WHERE state = 'settled'", "has no settled hold"),
        ("UPDATE holds SET amount_micro_usd = 1 WHERE state = 'settled'", "of at most its amount"),
        ("DELETE FROM transfers WHERE id LIKE 'charge:%'", "has no transfer"),
        ("UPDATE jobs SET status = 'failed' WHERE status = 'running'", "is open, its job is failed"),
        ("UPDATE jobs SET status = 'running' WHERE status = 'failed'", "its job is running"),
        ("UPDATE jobs SET credits_reserved = 99 WHERE status = 'running'", "reserved 99 credits"),
        ("UPDATE jobs SET credits_charged = 1 WHERE status = 'failed'", "was charged 1 credits"),
        ("UPDATE jobs SET credits_refunded = 77 WHERE status = 'failed'", "refunded 77"),
        ("UPDATE jobs SET free_used = 9 WHERE free_day IS NOT NULL", "and used 9"),
        ("UPDATE jobs SET owner = 'usr_x' WHERE status = 'running'", "is not of its job's owner"),
        ("UPDATE allowance SET used = used + 1", "more free uses taken"),
        ("UPDATE spend_counters SET micro_usd = micro_usd + 1 WHERE subject = 'all'", "counter of 'all'"),
        ("DELETE FROM spend_counters WHERE subject LIKE 'key:%'", "counter of 'key:"),
        ("UPDATE attempts SET cost_micro_usd = 11", "counter of 'provider:openai'"),
        ("UPDATE statement_lines SET amount_micro_usd = amount_micro_usd + 1 WHERE n = 2", "line 2 of the statement"),
        ("DELETE FROM statement_lines WHERE n = 2", "goes from line 1 to line 3"),
        ("DELETE FROM statement_lines WHERE n > 5", "its statement ends with"),
        ("UPDATE accounts SET lines = 3 WHERE kind = 'tenant'", "beyond the account's count"),
        ("UPDATE statement_lines SET reference = 'job_x' WHERE kind = 'reserve'", "more than was held"),
        ("UPDATE transfers SET note = 'x' WHERE seq = 2", "link 2, is wrong"),
        ("UPDATE transfers SET at_ms = at_ms + 1 WHERE seq = 1", "link 1, is wrong"),
        ("DELETE FROM transfers WHERE seq = 2", "goes from 1 to 3"),
        ("UPDATE transfers SET hash = 'x' WHERE seq = 1", "link 1, is wrong"),
        (
            "UPDATE transfers SET seq = CASE seq WHEN 1 THEN -1 ELSE seq END; UPDATE transfers SET seq = 9 WHERE seq = -1",
            "goes from 0 to 2"
        ),
    ]

    @Test(arguments: tampering)
    func `whatever is changed behind the books' back is found`(change: String, finding: String) async throws {
        var store = try open()
        try await SQLiteBooksTests.fill(store)
        #expect(try await store.verifyLedger().problems == [])
        await store.close()
        do {
            let connection = try connect()
            try connection.execute(change)
            #expect(connection.changes > 0, "the change changed nothing")
        }
        store = try open()
        let problems = try await store.verifyLedger().problems
        #expect(problems.contains { $0.contains(finding) }, "\(problems)")
        await store.close()
    }

    // MARK: Failures

    /// Spoils one statement's text, the first time it is prepared.
    private final class Saboteur: Sendable {
        private let state: Lock<(seen: Int, target: Int)>

        init(target: Int) { state = Lock((0, target)) }

        /// Whether the target was reached.
        var hasStruck: Bool { state.withLock { $0.seen >= $0.target } }

        func rewrite(_ sql: String) -> String {
            let strikes = state.withLock { state in
                state.seen += 1
                return state.seen == state.target
            }
            return strikes ? "SELECT * FROM no_such_table" : sql
        }
    }

    @Test func `whichever statement fails, the books agree and the operation can be made again`() async throws {
        for target in 1... {
            let directory = TemporaryDirectory()
            let saboteur = Saboteur(target: target)
            var store: SQLiteStore?
            while store == nil {
                store = try? SQLiteStore(
                    directory: directory.path,
                    options: .init(),
                    rewriting: { saboteur.rewrite($0) }
                )
            }
            guard let store else { return }
            var failures = 0
            /// Once more after a failure, as whoever asks would.
            func twice<Value>(_ operation: () async throws(StoreError) -> Value) async throws -> Value {
                do throws(StoreError) {
                    return try await operation()
                } catch {
                    failures += 1
                    return try await operation()
                }
            }
            var bench = StoreBench(store, seed: 93)
            let grant = bench.transfer("grant:1", 1000)
            _ = try await twice { () throws(StoreError) in try await store.transfer(grant) }
            for number in 0..<3 {
                var acceptance = bench.acceptance(bench.job(costs: [10]), holds: [400, 300], freePerDay: 1)
                acceptance.rates = [RateClaim(subject: "g", rate: Rate(count: 9, window: .seconds(60)))]
                acceptance.caps = [SpendCap(.all, limit: MicroUSD(micros: 1000))]
                acceptance.webhook = WebhookTarget(id: bench.generator.id(), url: "https://a", secret: "s")
                acceptance.repeats = IdempotencyClaim(
                    owner: bench.user,
                    key: "k\(number)",
                    fingerprint: "f",
                    expires: bench.now
                )
                let ready = acceptance
                let outcome = try await twice { () throws(StoreError) in try await store.accept(ready) }
                guard case .accepted(let job, _) = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
                let attempt = bench.attempt(2, cost: 5)
                let lease = JobLease.first(of: job.id)
                let begun = try await twice { () throws(StoreError) in
                    try await store.begin(attempt, of: lease, caps: ready.caps)
                }
                #expect(begun == .begun)
                var end = bench.end(job, charge: 200)
                end.job.attempts = [bench.attempt(1, cost: 3), bench.attempt(2, cost: 4)]
                end.job.images = [bench.generator.image(of: job, 0)]
                end.inGallery = true
                let sure = end
                let ended = try await twice { () throws(StoreError) in try await store.finish(sure) }
                #expect(ended != nil)
            }
            let taking = bench.transfer("adjust:1", -100)
            _ = try await twice { () throws(StoreError) in try await store.transfer(taking) }
            _ = try await twice { () throws(StoreError) in try await store.seal(limit: 10) }
            let later = bench.now + .seconds(1000)
            _ = try await twice { () throws(StoreError) in try await store.sweep(now: later) }
            let report = try await twice { () throws(StoreError) in try await store.verifyLedger() }
            #expect(report.problems == [], "statement \(target)")
            let balance = try await twice { () throws(StoreError) in
                try await store.balance(of: bench.user, on: bench.now.day)
            }
            #expect(balance == Balance(posted: MicroUSD(micros: 300), held: .zero, freeUsed: 0), "statement \(target)")
            await store.close()
            #expect(failures <= 1)
            guard saboteur.hasStruck else {
                #expect(target > 40, "only \(target) statements failed")
                return
            }
        }
    }

    @Test func `a request that is refused undoes nothing of those that share its transaction`() async throws {
        // Holds the writer back, so that all requests wait for it and come into one transaction.
        let (gate, isHeld) = (Gate(), Watched(false))
        defer { gate.open() }
        let store = try open { text in
            if text.hasPrefix("INSERT INTO constants") {
                isHeld.change { $0 = true }
                gate.wait()
            }
            return text
        }
        var bench = StoreBench(store, seed: 94)
        try await bench.give(100)
        let before = store.commitCounts.commits
        let refused = (0..<40).map { _ in bench.acceptance(bench.job(costs: [1]), holds: [500]) }
        let fine = (0..<40).map { _ in bench.acceptance(bench.job(costs: [1])) }
        async let holding = store.constant("name", orElse: "value")
        await isHeld.until { $0 }
        async let answers = StoreCheck.together(refused + fine) { try await store.accept($0).word }
        while store.waitingWrites < 80 { await Task.yield() }
        gate.open()
        let words = try await answers
        #expect(try await holding == "value")
        #expect(words.filter { $0 == "accepted" }.count == 40)
        for acceptance in fine { #expect(try await store.job(acceptance.job.id) != nil) }
        #expect(store.commitCounts.commits == before + 2, "one to hold the writer, and one for all")
        try await bench.expectCleanBooks()
        await store.close()
    }

    // MARK: Plans

    /// Notes the text of every statement that a store prepares.
    private final class Texts: Sendable {
        private let texts = Lock(Set<String>())
        var all: [String] { texts.withLock { $0.sorted() } }
        func note(_ sql: String) -> String {
            texts.withLock { _ = $0.insert(sql) }
            return sql
        }
    }

    /// What the end of an account takes along: seldom asked for, and not worth an index that every other write would pay.
    private static let farewells: Set<String> = [
        "DELETE FROM device_grants WHERE user_id = ?",
        "SELECT 1 FROM users WHERE is_admin = 1 AND id <> ? LIMIT 1",
        "UPDATE audit SET detail = '{}' WHERE actor = ?1 OR subject = ?1",
    ]

    @Test func `no operation but reports and the check of the books goes through a table`() async throws {
        let texts = Texts()
        for check in StoreCheck.all {
            let directory = TemporaryDirectory()
            let store = try SQLiteStore(directory: directory.path, options: .init(), rewriting: { texts.note($0) })
            try await check.run(store)
            await store.close()
        }
        let store = try open()
        await store.close()
        let connection = try connect()
        let verification = Set(BookCheck.all.map(\.sql))
        var looked = 0
        for text in texts.all
        where !verification.contains(text) && !text.hasPrefix("PRAGMA") && !text.contains("sqlite_schema") {
            // Counts and walks of the check and sums of reports go through everything, pages end at their limit.
            if text.hasPrefix("SELECT count(*)") || text.contains("FROM statement_lines\nORDER BY") { continue }
            if text.hasSuffix("seq IS NOT NULL ORDER BY seq") || text.contains("LIMIT ?") && text.contains("DESC") {
                continue
            }
            let plan = try connection.statement(composed: "EXPLAIN QUERY PLAN " + text).all { $0.text(3) }
            looked += 1
            for step in plan where step.hasPrefix("SCAN") {
                let isBounded =
                    step.contains("jobs_unfinished") || step.contains("jobs_by_lease")
                    || step.contains("webhooks_due") || step.contains("transfers_unsealed")
                    || step == "SCAN alerts" || Self.farewells.contains(text)
                #expect(isBounded || step.contains("CONSTANT ROW") || step.contains("json_each"), "\(text): \(plan)")
            }
        }
        #expect(looked > 60)
    }

    @Test func `jobs of a status are listed by an index of jobs of that kind, whoever owns many others`() async throws {
        for status in [JobStatus.queued, .running, .succeeded, .failed, .canceled] {
            for (hasOwner, hasCursor) in [(true, true), (true, false), (false, true), (false, false)] {
                let directory = TemporaryDirectory()
                let texts = Texts()
                let store = try SQLiteStore(directory: directory.path, options: .init(), rewriting: { texts.note($0) })
                var query = JobQuery()
                query.status = status
                query.owner = hasOwner ? UserID(trusted: "usr_a") : nil
                query.after = hasCursor ? JobID(trusted: "job_a") : nil
                #expect(try await store.jobs(query).isEmpty)
                await store.close()
                let text = try #require(texts.all.first { $0.contains("FROM jobs") && $0.contains("DESC") })
                let connection = try Connection(path: directory.path + "/orchestrator.sqlite", access: .readOnly)
                let plan = try connection.statement(composed: "EXPLAIN QUERY PLAN " + text).all { $0.text(3) }
                let index = !status.isFinal ? "jobs_unfinished" : hasOwner ? "jobs_ended_of_owner" : "jobs_ended"
                #expect(plan.count == 1 && plan[0].contains("USING INDEX \(index)"), "\(text): \(plan)")
            }
        }
    }
}
