import Glibc
package import Orchestrator

/// One answer as a test sees it.
package struct ClientReply: Sendable {
    package var status: Int
    /// Names in lower case.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Whether the body came whole.
    package var isComplete: Bool

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8], isComplete: Bool) {
        self.status = status
        self.headers = headers
        self.body = body
        self.isComplete = isComplete
    }

    /// The value of the first header called `name`, in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name == name.lowercased() }?.value
    }

    /// The body as JSON; nil if it is none.
    package var json: JSON? { try? JSON(parsing: body) }

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// `error.code` of the answer, if there is one.
    package var errorCode: String? { json?["error"]?["code"]?.string }

    /// The events of a server-sent stream.
    package var events: [(name: String, data: JSON?)] {
        text.split(separator: "\n\n").map { block in
            var name = ""
            var data = ""
            for line in block.split(separator: "\n") {
                if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
                if line.hasPrefix("data: ") { data += line.dropFirst(6) }
            }
            return (name, try? JSON(parsing: data))
        }
    }
}

/// A plain HTTP/1.1 client over loopback, a connection a request, that sends whatever bytes a test wants.
package struct HTTPClient: Sendable {
    package struct NoAnswer: Error {}

    package var port: UInt16
    /// Sent with every request.
    package var headers: [(name: String, value: String)] = []

    package init(port: UInt16, key: String? = nil) {
        self.port = port
        headers = key.map { [("authorization", "Bearer \($0)")] } ?? []
    }

    /// For `http://127.0.0.1:PORT`; nil for anything else.
    package init?(url: String, key: String? = nil) {
        guard let port = url.split(separator: ":").last.flatMap({ UInt16($0.prefix { $0 != "/" }) }) else { return nil }
        self.init(port: port, key: key)
    }

    /// The same client with another header, which replaces one of that name.
    package func with(_ name: String, _ value: String?) -> HTTPClient {
        var copy = self
        copy.headers.removeAll { $0.name.lowercased() == name.lowercased() }
        if let value { copy.headers.append((name, value)) }
        return copy
    }

    package func get(_ path: String) async throws -> ClientReply {
        try await send("GET", path)
    }

    package func post(_ path: String, _ body: JSON) async throws -> ClientReply {
        try await with("content-type", "application/json").send("POST", path, body: body.serialized())
    }

    package func post(_ path: String, _ form: FormBody) async throws -> ClientReply {
        try await with("content-type", form.contentType).send("POST", path, body: form.bytes)
    }

    package func send(_ method: String, _ path: String, body: [UInt8]? = nil) async throws -> ClientReply {
        let bytes = with("connection", "close").request(method, path, body: body)
        return try await raw(bytes, isHead: method == "HEAD")
    }

    /// The bytes of one request; without a `connection` header of its own it leaves the connection open.
    package func request(_ method: String, _ path: String, body: [UInt8]? = nil) -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nhost: 127.0.0.1:\(port)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "content-length: \(body.count)\r\n" }
        return Array("\(head)\r\n".utf8) + (body ?? [])
    }

    /// Sends requests over one connection, each after the answer to the one before; ends early when the server closes.
    package func inTurn(_ requests: [[UInt8]]) async throws -> [ClientReply] {
        let port = port
        return try await WorkerThread.run {
            let socket = try Loopback.connected(port: port)
            defer { close(socket) }
            var reader = HTTPReader(socket)
            var replies: [ClientReply] = []
            for bytes in requests {
                _ = Loopback.send(bytes, to: socket)
                guard let reply = try HTTPClient.answer(&reader, isHead: false) else { break }
                replies.append(reply)
                if reply.header("connection") == "close" { break }
            }
            return replies
        }
    }

    /// Sends bytes as they are and reads one answer, skipping `100 Continue`.
    package func raw(_ bytes: [UInt8], isHead: Bool = false) async throws -> ClientReply {
        try await WorkerThread.run { try blockingRaw(bytes, isHead: isHead) }
    }

    /// As `raw`, for threads that may block.
    package func blockingRaw(_ bytes: [UInt8], isHead: Bool = false) throws -> ClientReply {
        let socket = try Loopback.connected(port: port)
        defer { close(socket) }
        // A server may answer and close before it has read all: the answer counts all the same.
        _ = Loopback.send(bytes, to: socket)
        var reader = HTTPReader(socket)
        guard let reply = try HTTPClient.answer(&reader, isHead: isHead) else { throw NoAnswer() }
        return reply
    }

    /// The next answer that is not `100 Continue`; nil once the server has closed.
    private static func answer(_ reader: inout HTTPReader, isHead: Bool) throws -> ClientReply? {
        while let message = reader.next(isResponse: true, expectsBody: !isHead) {
            guard let status = message.startLine.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
                throw NoAnswer()
            }
            if status == 100 { continue }
            return ClientReply(
                status: status,
                headers: message.headers,
                body: message.body,
                isComplete: message.isComplete
            )
        }
        return nil
    }

    /// Sends a request and hangs up without waiting for the answer.
    package func abandon(_ request: FakeRequest) async throws {
        let port = port
        try await WorkerThread.run {
            let socket = try Loopback.connected(port: port)
            var head = "\(request.method) \(request.path) HTTP/1.1\r\nhost: 127.0.0.1\r\n"
            for (name, value) in request.headers { head += "\(name): \(value)\r\n" }
            head += "content-length: \(request.body.count)\r\n\r\n"
            _ = Loopback.send(Array(head.utf8) + request.body, to: socket)
            close(socket)
        }
    }
}
