import Orchestrator

/// A door that opens once: tasks wait in front of it until then.
package final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var abandoned: Set<UInt64> = []
        var tickets: UInt64 = 0
    }

    private let state = Lock(State())

    package init() {}

    package var isOpen: Bool { state.withLock(\.isOpen) }

    /// Lets everybody through, now and later.
    package func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume() }
    }

    /// Returns when the gate is open or the task is cancelled; `isOpen` tells which.
    package func wait() async {
        let ticket = state.withLock { state -> UInt64? in
            if state.isOpen { return nil }
            state.tickets += 1
            return state.tickets
        }
        guard let ticket else { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    if state.isOpen || state.abandoned.remove(ticket) != nil { return false }
                    state.waiting[ticket] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
                if let continuation = state.waiting.removeValue(forKey: ticket) { return continuation }
                if !state.isOpen { state.abandoned.insert(ticket) }
                return nil
            }
            continuation?.resume()
        }
    }
}
