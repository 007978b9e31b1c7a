import Orchestrator
import CSystem
import Glibc

/// A thread of its own for one blocking loop, with an end that tasks can wait for.
final class WorkerThread: Sendable {
    private struct End {
        var hasCome = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Given up, with all that it holds, before the end is announced.
    private let body: Lock<(@Sendable () -> Void)?>
    private let end = Lock(End())

    /// Starts the thread; traps when the system has no room for one more, as nothing runs without it.
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        self.body = Lock(body)
        var thread = pthread_t()
        let code = unsafe system_thread_start(&thread, name, runWorker, Unmanaged.passRetained(self).toOpaque())
        precondition(code == 0, "no thread for '\(name)': error \(errno)")
        pthread_detach(thread)
    }

    /// Returns when the loop has returned.
    func ended() async {
        await withCheckedContinuation { continuation in
            let hasCome = end.withLock { end in
                if !end.hasCome { end.waiters.append(continuation) }
                return end.hasCome
            }
            if hasCome { continuation.resume() }
        }
    }

    fileprivate func run() {
        body.withLock { $0.take() }?()
        let waiters = end.withLock { end in
            end.hasCome = true
            defer { end.waiters = [] }
            return end.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// Consumes the reference that `init` made.
private func runWorker(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    unsafe Unmanaged<WorkerThread>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
