internal import Orchestrator

/// One statement that a task waits for.
final class PostgresQuery: @unchecked Sendable {  // confined to the loop's thread once it is handed over
    typealias Answer = Result<PostgresResult, PostgresError>

    let statement: PostgresStatement
    let values: [PostgresValue]
    private var handover: Handover<Answer>?
    /// The one that it runs on.
    var connection: PostgresConnection?
    /// How often it has been begun.
    var attempts = 0
    var deadline: DelayedCall?
    /// What kept it from being answered so far.
    var lastFailure: PostgresError?

    init(
        _ statement: PostgresStatement,
        _ values: [PostgresValue],
        _ handover: Handover<Answer>
    ) {
        self.statement = statement
        self.values = values
        self.handover = handover
    }

    var isOver: Bool { handover == nil }

    /// Lets the task go on; whatever comes later is ignored.
    func finish(_ answer: Answer) {
        connection = nil
        handover.take()?.deliver(answer)
    }
}
