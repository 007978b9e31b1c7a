/// One job while this process works on it: where to wait for its end, watch its states, and cancel it.
package final class RunningJob: Sendable {
    /// Where a job stands when waiting for it is over, with the bytes of its pictures.
    ///
    /// Where the status is not final, this process cannot tell the end: it stops, or cannot reach the record.
    package struct End: Sendable {
        package var job: JobRecord
        /// In the order of `job.images`; they may already have been moved to the storage. May be empty.
        package var sources: [ByteSource]
        /// Nothing of it was begun here, as the process stops; another process takes it up.
        package var isLeft = false

        package init(job: JobRecord, sources: [ByteSource]) {
            self.job = job
            self.sources = sources
        }
    }

    private struct State: Sendable {
        var job: JobRecord
        var execution: JobExecution?
        var end: End?
        var task: Task<Void, Never>?
        var isStopped = false
        var isLost = false
        var waiters: [CheckedContinuation<End, Never>] = []
        var watchers: [AsyncStream<JobRecord>.Continuation] = []
    }

    private let state: Lock<State>

    init(_ job: JobRecord) {
        state = Lock(State(job: job))
    }

    /// The job as it stands.
    package var job: JobRecord { state.withLock { $0.job } }

    /// The right to work on it; nil until it was accepted.
    package var lease: JobLease? { state.withLock { $0.execution?.lease } }

    /// Whether another process was found to have the job.
    var isLost: Bool { state.withLock { $0.isLost } }

    /// Waits for the end, or until this process knows that it cannot tell it.
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
            state.isStopped = true
            return state.task
        }
        task?.cancel()
    }

    /// Stops the work, as it is another's now; nothing of it is written.
    func lose() {
        state.withLock { $0.isLost = true }
        cancel()
    }

    /// Stops a job that has not begun, for another process to take up; false when it has begun.
    func leave() -> Bool {
        guard state.withLock({ $0.execution })?.close() == true else { return false }
        cancel()
        return true
    }

    /// Goes on under another lease.
    func adopt(_ lease: JobLease) {
        state.withLock { $0.execution }?.adopt(lease)
    }

    // MARK: - For the runner

    /// Shows a job that is on record and about to be served.
    func begin(_ job: JobRecord, _ execution: JobExecution) {
        state.withLock { state in
            state.job = job
            state.execution = execution
            for watcher in state.watchers { watcher.yield(job) }
        }
    }

    /// Shows what its attempts have come to.
    func show(_ attempts: [AttemptRecord]) {
        state.withLock { state in
            guard state.end == nil else { return }
            state.job.attempts = attempts
            guard state.job.status == .queued else { return }
            state.job.status = .running
            state.job.started = attempts.map(\.started).min()
            for watcher in state.watchers { watcher.yield(state.job) }
        }
    }

    func adopt(_ task: Task<Void, Never>) {
        let isStopped = state.withLock { state in
            state.task = task
            return state.isStopped
        }
        if isStopped { task.cancel() }
    }

    func end(_ job: JobRecord, sources: [ByteSource]) {
        end(End(job: job, sources: sources))
    }

    /// Lets go who waits: the end will not be known here in time.
    func release(isLeft: Bool = false) {
        var end = End(job: job, sources: [])
        end.isLeft = isLeft
        self.end(end)
    }

    private func end(_ end: End) {
        let waiters = state.withLock { state in
            state.job = end.job
            state.end = end
            state.task = nil
            for watcher in state.watchers {
                watcher.yield(end.job)
                watcher.finish()
            }
            state.watchers = []
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }
}
