import Orchestrator

import Glibc

/// An HTTP/1.1 server on a free port of 127.0.0.1 that can do on purpose what a proper server never does: hang, close
/// without a word, reset in the middle. A thread per connection; made for tests alone.
package final class LoopbackServer: Sendable {
    package typealias Handler = @Sendable (FakeRequest, _ send: (FakeReply) -> Void) -> Void

    private struct State {
        var listener: Int32?
        var accepting: WorkerThread?
        var connections: Set<Int32> = []
        var workers: [WorkerThread] = []
        var isStopped = false
    }

    package let port: UInt16
    /// Holds the port, without listening, so that it stays ours while connections are refused.
    private let reservation: Int32
    private let handler: Handler
    private let state = Lock(State())

    /// Starts listening.
    package init(_ handler: @escaping Handler) throws {
        reservation = try Loopback.bound(port: 0)
        port = Loopback.port(of: reservation)
        self.handler = handler
        try acceptConnections()
    }

    package var origin: String { "http://127.0.0.1:\(port)" }

    /// Listens again after ``refuseConnections()``.
    package func acceptConnections() throws {
        let listener = try Loopback.bound(port: port)
        guard listen(listener, 128) == 0 else { throw Loopback.Failure(operation: "listen", code: errno) }
        let thread = WorkerThread { [self] in accept(on: listener) }
        state.withLock {
            $0.listener = listener
            $0.accepting = thread
        }
    }

    /// Closes all connections and lets the kernel refuse new ones.
    package func refuseConnections() {
        let accepting = state.withLock { state in
            if let listener = state.listener { shutdown(listener, Int32(SHUT_RDWR)) }
            defer {
                state.listener = nil
                state.accepting = nil
            }
            return state.accepting
        }
        accepting?.join()
        closeConnections()
    }

    /// Ends everything and waits for it; open gates first, or this never returns.
    package func stop() {
        guard
            state.withLock({ state in
                defer { state.isStopped = true }
                return !state.isStopped
            })
        else { return }
        refuseConnections()
        close(reservation)
    }

    private func closeConnections() {
        let workers = state.withLock { state in
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
            defer { state.workers = [] }
            return state.workers
        }
        workers.forEach { $0.join() }
    }

    private func accept(on listener: Int32) {
        while true {
            let connection = Glibc.accept(listener, nil, nil)
            if connection < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                break
            }
            // A daemon that a test starts must not keep it open.
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            state.withLock { state in
                state.connections.insert(connection)
                state.workers.append(WorkerThread { [self] in serve(connection) })
            }
        }
        close(listener)
    }

    private func serve(_ connection: Int32) {
        var reader = HTTPReader(connection)
        while let message = reader.next(isResponse: false), let request = FakeRequest(message) {
            var isUsable = true
            handler(request) { isUsable = LoopbackServer.write($0, to: connection, isHead: request.method == "HEAD") }
            if !isUsable || message.header("connection")?.lowercased() == "close" { break }
        }
        state.withLock { state in
            // Inside the lock: nobody may shut down the number once it belongs to another socket.
            state.connections.remove(connection)
            close(connection)
        }
    }

    /// Writes a reply; false when the connection must be closed.
    private static func write(_ reply: FakeReply, to connection: Int32, isHead: Bool) -> Bool {
        switch reply.conduct {
        case .answers: break
        case .closes: return false
        case .hangs:
            Loopback.waitForHangUp(connection)
            return false
        }
        var head = "HTTP/1.1 \(reply.status) \(reply.status < 400 ? "OK" : "Error")\r\n"
        for (name, value) in reply.headers { head += "\(name): \(value)\r\n" }
        switch reply.framing {
        case .length: head += "content-length: \(reply.body.count)\r\n\r\n"
        case .chunked: head += "transfer-encoding: chunked\r\n\r\n"
        }
        guard Loopback.send(head.utf8, to: connection) else { return false }
        if isHead { return true }
        for part in reply.parts {
            switch part {
            case .bytes(let bytes):
                guard !bytes.isEmpty else { continue }
                let isChunked = reply.framing == .chunked
                let framed = isChunked ? Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10] : bytes
                guard Loopback.send(framed, to: connection) else { return false }
            case .wait(let gate):
                gate.wait()
            case .reset:
                Loopback.resetOnClose(connection)
                return false
            }
        }
        return reply.framing == .length || Loopback.send("0\r\n\r\n".utf8, to: connection)
    }
}

extension FakeRequest {
    /// Takes a message apart; nil when its first line is no request.
    init?(_ message: HTTPReader.Message) {
        let words = message.startLine.split(separator: " ")
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return nil }
        let target = words[1].split(separator: "?", maxSplits: 1)
        guard let path = target.first else { return nil }
        var query: [String: String] = [:]
        for pair in target.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1)
            guard let name = sides.first.flatMap(Self.formDecoded) else { continue }
            query[name] = sides.count == 2 ? Self.formDecoded(sides[1]) : ""
        }
        self.init(String(words[0]), String(path), query: query, headers: message.headers, body: message.body)
    }
}
