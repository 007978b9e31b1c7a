/// One job while it runs: where to wait for its end, watch its states, and cancel it.
package final class RunningJob: Sendable {
    /// A job that has ended, with the bytes of its pictures.
    package struct End: Sendable {
        package var job: JobRecord
        /// In the order of `job.images`; they may already have been moved to the storage.
        package var sources: [ByteSource]
    }

    private struct State: Sendable {
        var job: JobRecord
        var end: End?
        var task: Task<Void, Never>?
        var isCancelled = false
        var waiters: [CheckedContinuation<End, Never>] = []
        var watchers: [AsyncStream<JobRecord>.Continuation] = []
    }

    private let state: Lock<State>

    init(_ job: JobRecord) {
        state = Lock(State(job: job))
    }

    /// The job as it stands.
    package var job: JobRecord { state.withLock { $0.job } }

    /// Waits for the end.
    package func value() async -> End {
        await withCheckedContinuation { continuation in
            let end = state.withLock { state in
                if state.end == nil { state.waiters.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// The job's states from the present one to the last.
    package func states() -> AsyncStream<JobRecord> {
        AsyncStream { continuation in
            state.withLock { state in
                continuation.yield(state.job)
                if state.end == nil { state.watchers.append(continuation) } else { continuation.finish() }
            }
        }
    }

    /// Asks the job to stop; it ends as soon as its calls have let go.
    package func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    func begin(_ job: JobRecord) {
        state.withLock { state in
            state.job = job
            for watcher in state.watchers { watcher.yield(job) }
        }
    }

    func adopt(_ task: Task<Void, Never>) {
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    func end(_ job: JobRecord, sources: [ByteSource]) {
        let end = End(job: job, sources: sources)
        let waiters = state.withLock { state in
            state.job = job
            state.end = end
            state.task = nil
            for watcher in state.watchers {
                watcher.yield(job)
                watcher.finish()
            }
            state.watchers = []
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }
}
