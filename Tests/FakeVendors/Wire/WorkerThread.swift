import Glibc

/// A thread of its own for code that blocks, which no task may do.
package final class WorkerThread: Sendable {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    private let handle: pthread_t

    /// Starts the thread; every thread has to be joined or detached once.
    package init(_ run: @escaping @Sendable () -> Void) {
        var handle = pthread_t()
        let body = unsafe Unmanaged.passRetained(Body(run))
        let code = unsafe pthread_create(
            &handle,
            nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            },
            body.toOpaque()
        )
        precondition(code == 0, "no thread: error \(code)")
        self.handle = handle
    }

    /// Waits for its end.
    package func join() {
        pthread_join(handle, nil)
    }

    /// Lets it end unattended.
    package func detach() {
        pthread_detach(handle)
    }

    /// Runs blocking work beside the task that awaits it.
    package static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            WorkerThread { continuation.resume(with: Result { try work() }) }.detach()
        }
    }
}
