import Orchestrator
import Testing

@testable import Transport

@Suite struct UpstreamReplyTests {
    @Test func `a document comes with status and headers`() async throws {
        let vendor = ScriptedVendor.answering { _ in
            reply("200 OK", "application/json; charset=utf-8", #"{"ok":true}"#, "X-Request-ID: abc\r\n")
        }
        defer { vendor.stop() }
        try await withClient { client in
            let reply = try await client.send(WireRequest(.get, vendor.url())).reply
            #expect(reply.status == 200 && reply.document == ["ok": true])
            #expect(reply.header("x-request-id") == "abc")
        }
    }

    @Test func `a chunked document is put together`() async throws {
        let vendor = ScriptedVendor.answering { _ in
            "HTTP/1.1 200 OK\r\nContent-Type: application/problem+json\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3\r\n{\"a\r\n5;x=y\r\n\":[1]\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n"
        }
        defer { vendor.stop() }
        try await withClient { client in
            let reply = try await client.send(WireRequest(.get, vendor.url())).reply
            #expect(reply.document == ["a": [1]])
            #expect(reply.header("trailer") == nil)
        }
    }

    @Test func `an error page in HTML under a JSON type is text`() async throws {
        let page = "<html><h1>502 Bad Gateway</h1></html>"
        let vendor = ScriptedVendor.answering { _ in reply("502 Bad Gateway", "application/json", page) }
        defer { vendor.stop() }
        try await withClient { client in
            let reply = try await client.send(WireRequest(.get, vendor.url())).reply
            guard case .text(let text) = reply.body else { return #expect(Bool(false), "not text") }
            #expect(reply.status == 502 && text == page)
        }
    }

    @Test(arguments: ["<html>", #"{"a":1"#, #"{"a":1} x"#])
    func `a success that is no JSON under a JSON type is malformed`(body: String) async throws {
        let vendor = ScriptedVendor.answering { _ in reply("200 OK", "application/json", body) }
        defer { vendor.stop() }
        try await withClient { client in
            #expect(await client.failure(WireRequest(.get, vendor.url())) == .malformed(status: 200))
        }
    }

    @Test func `a long text is cut and an empty reply is an empty text`() async throws {
        let vendor = ScriptedVendor.answering { request in
            request.head.contains(" /empty ")
                ? "HTTP/1.1 204 No Content\r\nContent-Type: application/json\r\n\r\n"
                : reply("500 Oops", "text/plain", String(repeating: "x", count: 100_000))
        }
        defer { vendor.stop() }
        try await withClient { client in
            let long = try await client.send(WireRequest(.get, vendor.url())).reply
            guard case .text(let text) = long.body else { return #expect(Bool(false), "not text") }
            #expect(text.utf8.count == 65536)
            let empty = try await client.send(WireRequest(.delete, vendor.url("/empty"))).reply
            #expect(empty.status == 204)
        }
    }

    @Test(arguments: [ReplyKind.document, .picture])
    func `a picture goes to a sink`(kind: ReplyKind) async throws {
        let vendor = ScriptedVendor.answering { _ in reply("200 OK", "image/webp", "picture") }
        defer { vendor.stop() }
        try await withClient { client in
            let sinks = RecordingSinks()
            let result = try await client.send(WireRequest(.get, vendor.url(), reply: kind), sinks: sinks)
            guard case .picture(let blob) = result.reply.body else { return #expect(Bool(false), "no picture") }
            #expect(blob.index == 0 && result.blobs.count == 1)
            #expect(sinks.sinks.map { $0.snapshot.bytes } == [Array("picture".utf8)])
            #expect(sinks.sinks.allSatisfy { $0.snapshot.isFinished && !$0.snapshot.isAborted })
        }
    }

    @Test func `an error in place of a picture is read as what it is`() async throws {
        let vendor = ScriptedVendor.answering { _ in reply("404 Not Found", "application/json", #"{"error":"gone"}"#) }
        defer { vendor.stop() }
        try await withClient { client in
            let sinks = RecordingSinks()
            let result = try await client.send(WireRequest(.get, vendor.url(), reply: .picture), sinks: sinks)
            #expect(result.reply.document == ["error": "gone"])
            #expect(sinks.sinks.isEmpty)
        }
    }

    @Test func `a large picture in a document is decoded with bounded buffering`() async throws {
        let picture = (0..<2_250_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 5) }
        let body = #"{"data":[{"b64_json":""# + base64(picture) + #""}],"n":1}"#
        let vendor = ScriptedVendor.answering { _ in reply("200 OK", "application/json", body) }
        defer { vendor.stop() }
        let limit = 256 << 10
        try await withClient(configure: { $0.pendingBytesLimit = limit }) { client in
            let sinks = RecordingSinks(drain: 8 << 10)
            let result = try await client.send(WireRequest(.get, vendor.url()), sinks: sinks)
            #expect(result.reply.document?["n"] == 1)
            #expect(result.reply.document?.value(at: "/data/0/b64_json")?.blob == BlobID(index: 0))
            let state = try #require(sinks.sinks.first?.snapshot)
            #expect(state.bytes == picture)
            #expect(state.isFinished && !state.isAborted)
            // libcurl hands on at most 16 KiB at once.
            #expect(state.mostPending > limit / 2 && state.mostPending <= limit + (16 << 10))
        }
    }

    @Test func `more bytes than allowed end the call, announced or not`() async throws {
        let vendor = ScriptedVendor { connection, number in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n")
            connection.send(number == 0 ? "Content-Length: 100000\r\n\r\n" : "\r\n")
            connection.send(String(repeating: "x", count: 100_000))
        }
        defer { vendor.stop() }
        try await withClient { client in
            for _ in 0..<2 {
                let sinks = RecordingSinks()
                let kind = await client.failure(WireRequest(.get, vendor.url()), sinks: sinks) {
                    $0.maxReplyBytes = 50_000
                }
                #expect(kind == .tooLarge(status: 200))
                #expect(sinks.sinks.allSatisfy { $0.snapshot.isAborted })
            }
        }
    }
}

/// RFC 4648, for tests only.
func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let value = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
        for index in 0..<4 {
            result.append(index <= group.count ? digits[value >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
        }
    }
    return String(decoding: result, as: UTF8.self)
}
