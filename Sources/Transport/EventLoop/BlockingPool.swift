import Orchestrator
import CSystem
import Glibc

/// A few threads for work that blocks or burns CPU: files, fsync, image codecs; never let such work on an ``EventLoop``.
///
/// Also a `TaskExecutor`, for code that has to call such functions between suspensions. The queue of ``run(_:)`` is
/// bounded; jobs of tasks that prefer this executor are not counted, since a job cannot be refused.
package final class BlockingPool: TaskExecutor, Sendable {
    /// Why ``run(_:)`` did not run the work.
    package enum Refusal: Error, Equatable {
        /// As many pieces of work wait as the pool admits.
        case queueFull
        /// The pool has been stopped.
        case stopped
    }

    private enum Work {
        case job(UnownedJob)
        case action(@Sendable (_ isRefused: Bool) -> Void)
    }

    private struct State {
        var queue: [Work] = []
        var head = 0
        var actions = 0
        var isStopping = false
        var threads: [pthread_t] = []

        mutating func next() -> Work? {
            guard head < queue.count else { return nil }
            let work = queue[head]
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= 1024, head * 2 >= queue.count {
                queue.removeSubrange(..<head)
                head = 0
            }
            if case .action = work { actions -= 1 }
            return work
        }
    }

    package let queueLimit: Int
    private let state = Lock(State())
    private let available: Semaphore

    /// Starts `threads` threads, at least 1; at most `queueLimit` pieces of work may wait.
    package init(name: String, threads: Int, queueLimit: Int = 1024) throws(TransportError) {
        precondition(threads >= 1 && queueLimit >= 1)
        self.queueLimit = queueLimit
        available = Semaphore()
        for index in 0..<threads {
            var thread = pthread_t()
            let code = unsafe system_thread_start(
                &thread,
                "\(name)-\(index)",
                runBlockingThread,
                Unmanaged.passRetained(self).toOpaque()
            )
            guard code == 0 else {
                let failure = errno
                unsafe Unmanaged.passUnretained(self).release()
                stop()
                throw TransportError(operation: "pthread_create", code: failure)
            }
            state.withLock { $0.threads.append(thread) }
        }
    }

    /// Runs `body` on one of the threads and comes back to the caller's executor with what it returns or throws.
    ///
    /// Throws ``Refusal`` when the queue is full or the pool stopped; work that has started is not cancelled.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let outcome: Result<Value, any Error> = await Handover.wait { handover in
            let refusal: Refusal? = state.withLock { state in
                if state.isStopping { return .stopped }
                if state.actions >= queueLimit { return .queueFull }
                state.actions += 1
                state.queue.append(
                    .action { isRefused in
                        handover.deliver(isRefused ? .failure(Refusal.stopped) : Result { try body() })
                    }
                )
                return nil
            }
            if let refusal {
                handover.deliver(.failure(refusal))
            } else {
                available.signal()
            }
        }
        return try outcome.get()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.queue.append(.job(job)) }
        available.signal()
    }

    /// Refuses what has not started, waits for what has, and ends the threads; idempotent.
    package func stop() {
        let threads = state.withLock { state in
            state.isStopping = true
            defer { state.threads = [] }
            return state.threads
        }
        for _ in threads { available.signal() }
        for thread in threads { pthread_join(thread, nil) }
        // What arrived after the last thread had left: a job cannot be refused, so its task goes on right here.
        while let work = state.withLock({ $0.next() }) { perform(work, isStopping: true) }
    }

    fileprivate func work() {
        while true {
            available.wait()
            let (work, isStopping) = state.withLock { ($0.next(), $0.isStopping) }
            if let work {
                perform(work, isStopping: isStopping)
            } else if isStopping {
                return
            }
        }
    }

    private func perform(_ work: Work, isStopping: Bool) {
        switch work {
        case .job(let job): unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        case .action(let action): action(isStopping)
        }
    }
}

/// A POSIX semaphore, which must not move in memory.
@safe private final class Semaphore: @unchecked Sendable {  // sem_post(3) and sem_wait(3) are safe from any thread
    private let storage: UnsafeMutablePointer<sem_t>

    init() {
        unsafe storage = .allocate(capacity: 1)
        unsafe sem_init(storage, 0, 0)
    }

    deinit {
        unsafe sem_destroy(storage)
        unsafe storage.deallocate()
    }

    func signal() { unsafe sem_post(storage) }

    func wait() {
        while unsafe sem_wait(storage) != 0, errno == EINTR {}
    }
}

/// The body of one thread of a pool; consumes the reference that `init` made.
private func runBlockingThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    unsafe Unmanaged<BlockingPool>.fromOpaque(argument).takeRetainedValue().work()
    return nil
}
