internal import Dispatch
internal import Orchestrator

/// A few threads for work that computes for long, with a bound on what waits for them.
///
/// Work that finds the line full is refused at once: a caller that hears `busy` can tell its own, memory cannot.
final class ImagingPool: Sendable {
    private struct State {
        var waiting: [(id: UInt64, work: @Sendable (_ isCancelled: Bool) -> Void)] = []
        /// The queues that have nothing to do.
        var idle: [DispatchQueue]
        var nextID: UInt64 = 0
    }

    private let maxWaiting: Int
    private let state: Lock<State>

    /// Serial queues, as each has a thread of its own whatever else is busy; a concurrent queue would take its threads from
    /// those few that Swift's tasks run on.
    init(threads: Int, maxWaiting: Int) {
        self.maxWaiting = maxWaiting
        state = Lock(State(idle: (0..<threads).map { DispatchQueue(label: "imaging.\($0)") }))
    }

    /// How much work has been taken and not begun.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Runs `work` on one of the threads; cancelling the task takes back work that has not begun.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(ImagingError) -> Value
    ) async throws(ImagingError) -> Value {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let result: Result<Value, ImagingError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isAccepted = enqueue(id) { isCancelled in
                    guard !isCancelled else {
                        continuation.resume(returning: .failure(ImagingError(.cancelled, "cancelled while waiting")))
                        return
                    }
                    do throws(ImagingError) {
                        continuation.resume(returning: .success(try work()))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
                if !isAccepted {
                    continuation.resume(returning: .failure(ImagingError(.busy, "\(maxWaiting) pictures are waiting")))
                } else if Task.isCancelled {
                    cancel(id)  // the handler may have run before there was anything to take back
                }
            }
        } onCancel: {
            cancel(id)
        }
        return try result.get()
    }

    private func enqueue(_ id: UInt64, _ work: @escaping @Sendable (Bool) -> Void) -> Bool {
        let (isAccepted, idle) = state.withLock { state -> (Bool, DispatchQueue?) in
            guard !state.idle.isEmpty || state.waiting.count < maxWaiting else { return (false, nil) }
            state.waiting.append((id, work))
            return (true, state.idle.popLast())
        }
        if let idle { idle.async { self.work(on: idle) } }
        return isAccepted
    }

    private func cancel(_ id: UInt64) {
        let work = state.withLock { state in
            state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0).work }
        }
        work?(true)
    }

    /// Works until nothing waits, then lies idle.
    private func work(on queue: DispatchQueue) {
        while let next = next(for: queue) { next(false) }
        VipsLibrary.leaveThread()
    }

    private func next(for queue: DispatchQueue) -> (@Sendable (Bool) -> Void)? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst().work }
            state.idle.append(queue)
            return nil
        }
    }
}
