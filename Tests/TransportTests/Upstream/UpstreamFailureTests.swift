import Glibc
import Orchestrator
import Testing

@testable import Transport

@Suite struct UpstreamFailureTests {
    private static func post(_ vendor: ScriptedVendor) -> WireRequest {
        WireRequest(.post, vendor.url(), body: .json(["prompt": "x"]), authentication: .bearer)
    }

    @Test func `a connection that is refused sent nothing`() async throws {
        let vendor = ScriptedVendor { _, _ in }
        let request = Self.post(vendor)
        vendor.stop()
        try await withClient { client in
            #expect(await client.failure(request, credential: "sk-secret") == .notConnected)
        }
    }

    @Test func `a name that does not exist sent nothing`() async throws {
        try await withClient { client in
            #expect(await client.failure(WireRequest(.get, "http://nowhere.invalid/")) == .notConnected)
        }
    }

    @Test func `plain text in place of TLS sent nothing`() async throws {
        let vendor = ScriptedVendor { connection, _ in
            connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.waitForEnd()
        }
        defer { vendor.stop() }
        try await withClient { client in
            let request = WireRequest(.get, "https://127.0.0.1:\(vendor.port)/")
            #expect(await client.failure(request) == .notConnected)
        }
    }

    @Test func `a reset before the head is a cut without status`() async throws {
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            connection.reset()
        }
        defer { vendor.stop() }
        try await withClient { client in
            #expect(await client.failure(Self.post(vendor), credential: "sk-secret") == .cut(status: nil))
        }
        #expect(vendor.connectionCount == 1)
    }

    @Test(arguments: [
        "Content-Length: 100\r\n\r\n{\"a\":", "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func `an end in the middle of a reply is a cut with its status`(rest: String) async throws {
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n" + rest)
        }
        defer { vendor.stop() }
        try await withClient { client in
            #expect(await client.failure(Self.post(vendor)) == .cut(status: 201))
        }
    }

    @Test func `a reply that is no HTTP is a cut`() async throws {
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            connection.send("SSH-2.0-OpenSSH_9.2\r\n")
        }
        defer { vendor.stop() }
        try await withClient { client in
            #expect(await client.failure(Self.post(vendor)) == .cut(status: nil))
        }
    }

    @Test func `pictures of a cut reply are thrown away`() async throws {
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n")
            connection.send(#"{"data":["\#(base64([UInt8](repeating: 7, count: 3000)))","#)
        }
        defer { vendor.stop() }
        try await withClient { client in
            let sinks = RecordingSinks()
            #expect(await client.failure(Self.post(vendor), sinks: sinks) == .cut(status: 200))
            #expect(sinks.sinks.map { $0.snapshot.isAborted } == [true])
        }
    }

    @Test func `a slow head is a timeout of a request that is out`() async throws {
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            connection.waitForEnd()
        }
        defer { vendor.stop() }
        try await withClient { client in
            let kind = await client.failure(Self.post(vendor), within: .milliseconds(100))
            #expect(kind == .timeout(sent: true))
        }
    }

    @Test func `an upload that is not read is a timeout of a request that is not out`() async throws {
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readHead()
            Glibc.pause()
        }
        defer { vendor.stop() }
        try await withClient { client in
            var part = FormPart("image", "")
            let bytes = [UInt8](repeating: 1, count: 32 << 20)
            part.content = .file(.bytes(bytes), name: "a.png", mediaType: "image/png")
            let request = WireRequest(.post, vendor.url(), body: .form([part]))
            #expect(await client.failure(request, within: .milliseconds(300)) == .timeout(sent: false))
        }
    }

    @Test func `a cancelled call ends at once and closes its connection`() async throws {
        let (requests, arrival) = AsyncStream.makeStream(of: Void.self)
        let (ends, departure) = AsyncStream.makeStream(of: Void.self)
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            arrival.yield()
            connection.waitForEnd()
            departure.yield()
        }
        defer { vendor.stop() }
        try await withClient { client in
            let task = Task { await client.failure(Self.post(vendor)) }
            for await _ in requests { break }
            task.cancel()
            #expect(await task.value == .cancelled(sent: true))
            for await _ in ends { break }
        }
    }

    @Test func `a task that is cancelled already sends nothing`() async throws {
        let vendor = ScriptedVendor.answering { _ in reply("200 OK", "text/plain", "") }
        defer { vendor.stop() }
        try await withClient { client in
            let kind = await Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                return await client.failure(Self.post(vendor))
            }.value
            #expect(kind == .cancelled(sent: false))
        }
        #expect(vendor.connectionCount == 0)
    }

    @Test func `a request that costs money is not repeated when its kept connection ends`() async throws {
        let vendor = ScriptedVendor { connection, number in
            _ = connection.readRequest()
            connection.send(reply("200 OK", "text/plain", "first"))
            _ = connection.readRequest()
        }
        defer { vendor.stop() }
        try await withClient { client in
            _ = try await client.send(Self.post(vendor))
            #expect(await client.failure(Self.post(vendor)) == .cut(status: nil))
        }
        // libcurl may have opened a second connection before it was told not to use it.
        #expect(vendor.connectionCount <= 2)
    }

    @Test func `a plain read is repeated when its kept connection ends`() async throws {
        let vendor = ScriptedVendor { connection, number in
            _ = connection.readRequest()
            connection.send(reply("200 OK", "text/plain", "\(number)"))
            _ = connection.readRequest()
        }
        defer { vendor.stop() }
        try await withClient { client in
            for expected in ["0", "1"] {
                let reply = try await client.send(WireRequest(.get, vendor.url())).reply
                guard case .text(let text) = reply.body else { return #expect(Bool(false), "not text") }
                #expect(text == expected)
            }
        }
    }

    @Test(arguments: ["x\r\nInjected: y", "\u{7F}"])
    func `a header that could end its line is not sent`(value: String) async throws {
        let vendor = ScriptedVendor.answering { _ in reply("200 OK", "text/plain", "") }
        defer { vendor.stop() }
        try await withClient { client in
            var request = Self.post(vendor)
            #expect(await client.failure(request, credential: value) == .notConnected)
            request.headers = [("x-header", value)]
            #expect(await client.failure(request) == .notConnected)
            request.headers = [("x header", "a")]
            #expect(await client.failure(request) == .notConnected)
        }
        #expect(vendor.connectionCount == 0)
    }

    @Test func `calls fail once the client is shut down, and those on their way end`() async throws {
        let (requests, arrival) = AsyncStream.makeStream(of: Void.self)
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            arrival.yield()
            connection.waitForEnd()
        }
        defer { vendor.stop() }
        try await withClient { client in
            let task = Task { await client.failure(Self.post(vendor)) }
            for await _ in requests { break }
            await client.shutDown()
            #expect(await task.value == .cancelled(sent: true))
            #expect(await client.failure(Self.post(vendor)) == .notConnected)
        }
    }
}
