internal import Orchestrator

/// One connection for one task that does several things in a row, such as a transaction of several statements.
///
/// The owner ends it by ``close()``, which also undoes a transaction that is open.
final class PostgresSession: Sendable {
    private let connection: PostgresConnection
    private let loop: any ReadinessLoop
    /// For each step; longer than that of a pool, as a change of the schema may rewrite tables.
    private let limit: Duration

    /// Connects and logs in.
    init(
        _ target: PostgresTarget,
        on loop: any ReadinessLoop,
        limit: Duration = .seconds(600)
    ) async throws(PostgresError) {
        let connection = PostgresConnection(target, on: loop)
        self.connection = connection
        self.loop = loop
        self.limit = limit
        let error = await withCheckedContinuation { (continuation: CheckedContinuation<PostgresError?, Never>) in
            loop.execute {
                let opened = PostgresSession.once(.seconds(10), connection, on: loop) { (error: PostgresError?) in
                    continuation.resume(returning: error)
                } late: {
                    PostgresError(.unavailable, "the database cannot be reached", detail: "it did not answer in time")
                }
                connection.open(setup: "SET client_min_messages = warning; SET TimeZone = 'UTC'", opened)
            }
        }
        if let error {
            await close()
            throw error
        }
    }

    /// Runs statements without parameters: one transaction, unless one is open or they say otherwise.
    func execute(_ script: String) async throws(PostgresError) {
        _ = try await ask { connection, ended in connection.run(script: script, ended) }
    }

    /// Runs one statement.
    func run(
        _ statement: PostgresStatement,
        _ values: [PostgresValue] = []
    ) async throws(PostgresError) -> PostgresResult {
        try await ask { connection, ended in connection.run(statement, values, ended) }
    }

    func close() async {
        await withCheckedContinuation { continuation in
            loop.execute { [connection] in
                connection.close()
                continuation.resume()
            }
        }
    }

    private typealias Answer = Result<PostgresResult, PostgresError>

    private func ask(
        _ begin: @escaping @Sendable (PostgresConnection, @escaping (PostgresConnection.Ending) -> Void) -> Void
    ) async throws(PostgresError) -> PostgresResult {
        let answer = await Handover.wait { (handover: Handover<Answer>) in
            loop.execute { [connection, loop, limit] in
                guard connection.isUsable else {
                    let lost = PostgresError(.unavailable, "the connection to the database was lost")
                    return handover.deliver(.failure(lost))
                }
                let ended = PostgresSession.once(limit, connection, on: loop) { (answer: Answer) in
                    handover.deliver(answer)
                } late: {
                    .failure(PostgresError(.outcomeUnknown, "the database did not answer in time"))
                }
                begin(connection) { ending in
                    switch ending {
                    case .answered(let result): ended(.success(result))
                    case .refused(let error), .lost(_, let error): ended(.failure(error))
                    }
                }
            }
        }
        return try answer.get()
    }

    /// A function that hands its first argument on; when it is not called in time, it closes the connection and hands on
    /// what `late` says. On the loop's thread.
    private static func once<Value>(
        _ limit: Duration,
        _ connection: PostgresConnection,
        on loop: any ReadinessLoop,
        _ body: @escaping (Value) -> Void,
        late: @escaping () -> Value
    ) -> (Value) -> Void {
        var isOver = false
        let timer = loop.call(after: limit) {
            if isOver { return }
            isOver = true
            connection.close()
            body(late())
        }
        return { value in
            if isOver { return }
            isOver = true
            loop.cancel(timer)
            body(value)
        }
    }
}
