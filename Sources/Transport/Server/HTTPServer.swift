import Orchestrator
import CSystem
import Glibc

/// Answers requests.
package protocol HTTPHandler: Sendable {
    /// Answers one request, on the loop of its connection; must not block.
    ///
    /// A client that leaves cancels nothing: the answer is dropped, what the handler began goes on. See
    /// ``HTTPRequest/clientGone()``. Only `HTTPServer.stop()` cancels the task.
    func respond(to request: HTTPRequest) async -> HTTPResponse
}

/// An HTTP/1.1 server over several event loops; each has its own listening socket (`SO_REUSEPORT`).
///
/// ``start()`` binds, ``run(_:)`` serves; ``drain(grace:)`` or ``stop()`` end it. The loops must outlive the server and are
/// not stopped by it.
package final class HTTPServer: Sendable {
    private struct State {
        var listeners: [Listener] = []
        var isStopping = false
    }

    private let configuration: HTTPServerConfiguration
    private let loops: [EventLoop]
    private let state = Lock(State())
    private let finished = Gate()

    package init(configuration: HTTPServerConfiguration, loops: [EventLoop]) {
        precondition(!loops.isEmpty, "a server needs a loop")
        self.configuration = configuration
        self.loops = loops
    }

    /// Binds the sockets and returns the address; clients can connect from now on and wait until `run(_:)`.
    package func start() throws(TransportError) -> PeerAddress {
        ProcessLimits.ignoreWriteSignals()
        var descriptors: [Int32] = []
        var local = system_address()
        var port = configuration.port
        for _ in loops {
            let descriptor = unsafe system_listen(configuration.host, port, configuration.backlog)
            guard descriptor >= 0, unsafe system_local_address(descriptor, &local) == 0 else {
                let code = errno
                for descriptor in descriptors { close(descriptor) }
                throw TransportError(operation: "listen on '\(configuration.host)' port \(port)", code: code)
            }
            port = local.port
            descriptors.append(descriptor)
        }
        let limit = ConnectionLimit(configuration.maxConnections)
        let listeners = zip(descriptors, loops).map { descriptor, loop in
            Listener(descriptor: descriptor, loop: loop, configuration: configuration, connectionLimit: limit)
        }
        state.withLock { state in
            precondition(state.listeners.isEmpty, "the server has been started before")
            state.listeners = listeners
        }
        return PeerAddress(local)
    }

    /// Serves until `drain` or `stop`, then waits for the handlers that still run; cancelling the task stops the server.
    ///
    /// The handler comes last, so that what it serves can be built around the address that `start()` told.
    package func run(_ handler: any HTTPHandler) async {
        let listeners = state.withLock(\.listeners)
        precondition(!listeners.isEmpty, "start the server first")
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for listener in listeners {
                    group.addTask(executorPreference: listener.loop) { await listener.run(handler) }
                }
            }
        } onCancel: {
            stop()
        }
        finished.open()
    }

    /// Stops accepting, ends idle connections and lets running requests finish; true when all did within `grace`.
    ///
    /// When it returns false, ``stop()`` breaks off what is left.
    package func drain(grace: Duration) async -> Bool {
        for listener in state.withLock(\.listeners) { listener.loop.execute { listener.drain() } }
        let (finished, loop) = (finished, loops[0])
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await finished.wait()
                return finished.isOpen
            }
            group.addTask {
                try? await loop.sleep(for: grace)
                return finished.isOpen
            }
            let isFinished = await group.next() ?? false
            group.cancelAll()
            return isFinished
        }
    }

    /// Breaks every connection off; ``run(_:)`` returns once the handlers have.
    package func stop() {
        for listener in state.withLock(\.listeners) { listener.loop.execute { listener.stop() } }
    }

    /// What the server has done so far, summed over its loops.
    package var counters: ServerCounters {
        state.withLock(\.listeners).reduce(into: ServerCounters()) { $0 += $1.counts }
    }
}
