internal import Orchestrator

/// One operation that a task waits for, with its result's type forgotten, so that a queue can hold it.
protocol PendingCall: AnyObject, Sendable {
    /// Does the work and keeps its result; may be called again after the work was undone.
    func perform(on connection: Connection) throws(DatabaseError)
    /// Lets the task go on with the result of the last `perform`.
    func succeed()
    /// Lets the task go on with an error.
    func fail(_ error: StoreError)
}

/// An operation with its result; used by one thread at a time, first the caller's, then the worker's.
final class TypedCall<Value: Sendable>: PendingCall, @unchecked Sendable {  // handed over through a mailbox's lock
    typealias Body = @Sendable (Connection) throws(DatabaseError) -> Value

    private let body: Body
    private let continuation: CheckedContinuation<Result<Value, StoreError>, Never>
    private var value: Value?

    init(_ body: @escaping Body, _ continuation: CheckedContinuation<Result<Value, StoreError>, Never>) {
        self.body = body
        self.continuation = continuation
    }

    func perform(on connection: Connection) throws(DatabaseError) {
        value = try body(connection)
    }

    func succeed() {
        guard let value else { preconditionFailure("an operation succeeded that was not performed") }
        continuation.resume(returning: .success(value))
    }

    func fail(_ error: StoreError) {
        continuation.resume(returning: .failure(error))
    }
}

extension Mailbox where Element == any PendingCall {
    /// Queues an operation and waits for its end.
    func call<Value: Sendable>(_ body: @escaping TypedCall<Value>.Body) async throws(StoreError) -> Value {
        let result = await withCheckedContinuation { continuation in
            let call = TypedCall(body, continuation)
            switch put(call) {
            case .accepted: break
            case .full: call.fail(.unavailable("too many operations wait for the database"))
            case .closed: call.fail(.unavailable("the database is closed"))
            }
        }
        return try result.get()
    }
}
