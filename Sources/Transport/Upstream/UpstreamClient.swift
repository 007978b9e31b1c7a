package import Orchestrator

/// The way out for a whole process: gives each call to the connections of the event loop it is made on.
package final class UpstreamClient: Upstream {
    private let pools: [UpstreamPool]
    private let files: BlockingPool

    /// Keeps connections on each of `loops`, at least one; `files` reads the files that requests send.
    package init(loops: [EventLoop], files: BlockingPool, configuration: UpstreamConfiguration) {
        precondition(!loops.isEmpty)
        pools = loops.map { UpstreamPool(loop: $0, configuration: configuration) }
        self.files = files
    }

    package func send(_ call: UpstreamCall, sinks: any SinkMaker) async throws(UpstreamError) -> UpstreamReply {
        let transfer = Transfer(call, sinks: sinks, isStream: false)
        let reply = try await perform(transfer) { _ in }
        guard let reply else { throw UpstreamError(.malformed(status: 200), "a stream where none was asked for") }
        return reply
    }

    package func stream(
        _ call: UpstreamCall,
        sinks: any SinkMaker,
        onEvent: @escaping @Sendable (UpstreamEvent) async throws -> Void
    ) async throws(UpstreamError) -> UpstreamReply? {
        try await perform(Transfer(call, sinks: sinks, isStream: true), onEvent: onEvent)
    }

    /// What calls have cost so far, by origin; those to public addresses only stand under nil.
    package func counters() async -> [Origin?: UpstreamCounters] {
        var sum: [Origin?: UpstreamCounters] = [:]
        for pool in pools {
            let part = await pool.onLoop { $0.counters }
            for (origin, counters) in part { sum[origin, default: UpstreamCounters()] += counters }
        }
        return sum
    }

    /// Ends every call as cancelled and closes every connection; to be awaited before the loops are stopped, else
    /// connections stay open as long as the process lives.
    package func shutDown() async {
        for pool in pools { await pool.onLoop { $0.close() } }
    }

    // MARK: One call

    private func perform(
        _ transfer: Transfer,
        onEvent: @escaping @Sendable (UpstreamEvent) async throws -> Void
    ) async throws(UpstreamError) -> UpstreamReply? {
        let pool = pool()
        let result = await withTaskCancellationHandler {
            await drive(transfer, on: pool, onEvent: onEvent)
        } onCancel: {
            pool.loop.execute { pool.cancel(transfer) }
        }
        return try result.get()
    }

    /// Does what the call asks for until it ends.
    private func drive(
        _ transfer: Transfer,
        on pool: UpstreamPool,
        onEvent: @escaping @Sendable (UpstreamEvent) async throws -> Void
    ) async -> Result<UpstreamReply?, UpstreamError> {
        if Task.isCancelled { return .failure(UpstreamError(.cancelled(sent: false), "cancelled before it began")) }
        var step = await pool.nextStep(of: transfer, isFirst: true)
        while true {
            switch step {
            case .end(let result):
                return result
            case .read(let read):
                let bytes = await bytes(of: read)
                await pool.onLoop { $0.supply(transfer, bytes) }
            case .event(let event):
                do {
                    try await onEvent(event)
                } catch {
                    await pool.onLoop { $0.cancel(transfer) }
                    let cause = error as? UpstreamError
                    return .failure(cause ?? UpstreamError(.cancelled(sent: true), "the reader of the events gave up"))
                }
            }
            step = await pool.nextStep(of: transfer, isFirst: false)
        }
    }

    private func bytes(of read: FileRead) async -> [UInt8]? {
        do {
            return try await files.run { read.perform() }
        } catch {
            // The queue is full. The vendor waits in the middle of a request, so a short stall of this loop is the lesser harm.
            return read.perform()
        }
    }

    private func pool() -> UpstreamPool {
        guard pools.count > 1, let current = EventLoop.current else { return pools[0] }
        return pools.first { $0.loop === current } ?? pools[0]
    }
}

extension UpstreamPool {
    /// Waits for what a call asks for next, having started it if `isFirst`.
    fileprivate func nextStep(of transfer: Transfer, isFirst: Bool) async -> Transfer.Step {
        await unsafe withUnsafeContinuation { continuation in
            if loop.isCurrent {
                if isFirst { start(transfer) }
                unsafe wait(transfer, continuation)
            } else {
                loop.execute {
                    if isFirst { self.start(transfer) }
                    unsafe self.wait(transfer, continuation)
                }
            }
        }
    }

    /// Runs `body` on the loop.
    fileprivate func onLoop<Value: Sendable>(_ body: @escaping @Sendable (UpstreamPool) -> Value) async -> Value {
        if loop.isCurrent { return body(self) }
        return await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: body(self)) }
        }
    }
}
