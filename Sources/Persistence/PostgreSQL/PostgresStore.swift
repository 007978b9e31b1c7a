package import Orchestrator

/// The durable record in a PostgreSQL database, which any number of daemons may share.
///
/// Each operation is one statement and so one transaction and one round trip; what takes several steps is a function that
/// the server runs. Rows are locked instead of writers queued.
package final class PostgresStore: Store {
    /// What leases, windows of limits and announcements are judged by.
    enum LeaseClock: Sendable {
        /// The server's own.
        case database
        /// The `now` of each call, which tests move by hand.
        case caller
    }

    let pool: PostgresPool
    let target: PostgresTarget
    let loop: any ReadinessLoop
    private let clock: LeaseClock
    /// Ends of jobs whose commit was in doubt when their caller was told so: asked for again, they may be found made.
    private let doubtfulEnds = Lock(Set<JobID>())
    private static let doubtLimit = 10_000
    /// The version of the schema that was found, nil for none, and the one there is now.
    package let schema: (found: Int?, now: Int)

    /// Connects to the database of a `postgres://` URL, brings its schema up to date, and keeps at most so many
    /// `connections`. `loop` must run, and until after ``close()``. `report` is told when the server goes away, with the
    /// reason, and when it is back, with nil.
    ///
    /// Throws `.unavailable` when it cannot be reached, or has no record and none may be made there, `.conflict` when a
    /// newer release has changed it.
    package static func open(
        url: String,
        on loop: any ReadinessLoop,
        connections: Int = 8,
        mayCreate: Bool = true,
        report: @escaping @Sendable (String?) -> Void = { _ in }
    ) async throws(StoreError) -> PostgresStore {
        var limits = PostgresPoolLimits()
        limits.connections = max(1, connections)
        do throws(PostgresError) {
            let target = try PostgresTarget(url: url)
            if !mayCreate, try await PostgresSchema.record.isMissing(at: target, on: loop) {
                throw PostgresError(.unavailable, "there is no record in the \(target.place)")
            }
            return try await PostgresStore(target, on: loop, limits: limits, report: report)
        } catch {
            throw error.opening
        }
    }

    init(
        _ target: PostgresTarget,
        on loop: any ReadinessLoop,
        limits: PostgresPoolLimits = PostgresPoolLimits(),
        clock: LeaseClock = .database,
        report: @escaping @Sendable (String?) -> Void = { _ in }
    ) async throws(PostgresError) {
        let found = try await PostgresSchema.record.apply(to: target, on: loop)
        let told: @Sendable (PostgresPool.Report) -> Void = { event in
            switch event {
            case .away(let error): report(error.description)
            case .back: report(nil)
            }
        }
        let pool = PostgresPool(target, on: loop, limits: limits, report: told)
        do throws(PostgresError) {
            try await pool.open()
        } catch {
            await pool.close()
            throw error
        }
        (self.pool, self.target, self.loop, self.clock) = (pool, target, loop, clock)
        schema = (found == 0 ? nil : found, PostgresSchema.record.newest)
    }

    /// Where the record is, for people.
    package var place: String { target.place }

    /// Waits for what is being answered, and ends all connections; later operations are refused.
    package func close() async {
        await pool.close()
    }

    // MARK: Statements

    /// Runs a statement and reads its answer.
    func ask<Value>(
        _ statement: PostgresStatement,
        _ values: [PostgresValue],
        _ read: (PostgresResult) throws(PostgresError) -> Value
    ) async throws(StoreError) -> Value {
        do throws(PostgresError) {
            return try read(try await pool.run(statement, values))
        } catch {
            throw error.storeError
        }
    }

    /// Runs a statement whose answer does not matter.
    func tell(_ statement: PostgresStatement, _ values: [PostgresValue]) async throws(StoreError) {
        try await ask(statement, values) { _ throws(PostgresError) in }
    }

    /// What leases are judged by at `now`; null: the server's clock.
    func clock(at now: Timestamp) -> PostgresValue {
        clock == .caller ? .integer(now.milliseconds) : .null
    }

    /// The same as a member of an argument.
    func clockMember(at now: Timestamp) -> JSON {
        clock == .caller ? .time(now) : .null
    }

    /// A change that its function finds again: sent once, and where the answer is lost, once more as `again`.
    struct FoundAgain: Sendable {
        private let first: PostgresStatement
        private let again: PostgresStatement

        init(_ name: String, _ function: String) {
            let sql = "SELECT \(function)($1)"
            first = PostgresStatement(name, sql)
            again = PostgresStatement(name + "-again", isRepeatable: true, sql)
        }

        fileprivate func run(
            _ argument: JSONObject,
            on pool: PostgresPool,
            isRepeat: Bool
        ) async throws(PostgresError) -> String? {
            if !isRepeat {
                do throws(PostgresError) {
                    return try FoundAgain.text(try await pool.run(first, [.json(argument)]))
                } catch  where error.kind == .outcomeUnknown {
                    // Looked up below.
                }
            }
            var argument = argument
            argument["again"] = true
            do throws(PostgresError) {
                return try FoundAgain.text(try await pool.run(again, [.json(argument)]))
            } catch {
                var error = error
                if error.kind == .unavailable { error.kind = .outcomeUnknown }
                throw error
            }
        }

        private static func text(_ result: PostgresResult) throws(PostgresError) -> String? {
            try result.first { row throws(PostgresError) in try row.optionalText(0) } ?? nil
        }
    }

    func find(
        _ change: FoundAgain,
        _ argument: JSONObject,
        isRepeat: Bool
    ) async throws(StoreError) -> PostgresFields? {
        do throws(PostgresError) {
            guard let text = try await change.run(argument, on: pool, isRepeat: isRepeat) else { return nil }
            return try PostgresFields(text)
        } catch {
            throw error.storeError
        }
    }

    /// The same for the end of a job, whose caller asks until it knows.
    func findEnd(_ change: FoundAgain, of job: JobID, _ argument: JSONObject) async throws(StoreError)
        -> PostgresFields?
    {
        let isDoubtful = doubtfulEnds.withLock { $0.contains(job) }
        do throws(PostgresError) {
            let text = try await change.run(argument, on: pool, isRepeat: isDoubtful)
            if isDoubtful { doubtfulEnds.withLock { _ = $0.remove(job) } }
            guard let text else { return nil }
            return try PostgresFields(text)
        } catch {
            if error.kind == .outcomeUnknown {
                doubtfulEnds.withLock { if $0.count < PostgresStore.doubtLimit { $0.insert(job) } }
            }
            throw error.storeError
        }
    }
}

// MARK: - Life

extension PostgresStore {
    /// A number of a transaction is given to none that cannot write.
    private static let pinging = PostgresStatement("ping", isRepeatable: true, "SELECT txid_current()")

    package func ping() async throws(StoreError) {
        try await tell(PostgresStore.pinging, [])
    }

    private static let constants = PostgresStatement(
        "constant",
        isRepeatable: true,
        """
        INSERT INTO constants (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name
        RETURNING value
        """
    )

    /// The value kept under a name, which is `value` if there was none: what all daemons on the record have to share, such
    /// as the secret that signs links.
    package func constant(_ name: String, orElse value: String) async throws(StoreError) -> String {
        try await ask(PostgresStore.constants, [.text(name), .text(value)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try row.text(0) } ?? value
        }
    }

    /// A thousand rows of each kind; those that somebody is at are left for the next time.
    private static let sweeping = PostgresStatement(
        "sweep",
        isRepeatable: true,
        """
        WITH keys AS (DELETE FROM idempotency WHERE (owner, key) IN (
            SELECT kept.owner, kept.key FROM idempotency kept LEFT JOIN jobs ON jobs.id = kept.job_id
            WHERE kept.expires_ms <= $1
                AND (kept.status IS NOT NULL OR jobs.status IN ('succeeded', 'failed', 'canceled'))
            ORDER BY kept.expires_ms LIMIT 1000 FOR UPDATE OF kept SKIP LOCKED)
        ), ended AS (DELETE FROM sessions WHERE token_hash IN (
            SELECT token_hash FROM sessions WHERE expires_ms <= $1
            ORDER BY expires_ms LIMIT 1000 FOR UPDATE SKIP LOCKED)
        ), abandoned AS (DELETE FROM sign_ins WHERE state_hash IN (
            SELECT state_hash FROM sign_ins WHERE expires_ms <= $1
            ORDER BY expires_ms LIMIT 1000 FOR UPDATE SKIP LOCKED)
        ), late AS (DELETE FROM device_grants WHERE code_hash IN (
            SELECT code_hash FROM device_grants WHERE expires_ms <= $1 - \(DeviceGrant.memory.milliseconds)
            ORDER BY expires_ms LIMIT 1000 FOR UPDATE SKIP LOCKED)
        ) DELETE FROM rate_windows WHERE subject IN (
            SELECT subject FROM rate_windows WHERE end_ms <= coalesce($2, orchestrator_clock())
            ORDER BY end_ms LIMIT 1000 FOR UPDATE SKIP LOCKED)
        """
    )

    package func sweep(now: Timestamp) async throws(StoreError) {
        try await tell(PostgresStore.sweeping, [.integer(now.milliseconds), clock(at: now)])
    }
}

extension PostgresValue {
    static func json(_ object: JSONObject) -> PostgresValue { .text(JSON.object(object).text) }
    static func id(_ id: some RecordID) -> PostgresValue { .text(id.text) }
    static func time(_ time: Timestamp) -> PostgresValue { .integer(time.milliseconds) }
    static func flag(_ truth: Bool) -> PostgresValue { .integer(truth ? 1 : 0) }
    static func count(_ number: Int) -> PostgresValue { .integer(Int64(number)) }
}

extension PostgresError {
    /// For the operator at start-up, who may read what the server or libpq said.
    fileprivate var opening: StoreError {
        switch storeError {
        case .unavailable: .unavailable(description)
        case .corrupt: .corrupt(description)
        case .conflict: .conflict(description)
        }
    }
}
