import Foundation
import Glibc
import Orchestrator
import Synchronization
import Testing

@testable import Transport

/// A server that does with each connection exactly what its script says; blocking, with a thread for each connection.
final class ScriptedVendor: Sendable {
    let port: UInt16
    private let listener: Int32
    private let open = Mutex<[Int32]>([])
    private let accepted = Counter()

    /// Connections accepted so far.
    var connectionCount: Int { accepted.value }

    /// `script` is given each connection and its number, from 0; the connection is closed when it returns.
    init(_ script: @escaping @Sendable (VendorConnection, Int) -> Void) {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { [listener] pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, length) | listen(listener, 512) | getsockname(listener, $0, &length)
            }
        }
        precondition(code == 0)
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [listener, self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                let number = accepted.value
                accepted.increment()
                Thread.detachNewThread {
                    let connection = VendorConnection(descriptor)
                    script(connection, number)
                    connection.close()
                }
            }
        }
    }

    /// Answers each request of every connection with what `answer` makes of it.
    static func answering(_ answer: @escaping @Sendable (VendorRequest) -> String) -> ScriptedVendor {
        ScriptedVendor { connection, _ in
            while let request = connection.readRequest() { connection.send(answer(request)) }
        }
    }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }
}

/// One request as it was sent.
struct VendorRequest: Sendable {
    var head: String
    var body: [UInt8]

    /// The value of a header, or nil.
    func header(_ name: String) -> String? {
        head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}

/// A vendor's end of a connection.
final class VendorConnection {
    private var descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var one: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Reads one request with its body; nil when the connection ends first.
    func readRequest() -> VendorRequest? {
        guard let head = readHead() else { return nil }
        var request = VendorRequest(head: head, body: [])
        guard let count = Int(request.header("content-length") ?? "0") else { return nil }
        while buffer.count < count { guard fill() else { return nil } }
        request.body = Array(buffer.prefix(count))
        buffer.removeFirst(count)
        return request
    }

    /// Reads up to the empty line, and leaves the body unread.
    func readHead() -> String? {
        while true {
            if let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                defer { buffer.removeSubrange(..<end.upperBound) }
                return String(decoding: buffer[..<end.upperBound], as: UTF8.self)
            }
            guard fill() else { return nil }
        }
    }

    /// Waits until the other side has closed.
    func waitForEnd() { while fill() {} }

    private func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer += chunk[..<count]
        return true
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Ends the connection with a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

/// A whole reply with its length.
func reply(_ status: String, _ type: String, _ body: String, _ headers: String = "") -> String {
    "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}

/// Keeps what it is given in memory; `pendingBytes` falls by `drain` each time it is asked for.
final class RecordingSink: ArtifactSink {
    struct State {
        var bytes: [UInt8] = []
        var pending = 0
        var mostPending = 0
        var isFinished = false
        var isAborted = false
    }

    private let state = Mutex(State())
    private let drain: Int

    init(drain: Int) { self.drain = drain }

    var snapshot: State { state.withLock { $0 } }

    func write(_ bytes: Span<UInt8>) {
        let copy = [UInt8](copying: bytes)
        state.withLock { state in
            state.bytes += copy
            state.pending += copy.count
            state.mostPending = max(state.mostPending, state.pending)
        }
    }

    var pendingBytes: Int {
        state.withLock { state in
            state.pending = max(state.pending - drain, 0)
            return state.pending
        }
    }

    func finish() { state.withLock { $0.isFinished = true } }
    func abort() { state.withLock { $0.isAborted = true } }
    func stage() async throws(ArtifactError) -> StagedArtifact { throw .storage("not in tests") }
}

/// Makes sinks and remembers them.
final class RecordingSinks: SinkMaker {
    private let made = Mutex<[RecordingSink]>([])
    private let drain: Int

    init(drain: Int = .max) { self.drain = drain }

    var sinks: [RecordingSink] { made.withLock { $0 } }

    func makeSink() -> any ArtifactSink {
        let sink = RecordingSink(drain: drain)
        made.withLock { $0.append(sink) }
        return sink
    }
}

/// Runs `body` with a client on `loopCount` fresh loops, on the first loop itself or from elsewhere.
func withClient<Value: Sendable>(
    loops loopCount: Int = 1,
    onLoop: Bool = true,
    configure: (inout UpstreamConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (UpstreamClient) async throws -> Value
) async throws -> Value {
    let loops = try (0..<loopCount).map { try EventLoop(name: "loop-\($0)") }
    for loop in loops { loop.start() }
    let files = try BlockingPool(name: "files", threads: 1)
    var configuration = UpstreamConfiguration(userAgent: "tests/1")
    configure(&configuration)
    let client = UpstreamClient(loops: loops, files: files, configuration: configuration)
    let result: Result<Value, any Error>
    do {
        result = .success(
            onLoop
                ? try await Task(executorPreference: loops[0]) { try await body(client) }.value : try await body(client)
        )
    } catch {
        result = .failure(error)
    }
    await client.shutDown()
    for loop in loops { loop.stop() }
    files.stop()
    return try result.get()
}

extension UpstreamClient {
    /// Sends a call with defaults for what most tests do not care about.
    func send(
        _ request: WireRequest,
        credential: String? = nil,
        within limit: Duration = .seconds(20),
        sinks: RecordingSinks = RecordingSinks(),
        _ change: (inout UpstreamCall) -> Void = { _ in }
    ) async throws(UpstreamError) -> UpstreamReply {
        var call = UpstreamCall(request, credential: credential.map { Secret($0) }, timeLimit: limit)
        change(&call)
        return try await send(call, sinks: sinks)
    }

    /// The kind of the failure of a call that must fail.
    func failure(
        _ request: WireRequest,
        credential: String? = nil,
        within limit: Duration = .seconds(20),
        sinks: RecordingSinks = RecordingSinks(),
        _ change: (inout UpstreamCall) -> Void = { _ in }
    ) async -> UpstreamError.Kind? {
        do throws(UpstreamError) {
            _ = try await send(request, credential: credential, within: limit, sinks: sinks, change)
            return nil
        } catch {
            if let credential { #expect(!error.detail.contains(credential)) }
            return error.kind
        }
    }
}
