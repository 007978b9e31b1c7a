import Transport

/// Runs what nobody waits for; structured, so that the daemon's end is their end.
final class BackgroundTasks: Sendable {
    private let work: AsyncStream<@Sendable () async -> Void>
    private let queue: AsyncStream<@Sendable () async -> Void>.Continuation
    private let loop: EventLoop

    init(on loop: EventLoop) {
        self.loop = loop
        (work, queue) = AsyncStream.makeStream()
    }

    func submit(_ body: @escaping @Sendable () async -> Void) {
        queue.yield(body)
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            for await body in work {
                group.addTask(executorPreference: loop) { await body() }
            }
        }
    }

    /// Takes no more work; `run` returns when what was submitted has ended.
    func finish() {
        queue.finish()
    }
}
