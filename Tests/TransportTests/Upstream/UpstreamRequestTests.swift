import Orchestrator
import Testing

@testable import Transport

@Suite struct UpstreamRequestTests {
    /// A vendor that answers `200` and notes what it was sent.
    private func noting(_ requests: Box<[VendorRequest]>) -> ScriptedVendor {
        .answering { request in
            requests.value += [request]
            return reply("200 OK", "application/json", "{}")
        }
    }

    @Test func `a JSON request has type, length, credential and our name`() async throws {
        let seen = Box<[VendorRequest]>([])
        let vendor = noting(seen)
        defer { vendor.stop() }
        try await withClient { client in
            var request = WireRequest(.post, vendor.url("/v1?a=b"), body: .json(["a": "ä"]), authentication: .bearer)
            request.headers = [("X-Thing", "1"), ("X-Empty", "")]
            _ = try await client.send(request, credential: "sk-secret")
        }
        let request = try #require(seen.value.first)
        #expect(request.head.hasPrefix("POST /v1?a=b HTTP/1.1\r\n"))
        #expect(request.body == Array(#"{"a":"ä"}"#.utf8))
        #expect(request.header("content-type") == "application/json")
        #expect(request.header("content-length") == "10")
        #expect(request.header("authorization") == "Bearer sk-secret")
        #expect(request.header("user-agent") == "tests/1")
        #expect(request.header("x-thing") == "1" && request.header("x-empty") == "")
        #expect(request.header("expect") == nil)
    }

    @Test(arguments: [WireRequest.Method.get, .post, .put, .delete])
    func `a request without body has its verb and no type`(method: WireRequest.Method) async throws {
        let seen = Box<[VendorRequest]>([])
        let vendor = noting(seen)
        defer { vendor.stop() }
        try await withClient { client in
            // One handle carries both, so nothing of the first may show in the second.
            _ = try await client.send(
                WireRequest(.put, vendor.url(), body: .json([1]), authentication: .bearer),
                credential: "a"
            )
            _ = try await client.send(WireRequest(method, vendor.url()))
        }
        let request = try #require(seen.value.last)
        #expect(seen.value.first?.head.hasPrefix("PUT / ") == true && seen.value.first?.body == Array("[1]".utf8))
        #expect(request.head.hasPrefix("\(method.rawValue) / HTTP/1.1\r\n"))
        #expect(request.header("content-type") == nil && request.header("authorization") == nil)
        #expect(request.header("content-length") == (method == .post ? "0" : nil))
    }

    @Test(arguments: [nil, 1000..<400_000, 0..<10, 699_999..<700_000] as [Range<Int64>?])
    func `bytes are sent as they are, whole or in part, from memory or a file`(part: Range<Int64>?) async throws {
        let seen = Box<[VendorRequest]>([])
        let vendor = noting(seen)
        defer { vendor.stop() }
        let content = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 131 >> 4) }
        try await withFile(content) { path in
            for source in [ByteSource.bytes(content), .file(path: path, byteCount: 700_000)] {
                try await withClient { client in
                    _ = try await client.send(WireRequest(.put, vendor.url(), body: .bytes(source, part: part)))
                }
            }
        }
        let expected = part.map { Array(content[Int($0.lowerBound)..<Int($0.upperBound)]) } ?? content
        #expect(seen.value.count == 2 && seen.value.allSatisfy { $0.body == expected })
        #expect(seen.value.allSatisfy { $0.header("content-type") == nil && $0.head.hasPrefix("PUT / ") })
    }

    @Test func `an empty body has a length, and what is asked by HEAD has no body`() async throws {
        let seen = Box<[VendorRequest]>([])
        let vendor = ScriptedVendor.answering { request in
            seen.value += [request]
            return request.head.hasPrefix("HEAD ")
                ? "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\nX-A: b\r\n\r\n"
                : reply("200 OK", "application/json", "{}")
        }
        defer { vendor.stop() }
        try await withClient { client in
            // One handle carries all, so nothing of one may show in the next.
            for method in [WireRequest.Method.head, .put, .head, .get, .head, .post] {
                let body: WireBody = method == .put ? .bytes(.bytes([])) : .none
                let answer = try await client.send(WireRequest(method, vendor.url(), body: body))
                #expect(answer.reply.isSuccess && (answer.reply.header("x-a") == "b") == (method == .head))
            }
        }
        #expect(seen.value.map { $0.head.prefix { $0 != " " } } == ["HEAD", "PUT", "HEAD", "GET", "HEAD", "POST"])
        #expect(seen.value[1].header("content-length") == "0" && vendor.connectionCount == 1)
    }

    @Test func `a form with files is sent byte for byte`() async throws {
        let seen = Box<[VendorRequest]>([])
        let vendor = noting(seen)
        defer { vendor.stop() }
        let content = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 131 >> 4) }
        try await withFile(content) { path in
            try await withClient { client in
                var file = FormPart("image[]", "")
                file.content = .file(.file(path: path, byteCount: 700_000), name: "image.png", mediaType: "image/png")
                let request = WireRequest(.post, vendor.url(), body: .form([FormPart("prompt", "hello"), file]))
                _ = try await client.send(request)
            }
        }
        let request = try #require(seen.value.first)
        let type = try #require(request.header("content-type"))
        let boundary = type.dropFirst("multipart/form-data; boundary=".count)
        let expected =
            Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nhello\r\n".utf8)
            + Array(
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"image[]\"; filename=\"image.png\"\r\n".utf8
            )
            + Array("Content-Type: image/png\r\n\r\n".utf8) + content + Array("\r\n--\(boundary)--\r\n".utf8)
        #expect(request.body == expected)
        #expect(request.header("expect") == nil && request.header("transfer-encoding") == nil)
    }

    @Test func `a large JSON document is streamed whole`() async throws {
        let seen = Box<[VendorRequest]>([])
        let vendor = noting(seen)
        defer { vendor.stop() }
        let document: JSON = ["image": .string(String(repeating: "abcd", count: 500_000))]
        try await withClient { client in
            _ = try await client.send(WireRequest(.post, vendor.url(), body: .json(document)))
            let counters = await client.counters()
            #expect(counters.values.first?.bytesSent == Int64(document.serialized().count))
        }
        #expect(seen.value.first?.body == document.serialized())
    }

    @Test func `a file that has shrunk ends the call`() async throws {
        let vendor = ScriptedVendor { connection, _ in connection.waitForEnd() }
        defer { vendor.stop() }
        try await withFile([1, 2, 3]) { path in
            try await withClient { client in
                var file = FormPart("image", "")
                file.content = .file(.file(path: path, byteCount: 100_000), name: "a", mediaType: "image/png")
                let request = WireRequest(.post, vendor.url(), body: .form([file]))
                #expect(await client.failure(request) == .notConnected)
            }
        }
    }

    @Test func `calls one after the other share a connection`() async throws {
        let vendor = ScriptedVendor.answering { _ in reply("200 OK", "application/json", "{}") }
        defer { vendor.stop() }
        try await withClient { client in
            for _ in 0..<20 {
                _ = try await client.send(WireRequest(.post, vendor.url(), body: .json(["a": 1])))
            }
            let counters = await client.counters()
            let origin = Origin(isSecure: false, host: "127.0.0.1", port: vendor.port)
            var expected = UpstreamCounters()
            expected.requests = 20
            expected.connectionsOpened = 1
            expected.bytesSent = 20 * 7
            expected.bytesReceived = 20 * 2
            #expect(counters == [origin: expected])
        }
        #expect(vendor.connectionCount == 1)
    }

    @Test(arguments: [(1, true), (1, false), (2, false)])
    func `many calls at once are all answered with their own reply`(loops: Int, onLoop: Bool) async throws {
        let vendor = ScriptedVendor.answering { request in
            reply("200 OK", "application/json", String(decoding: request.body, as: UTF8.self))
        }
        defer { vendor.stop() }
        try await withClient(loops: loops, onLoop: onLoop) { client in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        let request = WireRequest(.post, vendor.url(), body: .json(["n": JSON(index)]))
                        return try await client.send(request).reply.document?["n"]?.int == index
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test func `no more connections are opened than allowed, and the calls that wait get theirs`() async throws {
        let vendor = ScriptedVendor.answering { _ in reply("200 OK", "application/json", "{}") }
        defer { vendor.stop() }
        try await withClient(configure: { $0.clearConnections = 3 }) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 { group.addTask { _ = try await client.send(WireRequest(.get, vendor.url())) } }
                try await group.waitForAll()
            }
        }
        #expect(vendor.connectionCount <= 3)
    }

    @Test func `a call that waits for a connection keeps its time limit`() async throws {
        let (requests, arrival) = AsyncStream.makeStream(of: Void.self)
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            arrival.yield()
            connection.waitForEnd()
        }
        defer { vendor.stop() }
        try await withClient(configure: { $0.clearConnections = 1 }) { client in
            let first = Task { await client.failure(WireRequest(.get, vendor.url())) }
            for await _ in requests { break }
            let second = await client.failure(WireRequest(.get, vendor.url()), within: .milliseconds(50))
            #expect(second == .timeout(sent: false))
            first.cancel()
            #expect(await first.value == .cancelled(sent: true))
        }
    }

    @Test func `connections of the origin used least are closed when there are too many origins`() async throws {
        let vendors = (0..<3).map { _ in
            ScriptedVendor { connection, _ in
                while connection.readRequest() != nil { connection.send(reply("200 OK", "application/json", "{}")) }
            }
        }
        defer { for vendor in vendors { vendor.stop() } }
        try await withClient(configure: { $0.originLimit = 2 }) { client in
            for vendor in vendors { _ = try await client.send(WireRequest(.get, vendor.url())) }
            let origins = await client.counters().keys.compactMap { $0?.port }
            #expect(Set(origins) == [vendors[1].port, vendors[2].port])
        }
    }
}
