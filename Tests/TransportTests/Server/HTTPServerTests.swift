import Glibc
import Testing

@testable import Transport

@Suite struct HTTPServerTests {
    @Test func `a keep-alive connection answers one request after the other`() async throws {
        try await withServer { port, server in
            let client = try await RawClient(port: port)
            for index in 0..<20 {
                try await client.send("GET /\(index) HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await client.response()
                #expect(response.status == 200 && response.body == "/\(index)")
                #expect(!response.head.contains("Connection:"))
            }
            #expect(server.counters.requests == 20 && server.counters.connectionsAccepted == 1)
        }
    }

    @Test(arguments: [
        ("1.0", "", "close"), ("1.0", "Connection: keep-alive\r\n", "keep-alive"),
        ("1.1", "Connection: close\r\n", "close"),
    ])
    func `the answer tells whether the connection stays`(version: String, fields: String, expected: String) async throws
    {
        try await withServer { port, _ in
            let client = try await RawClient(port: port)
            try await client.send("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n")
            let response = try await client.response()
            #expect(response.head.contains("Connection: \(expected)\r\n"))
            if expected == "close" { #expect(try await client.receive() == []) }
        }
    }

    @Test func `HEAD has the length of GET and no body`() async throws {
        try await withServer { port, _ in
            let client = try await RawClient(port: port)
            try await client.send("HEAD /abc HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = try await client.receiveAll()
            #expect(answer.contains("Content-Length: 4\r\n") && answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `the handler sees the request as it was sent`() async throws {
        try await withServer(answer: { request in
            .text(
                [
                    request.method.rawValue, request.path, request.rawPath, request.target, request.query("q") ?? "-",
                    request.headers["X-A"] ?? "-", request.headers.all(named: "x-a").joined(separator: ","),
                    request.peer.text, "\(request.peer.bytes)", "\(request.contentLength ?? -1)",
                ].joined(separator: "|")
            )
        }) { port, _ in
            let client = try await RawClient(port: port)
            try await client.send(
                "PUT /a%2Fb%C3%A9?q=1+2%26&q=3 HTTP/1.1\r\nHost: a\r\nx-a:  1 \r\nX-A: 2\r\nX-B:\r\n\r\n"
            )
            #expect(
                try await client.response().body
                    == "PUT|/a/bé|/a%2Fb%C3%A9|/a%2Fb%C3%A9?q=1+2%26&q=3|1 2&|1|1,2|127.0.0.1|[127, 0, 0, 1]|0"
            )
        }
    }

    @Test func `a header of a response cannot make a second one`() async throws {
        try await withServer(answer: { _ in HTTPResponse(headers: [("X", "a\r\nSet-Cookie: b")]) }) { port, _ in
            let client = try await RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.response().head.contains("X: a  Set-Cookie: b\r\n"))
        }
    }

    @Test func `100 Continue is sent when the body is read and not before`() async throws {
        try await withServer(answer: { request in
            if request.path == "/refuse" { return .text("no", status: 403) }
            let body = (try? await request.body.collect(upTo: 100)) ?? []
            return .text(String(decoding: body, as: UTF8.self))
        }) { port, _ in
            let head = "HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
            let client = try await RawClient(port: port)
            try await client.send("POST /read " + head)
            #expect(try await client.response().status == 100)
            try await client.send("abc")
            #expect(try await client.response().body == "abc")
            try await client.send("POST /refuse " + head)
            let refusal = try await client.response()
            #expect(refusal.status == 403 && refusal.head.contains("Connection: close"))
            client.shutdownWriting()
            #expect(try await client.receive() == [])
        }
    }

    @Test func `a large body arrives whole, in pieces`() async throws {
        try await withServer(answer: { request in
            var (count, sum, pieces) = (0, 0, 0)
            while let piece = try? await request.body.next() {
                count += piece.count
                pieces += 1
                for byte in piece { sum &+= Int(byte) }
            }
            return .text("\(count) \(sum) \(pieces > 1)")
        }) { port, _ in
            let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let client = try await RawClient(port: port)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
            try await client.send(body)
            let expected = "\(body.count) \(body.reduce(0) { $0 + Int($1) }) true"
            #expect(try await client.response().body == expected)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in stride(from: 0, to: body.count, by: 50_000) {
                try await client.send("c350\r\n" + "")
                try await client.send(Array(body[start..<(start + 50_000)]))
                try await client.send("\r\n")
            }
            try await client.send("0\r\n\r\n")
            #expect(try await client.response().body == expected)
        }
    }

    @Test func `collecting stops at its limit and a small unread rest keeps the connection`() async throws {
        try await withServer(answer: { request in
            do throws(BodyError) {
                return .text("\(try await request.body.collect(upTo: 10).count)")
            } catch {
                return .text("\(error)", status: 413)
            }
        }) { port, _ in
            let client = try await RawClient(port: port)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nabcdefghijk")
            #expect(try await client.response().body == "tooLarge")
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nabcdefghijk\r\n0\r\n\r\n"
            )
            #expect(try await client.response().body == "tooLarge")
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabcdefghij")
            #expect(try await client.response().body == "10")
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")
            let last = try await client.response()
            #expect(last.body == "tooLarge" && last.head.contains("Connection: close"))
        }
    }

    @Test(arguments: [("", ""), ("GET / HT", "408"), ("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", "408")])
    func `a client that is too slow with a head is sent away`(bytes: String, expected: String) async throws {
        try await withServer {
            // Short, but long enough for a busy machine to send the bytes before.
            $0.headTimeout = .milliseconds(bytes.isEmpty ? 50 : 3000)
        } _: { port, _ in
            let client = try await RawClient(port: port)
            try await client.send(bytes)
            #expect(try await client.receiveAll().contains("HTTP/1.1 \(expected)") == !expected.isEmpty)
        }
    }

    @Test func `bytes one at a time do not lengthen the head's deadline`() async throws {
        try await withServer {
            $0.headTimeout = .milliseconds(3000)
        } _: { port, _ in
            let client = try await RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nX: ")
            let drip = Task {
                let pause = try EventLoop(name: "drip")
                pause.start()
                defer { pause.stop() }
                while true {
                    try await pause.sleep(for: .milliseconds(100))
                    try await client.send("x")
                }
            }
            let answer = try await client.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 408"))
            drip.cancel()
            _ = await drip.result
        }
    }

    @Test func `an answer to garbage survives that the client goes on sending`() async throws {
        try await withServer { port, _ in
            let client = try await RawClient(port: port)
            let flood = Task {
                while !Task.isCancelled { try await client.send("x") }
            }
            let answer = try await client.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 400"))
            flood.cancel()
            _ = await flood.result
        }
    }

    @Test func `a body that stops arriving is a timeout`() async throws {
        try await withServer {
            $0.bodyTimeout = .milliseconds(50)
        } answer: { request in
            do throws(BodyError) {
                _ = try await request.body.collect(upTo: 100)
                return .text("whole")
            } catch {
                return .text("\(error)", status: 408)
            }
        } _: { port, _ in
            let client = try await RawClient(port: port)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
            #expect(try await client.response().body == "timeout")
        }
    }

    @Test func `a streamed answer waits for a client that does not read`() async throws {
        let written = Counter()
        let total = 400
        try await withServer(answer: { _ in
            HTTPResponse(
                body: .stream { writer in
                    let piece = [UInt8](repeating: 0x61, count: 64 << 10)
                    for _ in 0..<total {
                        try await writer.write(piece)
                        written.increment()
                    }
                }
            )
        }) { port, _ in
            let client = try await RawClient(port: port, receiveBuffer: 4096)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let head = try await client.receive(through: "\r\n\r\n")
            #expect(head.contains("Transfer-Encoding: chunked"))
            // The kernel's send buffer is at most a few MiB, so the writer cannot have come to its end.
            #expect(written.value < total)
            var count = 0
            while case let piece = try await client.receive(), !piece.isEmpty {
                count += piece.lazy.filter { $0 == 0x61 }.count
            }
            #expect(count == total * 64 << 10)
        }
        #expect(written.value == total)
    }

    @Test func `a client that takes nothing for too long is dropped and its writer told`() async throws {
        let outcome = Gate()
        try await withServer {
            $0.writeTimeout = .milliseconds(50)
        } answer: { _ in
            HTTPResponse(
                body: .stream { writer in
                    do throws(BodyError) {
                        while true { try await writer.write([UInt8](repeating: 0, count: 256 << 10)) }
                    } catch {
                        if error == .disconnected { outcome.open() }
                        throw error
                    }
                }
            )
        } _: { port, _ in
            let client = try await RawClient(port: port, receiveBuffer: 4096)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await outcome.wait()
        }
    }

    @Test(arguments: [(10, true), (9, false), (11, false)])
    func `a streamed answer of known length keeps it, or breaks off`(written: Int, isWhole: Bool) async throws {
        try await withServer(answer: { _ in
            HTTPResponse(
                body: .counted(10) { writer in
                    for _ in 0..<written { try await writer.write("a") }
                }
            )
        }) { port, _ in
            let client = try await RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let head = try await client.receive(through: "\r\n\r\n")
            #expect(head.contains("Content-Length: 10\r\n") && !head.contains("chunked"))
            if isWhole {
                #expect(try await client.receive(through: "aaaaaaaaaa").hasSuffix("aaaaaaaaaa"))
                try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(try await client.receive(through: "\r\n\r\n").contains("Content-Length: 10"))
            } else {
                var count = 0
                while case let piece = try? await client.receive(), let piece, !piece.isEmpty { count += piece.count }
                #expect(count < 11)
            }
        }
    }

    @Test func `HTTP 1.0 gets a stream that ends with the connection`() async throws {
        try await withServer(answer: { _ in
            HTTPResponse(
                body: .stream { writer in
                    try await writer.write("a")
                    try await writer.flush()
                    try await writer.write("b")
                }
            )
        }) { port, _ in
            let client = try await RawClient(port: port)
            try await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let answer = try await client.receiveAll()
            #expect(answer.hasSuffix("Connection: close\r\n\r\nab") && !answer.contains("chunked"))
            let second = try await RawClient(port: port)
            try await second.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await second.receiveAll().hasSuffix("\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"))
        }
    }

    @Test func `parts of files and large arrays arrive unchanged`() async throws {
        let content = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        var template = Array("/tmp/transport-XXXXXX".utf8CString)
        let descriptor = unsafe mkstemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unsafe unlink(path) }
        var offset = 0
        while offset < content.count {
            unsafe offset += content.withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
        }
        close(descriptor)
        let file = try OpenFile(path: path)
        #expect(file.size == 2_000_000)
        try await withServer(answer: { request in
            request.path == "/array"
                ? HTTPResponse(body: .bytes(content))
                : HTTPResponse(status: 206, body: .file(file, range: 1000..<1_900_000))
        }) { port, _ in
            let client = try await RawClient(port: port, receiveBuffer: 8192)
            for _ in 0..<2 {
                try await client.send("GET /array HTTP/1.1\r\nHost: a\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.receive(through: "\r\n\r\n").contains("Content-Length: 2000000\r\n"))
                #expect(try await client.receive(exactly: content.count) == content)
                #expect(try await client.receive(through: "\r\n\r\n").contains("Content-Length: 1899000\r\n"))
                #expect(try await client.receive(exactly: 1_899_000) == Array(content[1000..<1_900_000]))
            }
        }
        #expect(throws: TransportError.self) { try OpenFile(path: "/tmp") }
    }
}
