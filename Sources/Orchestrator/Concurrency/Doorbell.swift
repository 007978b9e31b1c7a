/// Lets one part sleep until there may be work; rings that nobody hears count as one for the next who listens.
package final class Doorbell: Sendable {
    private struct State: Sendable {
        var isRung = false
        var listener: CheckedContinuation<Void, Never>?
    }

    private let state = Lock(State())

    package init() {}

    package func ring() {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            if state.listener == nil { state.isRung = true }
            return state.listener
        }
        listener?.resume()
    }

    /// Waits for a ring, for at most `pause`, or until the task is cancelled. One task at a time.
    package func wait(atMost pause: Duration, _ time: any TimeSource) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await time.sleep(for: pause) }
            group.addTask { await self.listen() }
            await group.next()
            group.cancelAll()
        }
    }

    private func listen() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isRung || Task.isCancelled {
                        state.isRung = false
                        return true
                    }
                    state.listener = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let listener = state.withLock { state in
                defer { state.listener = nil }
                return state.listener
            }
            listener?.resume()
        }
    }
}
