internal import Orchestrator

/// A few connections to one server on one event loop, each lent to one statement at a time.
///
/// Connections are made as they are needed and replaced when they are lost; while the server is away, one at a time is
/// tried, after growing pauses.
final class PostgresPool: @unchecked Sendable {  // every mutable property belongs to the loop's thread
    private let target: PostgresTarget
    private let loop: any ReadinessLoop
    private let limits: PostgresPoolLimits
    private let jitter: @Sendable () -> Double
    /// Told of connections that cannot be made and of those that can be again; for the log.
    private let report: @Sendable (Report) -> Void

    enum Report: Sendable {
        /// The first of a row of failures to connect.
        case away(PostgresError)
        case back
    }

    private var idle: [PostgresConnection] = []
    /// Every connection that is idle, lent or being made.
    private var connections: [ObjectIdentifier: PostgresConnection] = [:]
    private var connecting = 0
    /// In the order of their handing over, but those that are tried again come first.
    private var waiting: [PostgresQuery] = []
    /// Attempts to connect that failed since the last one that did not.
    private var failures = 0
    private var lastFailure: PostgresError?
    private var nextAttempt: DelayedCall?
    private var isClosed = false
    private var closers: [CheckedContinuation<Void, Never>] = []

    init(
        _ target: PostgresTarget,
        on loop: any ReadinessLoop,
        limits: PostgresPoolLimits = PostgresPoolLimits(),
        jitter: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
        report: @escaping @Sendable (Report) -> Void = { _ in }
    ) {
        self.target = target
        self.loop = loop
        self.limits = limits
        self.jitter = jitter
        self.report = report
    }

    // MARK: For any thread

    /// Makes a first connection, and says why when that is not possible; for the start, which should not wait and hope.
    func open() async throws(PostgresError) {
        let error = await withCheckedContinuation { (continuation: CheckedContinuation<PostgresError?, Never>) in
            loop.execute { [self] in connect { continuation.resume(returning: $0) } }
        }
        if let error { throw error }
    }

    /// Runs one statement, which is one transaction; returns when it has happened, or throws within the deadline.
    func run(
        _ statement: PostgresStatement,
        _ values: [PostgresValue] = []
    ) async throws(PostgresError) -> PostgresResult {
        guard values.allSatisfy(\.isAcceptable) else {
            throw PostgresError(.refused, "a text holds U+0000, which the database cannot keep")
        }
        let answer = await Handover.wait { handover in
            let query = PostgresQuery(statement, values, handover)
            if loop.isCurrent {
                submit(query)
            } else {
                loop.execute { self.submit(query) }
            }
        }
        return try answer.get()
    }

    /// Refuses what comes later, waits for what is being answered, and ends all connections.
    func close() async {
        await withCheckedContinuation { continuation in
            loop.execute { [self] in
                isClosed = true
                closers.append(continuation)
                if let nextAttempt { loop.cancel(nextAttempt) }
                nextAttempt = nil
                for query in waiting { end(query, .failure(PostgresPool.closed)) }
                waiting = []
                for connection in idle { drop(connection) }
                finishClosing()
            }
        }
    }

    private static let closed = PostgresError(.unavailable, "the database is closed")

    private func finishClosing() {
        guard isClosed, connections.isEmpty else { return }
        let closers = closers
        self.closers = []
        for closer in closers { closer.resume() }
    }

    // MARK: Statements

    private func submit(_ query: PostgresQuery) {
        if isClosed { return query.finish(.failure(PostgresPool.closed)) }
        guard waiting.count < limits.waiting else {
            return query.finish(.failure(PostgresError(.unavailable, "too many operations wait for the database")))
        }
        let isAway = failures >= limits.failuresThatMeanAway
        let patience = isAway ? min(limits.deadline, limits.deadlineWhileAway) : limits.deadline
        query.deadline = loop.call(after: patience) { [self] in expire(query) }
        waiting.append(query)
        dispatch()
    }

    /// Gives idle connections to those who wait, and makes further ones while that is of use.
    private func dispatch() {
        while !waiting.isEmpty, let connection = idle.popLast() {
            if connection.isUsable {
                start(waiting.removeFirst(), on: connection)
            } else {
                drop(connection)
            }
        }
        // Connections in the making serve one each; a server that is away is tried by one.
        while !isClosed, nextAttempt == nil, connecting < waiting.count, connections.count < limits.connections,
            failures == 0 || connecting == 0
        {
            connect { _ in }
        }
    }

    private func start(_ query: PostgresQuery, on connection: PostgresConnection) {
        query.attempts += 1
        query.connection = connection
        connection.run(query.statement, query.values) { [self] ending in
            ended(query, on: connection, ending)
        }
    }

    private func ended(_ query: PostgresQuery, on connection: PostgresConnection, _ ending: PostgresConnection.Ending) {
        query.connection = nil
        switch ending {
        case .answered(let result):
            end(query, .success(result))
            release(connection)
        case .refused(let error):
            // A session that holds stale plans, or is at a server that only reads, is of no use.
            let isSpent = error.isStalePlan || error.isReadOnlyServer
            if isSpent { drop(connection) }
            if error.isSerializationFailure {
                retry(query, error, after: pause(query))
            } else if isSpent {
                retry(query, error, after: error.isStalePlan ? .zero : limits.backoffBase)
            } else {
                end(query, .failure(error))
            }
            if !isSpent { release(connection) }
        case .lost(let isSent, let error):
            drop(connection)
            if isSent, !query.statement.isRepeatable {
                end(query, .failure(PostgresPool.unknown(error.detail)))
            } else {
                retry(query, error, after: .zero)
            }
        }
        dispatch()
    }

    private static func unknown(_ detail: String?) -> PostgresError {
        PostgresError(
            .outcomeUnknown,
            "the connection to the database was lost before it answered: outcome unknown",
            detail: detail
        )
    }

    private func pause(_ query: PostgresQuery) -> Duration {
        PostgresPoolLimits.wait(limits.retryBase, limit: limits.retryLimit, failures: query.attempts, jitter: jitter())
    }

    /// Begins a statement again that has not happened.
    private func retry(_ query: PostgresQuery, _ error: PostgresError, after pause: Duration) {
        if isClosed || query.attempts >= limits.attempts { return end(query, .failure(error)) }
        query.lastFailure = error
        guard pause > .zero else { return waiting.insert(query, at: 0) }
        _ = loop.call(after: pause) { [self] in
            if query.isOver { return }
            if isClosed { return end(query, .failure(PostgresPool.closed)) }
            waiting.insert(query, at: 0)
            dispatch()
        }
    }

    private func expire(_ query: PostgresQuery) {
        query.deadline = nil
        if let connection = query.connection {
            let isUnknown = connection.hasSent && !query.statement.isRepeatable
            drop(connection)
            end(query, .failure(isUnknown ? PostgresPool.unknown("it took too long") : PostgresPool.late(nil)))
        } else {
            waiting.removeAll { $0 === query }
            end(query, .failure(PostgresPool.late(query.lastFailure ?? (failures > 0 ? lastFailure : nil))))
        }
        dispatch()
    }

    private static func late(_ cause: PostgresError?) -> PostgresError {
        PostgresError(
            .unavailable,
            cause?.message ?? "the database did not answer in time",
            state: cause?.state,
            detail: cause?.detail
        )
    }

    private func end(_ query: PostgresQuery, _ answer: PostgresQuery.Answer) {
        if let deadline = query.deadline.take() { loop.cancel(deadline) }
        query.finish(answer)
    }

    // MARK: Connections

    private func release(_ connection: PostgresConnection) {
        if isClosed {
            drop(connection)
        } else {
            idle.append(connection)
        }
    }

    private func drop(_ connection: PostgresConnection) {
        connection.close()
        connections[ObjectIdentifier(connection)] = nil
        idle.removeAll { $0 === connection }
        finishClosing()
    }

    private func connect(_ done: @escaping (PostgresError?) -> Void) {
        let connection = PostgresConnection(target, on: loop)
        connections[ObjectIdentifier(connection)] = connection
        connecting += 1
        var isOver = false
        let finish = { [self] (error: PostgresError?) in
            if isOver { return }
            isOver = true
            connecting -= 1
            connected(connection, error)
            done(error)
            dispatch()
        }
        let limit = loop.call(after: limits.connecting) {
            finish(PostgresError(.unavailable, "the database cannot be reached", detail: "it did not answer in time"))
        }
        connection.open(setup: PostgresPool.setup(limits.deadline)) { [self] error in
            loop.cancel(limit)
            finish(error)
        }
    }

    private func connected(_ connection: PostgresConnection, _ error: PostgresError?) {
        guard let error else {
            if failures > 0 { report(.back) }
            failures = 0
            lastFailure = nil
            connection.onLoss = { [unowned self, unowned connection] in
                drop(connection)
            }
            return release(connection)
        }
        drop(connection)
        failures += 1
        lastFailure = error
        if failures == 1 { report(.away(error)) }
        guard !isClosed, nextAttempt == nil else { return }
        let wait = PostgresPoolLimits.wait(
            limits.backoffBase,
            limit: limits.backoffLimit,
            failures: failures,
            jitter: jitter()
        )
        nextAttempt = loop.call(after: wait) { [self] in
            nextAttempt = nil
            dispatch()
        }
    }

    /// What each session begins with: the server itself ends a statement, a little before nobody waits for it any more,
    /// so that its outcome is known.
    private static func setup(_ deadline: Duration) -> String {
        """
        SET statement_timeout = \((deadline * 0.9).milliseconds); SET idle_in_transaction_session_timeout = 60000;
        SET client_min_messages = warning; SET jit = off; SET TimeZone = 'UTC';
        SELECT set_config(name, '1000', false) FROM pg_settings WHERE name = 'client_connection_check_interval'
        """
    }
}
