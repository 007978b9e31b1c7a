import Glibc
import Testing

@testable import Transport

/// A client that sends exactly the bytes it is told to; its blocking calls run on threads of their own.
final class RawClient: Sendable {
    struct Failure: Error {
        var call: String
        var code: Int32
    }

    /// Longer than any test waits for something that should happen.
    private static let patience = 20

    static let pool: BlockingPool = {
        do { return try BlockingPool(name: "clients", threads: 128) } catch { fatalError("\(error)") }
    }()

    private let descriptor: Int32

    /// `receiveBuffer` shrinks the kernel's buffer, so that a server meets back-pressure soon.
    init(port: UInt16, receiveBuffer: Int32? = nil) async throws {
        descriptor = try await RawClient.pool.run {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if var size = receiveBuffer {
                unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
            }
            var limit = timeval(tv_sec: RawClient.patience, tv_usec: 0)
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let code = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard code == 0 else { throw Failure(call: "connect", code: errno) }
            return descriptor
        }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) async throws {
        try await RawClient.pool.run { [descriptor] in
            var sent = 0
            while sent < bytes.count {
                let count = unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.send(
                        descriptor,
                        $0.baseAddress?.advanced(by: sent),
                        $0.count - sent,
                        Int32(MSG_NOSIGNAL)
                    )
                }
                guard count > 0 else { throw Failure(call: "send", code: errno) }
                sent += count
            }
        }
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Some bytes; empty at the end of the connection, also when it was reset.
    func receive(atMost limit: Int = 64 << 10) async throws -> [UInt8] {
        try await RawClient.pool.run { [descriptor] in
            var count = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
                count = unsafe recv(descriptor, buffer.baseAddress, limit, 0)
                initialized = max(0, count)
            }
            if count < 0, errno != ECONNRESET { throw Failure(call: "recv", code: errno) }
            return bytes
        }
    }

    func receive(exactly count: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try await receive(atMost: count - bytes.count)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// Reads up to and with `end`, or to the end of the connection.
    func receive(through end: String) async throws -> String {
        var text: [UInt8] = []
        let end = Array(end.utf8)
        while !text.suffix(end.count).elementsEqual(end) {
            let byte = try await receive(atMost: 1)
            if byte.isEmpty { break }
            text += byte
        }
        return String(decoding: text, as: UTF8.self)
    }

    func receiveAll() async throws -> String {
        var bytes: [UInt8] = []
        while true {
            let piece = try await receive()
            if piece.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece
        }
    }

    /// One response with a `Content-Length`.
    func response() async throws -> (status: Int, head: String, body: String) {
        let head = try await receive(through: "\r\n\r\n")
        let status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
        let length =
            head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
            .flatMap { Int($0.dropFirst(16)) } ?? 0
        let body = try await receive(exactly: status == 100 ? 0 : length)
        return (status, head, String(decoding: body, as: UTF8.self))
    }

    func shutdownWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection with a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}

/// A handler made of a closure.
struct ClosureHandler: HTTPHandler {
    let answer: @Sendable (HTTPRequest) async -> HTTPResponse
    func respond(to request: HTTPRequest) async -> HTTPResponse { await answer(request) }
}

/// Serves on a free port while `body` runs.
func withServer(
    _ configure: (inout HTTPServerConfiguration) -> Void = { _ in },
    loops count: Int = 1,
    answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse = { request in .text("\(request.path)") },
    _ body: (UInt16, HTTPServer) async throws -> Void
) async throws {
    var configuration = HTTPServerConfiguration()
    configure(&configuration)
    let loops = try (0..<count).map { try EventLoop(name: "loop-\($0)") }
    for loop in loops { loop.start() }
    defer { for loop in loops { loop.stop() } }
    let server = HTTPServer(configuration: configuration, loops: loops)
    let address = try server.start()
    let running = Task(executorPreference: loops[0]) { await server.run(ClosureHandler(answer: answer)) }
    do {
        try await body(address.port, server)
    } catch {
        server.stop()
        await running.value
        throw error
    }
    server.stop()
    await running.value
}
