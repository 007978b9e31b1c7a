import Orchestrator

/// A value that tests can wait for: no polling, no sleeping.
package final class Watched<Value: Sendable>: Sendable {
    private struct Watch {
        var condition: @Sendable (Value) -> Bool
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var value: Value
        var watches: [Int: Watch] = [:]
        var nextWatch = 0
    }

    private let state: Lock<State>

    package init(_ value: Value) {
        state = Lock(State(value: value))
    }

    package var value: Value { state.withLock { $0.value } }

    /// Changes the value, then wakes whose condition has come true.
    @discardableResult
    package func change<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        let (result, woken) = state.withLock { state in
            let result = body(&state.value)
            let due = state.watches.filter { $0.value.condition(state.value) }
            due.keys.forEach { state.watches[$0] = nil }
            return (result, due.values.map(\.continuation))
        }
        woken.forEach { $0.resume(returning: true) }
        return result
    }

    /// Suspends until `condition` holds; false when the task is cancelled first, as a test's time limit does.
    @discardableResult
    package func until(_ condition: @escaping @Sendable (Value) -> Bool) async -> Bool {
        let id = state.withLock { state in
            state.nextWatch += 1
            return state.nextWatch
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state -> Bool? in
                    if condition(state.value) { return true }
                    if Task.isCancelled { return false }
                    state.watches[id] = Watch(condition: condition, continuation: continuation)
                    return nil
                }
                if let isDone { continuation.resume(returning: isDone) }
            }
        } onCancel: {
            state.withLock { $0.watches.removeValue(forKey: id) }?.continuation.resume(returning: false)
        }
    }
}
