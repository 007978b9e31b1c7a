import Synchronization
import CSystem
import Glibc

/// One loop's part of a server: its listening socket, its connections and the buffers they share.
///
/// Everything but `counters` and `connectionLimit` is touched on the loop's thread only.
@safe final class Listener: EventSource, @unchecked Sendable {  // the loop's thread, and atomics
    struct Counters: ~Copyable {
        let connectionsAccepted = SingleWriterCounter()
        let connectionsOpen = SingleWriterCounter()
        let connectionsRefused = SingleWriterCounter()
        let requests = SingleWriterCounter()
        let rejected = SingleWriterCounter()
        let bytesReceived = SingleWriterCounter()
        let bytesSent = SingleWriterCounter()
    }

    /// Connections accepted before other events of the loop get their turn.
    private static let acceptsPerTurn = 64
    /// How long nothing is accepted when the process is out of descriptors or memory.
    private static let exhaustionPause = Duration.milliseconds(100)

    let loop: EventLoop
    let configuration: HTTPServerConfiguration
    let counters = Counters()
    /// For one read at a time; nothing stays in it across a suspension.
    let readBuffer: UnsafeMutableRawBufferPointer
    /// Holds one response head while it is written; nothing stays in it across a suspension.
    var head = ResponseHead()

    private let connectionLimit: ConnectionLimit
    private var descriptor: Int32
    private var accepted: [Connection] = []
    private var acceptWaiter: CheckedContinuation<Void, Never>?
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var isDraining = false
    private var isStopping = false
    private var date: [UInt8] = []
    private var dateExpires: UInt64 = 0

    init(
        descriptor: Int32,
        loop: EventLoop,
        configuration: HTTPServerConfiguration,
        connectionLimit: ConnectionLimit
    ) {
        self.descriptor = descriptor
        self.loop = loop
        self.configuration = configuration
        self.connectionLimit = connectionLimit
        unsafe readBuffer = .allocate(byteCount: 64 << 10, alignment: 16)
    }

    deinit {
        unsafe readBuffer.deallocate()
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Accepts and serves connections until ``drain()`` or ``stop()``, then waits for those that are left.
    @concurrent func run(_ handler: any HTTPHandler) async {
        if descriptor >= 0 { loop.register(descriptor, events: .readable, source: self) }
        await withDiscardingTaskGroup { group in
            while let connection = await nextConnection() {
                let id = ObjectIdentifier(connection)
                connections[id] = connection
                group.addTask(executorPreference: loop) {
                    await connection.serve(handler)
                    self.connections[id] = nil
                    self.leave()
                    self.wakeAccepting()
                }
            }
            if isStopping { group.cancelAll() }
        }
    }

    /// Stops accepting; idle connections end now, the others after the answer they are working on.
    func drain() {
        isDraining = true
        closeSocket()
        for connection in connections.values { connection.drain() }
        wakeAccepting()
    }

    /// Stops accepting, breaks every connection off and cancels the tasks of their handlers.
    func stop() {
        isDraining = true
        isStopping = true
        closeSocket()
        for connection in connections.values { connection.abort() }
        wakeAccepting()
    }

    // MARK: Accepting

    func ready(_ descriptor: Int32, _ events: EventMask) {
        for _ in 0..<Listener.acceptsPerTurn {
            var peer = system_address()
            let socket = unsafe system_accept(descriptor, &peer)
            if socket < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                if errno != EAGAIN { pauseAccepting() }
                break
            }
            counters.connectionsAccepted.add(1)
            guard connectionLimit.enter() else {
                refuse(socket)
                continue
            }
            counters.connectionsOpen.add(1)
            accepted.append(Connection(descriptor: socket, peer: PeerAddress(peer), listener: self))
        }
        wakeAccepting()
    }

    /// The next connection to serve; nil once there is none left and none to come.
    private func nextConnection() async -> Connection? {
        while true {
            if isDraining {
                // Accepted, but without a request: as good as not accepted.
                for _ in accepted { leave() }
                accepted = []
                if isStopping || connections.isEmpty { return nil }
            }
            if !accepted.isEmpty { return accepted.removeFirst() }
            await withCheckedContinuation { acceptWaiter = $0 }
        }
    }

    private func leave() {
        counters.connectionsOpen.add(-1)
        connectionLimit.leave()
    }

    private func wakeAccepting() {
        guard !accepted.isEmpty || isDraining, let waiter = acceptWaiter else { return }
        acceptWaiter = nil
        waiter.resume()
    }

    /// EMFILE and its like leave the connection in the queue: without a pause the loop would spin.
    private func pauseAccepting() {
        loop.update(descriptor, events: [])
        loop.schedule(after: Listener.exhaustionPause) { [weak self] in
            guard let self, self.descriptor >= 0 else { return }
            self.loop.update(self.descriptor, events: .readable)
        }
    }

    private func refuse(_ socket: Int32) {
        counters.connectionsRefused.add(1)
        let response = configuration.errorResponse(503, "the server has too many connections")
        var length: Int64 = 0
        if case .bytes(let bytes) = response.body { length = Int64(bytes.count) }
        head.reset()
        head.write(response, framing: .length(length), date: dateLine(), connection: "close")
        if case .bytes(let bytes) = response.body { head.append(body: bytes) }
        _ = unsafe head.bytes.withUnsafeBytes { unsafe system_send(socket, $0.baseAddress, $0.count, 0) }
        shutdown(socket, Int32(SHUT_WR))
        Glibc.close(socket)
    }

    private func closeSocket() {
        guard descriptor >= 0 else { return }
        loop.unregister(descriptor)
        Glibc.close(descriptor)
        descriptor = -1
    }

    // MARK: Shared values

    /// A `Date` header line, made once a second.
    func dateLine() -> [UInt8] {
        if loop.turnTime < dateExpires { return date }
        var untilNext: UInt64 = 0
        let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 30) { buffer -> String in
            guard let start = buffer.baseAddress else { return "" }
            unsafe untilNext = system_http_date(start)
            return unsafe String(cString: start)
        }
        date = Array("Date: \(text)\r\n".utf8)
        dateExpires = loop.turnTime &+ untilNext
        return date
    }

    var counts: ServerCounters {
        var counts = ServerCounters()
        counts.connectionsAccepted = counters.connectionsAccepted.value
        counts.connectionsOpen = counters.connectionsOpen.value
        counts.connectionsRefused = counters.connectionsRefused.value
        counts.requests = counters.requests.value
        counts.rejected = counters.rejected.value
        counts.bytesReceived = counters.bytesReceived.value
        counts.bytesSent = counters.bytesSent.value
        return counts
    }
}

/// Bounds the connections of all loops of a server together.
final class ConnectionLimit: Sendable {
    private let limit: Int
    private let open = Atomic(0)

    init(_ limit: Int) { self.limit = limit }

    /// Counts a connection in, unless the limit is reached.
    func enter() -> Bool {
        if open.add(1, ordering: .relaxed).newValue <= limit { return true }
        leave()
        return false
    }

    func leave() { open.subtract(1, ordering: .relaxed) }
}
