import Orchestrator
import Synchronization
import Testing

@testable import Transport

@Suite struct UpstreamStreamTests {
    private static let picture = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    private static let events =
        "event: partial\r\ndata: {\"i\":0,\"b64\":\"\(base64(picture))\"}\r\n\r\n"
        + ": comment\n\ndata: {\"last\":\ndata: true}\n\ndata: [DONE]\n\n"
    private static let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"

    private func request(_ vendor: ScriptedVendor) -> UpstreamCall {
        UpstreamCall(
            WireRequest(.post, vendor.url(), body: .json([:]), reply: .events),
            credential: nil,
            timeLimit: .seconds(20)
        )
    }

    private func check(_ events: [UpstreamEvent], _ sinks: RecordingSinks) {
        #expect(events.map(\.event.name) == ["partial", "", ""])
        #expect(events.first?.event.document["i"] == 0)
        #expect(events.first?.event.document["b64"]?.blob == BlobID(index: 0))
        #expect(events.map(\.blobs.count) == [1, 0, 0])
        #expect(events.dropFirst().map(\.event.document) == [["last": true], .null])
        #expect(sinks.sinks.map { $0.snapshot.bytes } == [Self.picture])
    }

    @Test func `events are the same wherever their bytes are cut`() throws {
        let bytes = Array(Self.events.utf8)
        for cut in 0...bytes.count {
            let sinks = RecordingSinks()
            let reader = ReplyReader(kind: .events, status: 200, mediaType: "text/event-stream", sinks: sinks)
            try reader.consume(bytes.span.extracting(..<cut))
            var events = reader.takeEvents()
            try reader.consume(bytes.span.extracting(cut...))
            events += reader.takeEvents()
            let body = try reader.finish()
            #expect(body == nil)
            check(events, sinks)
        }
    }

    @Test func `a stream sent byte by byte arrives event by event`() async throws {
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            connection.send(Self.head + "Content-Length: \(Self.events.utf8.count)\r\n\r\n")
            for byte in Self.events.utf8 { connection.send([byte]) }
        }
        defer { vendor.stop() }
        let call = request(vendor)
        let sinks = RecordingSinks()
        let events = try await withClient { client in
            let events = Box<[UpstreamEvent]>([])
            let reply = try await client.stream(call, sinks: sinks) { events.value += [$0] }
            #expect(reply == nil)
            return events.value
        }
        check(events, sinks)
    }

    @Test func `the vendor waits while an event is being handled`() async throws {
        let (answers, answer) = AsyncStream.makeStream(of: Void.self)
        let sent = Counter()
        let event = "data: {\"text\":\"\(String(repeating: "a b ", count: 256))\"}\n\n"
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            connection.send(Self.head + "\r\n")
            for index in 0..<20_000 {
                connection.send(event)
                sent.increment()
                if index == 1000 { answer.yield() }
            }
        }
        defer { vendor.stop() }
        let call = request(vendor)
        let handled = Counter()
        try await withClient { client in
            _ = try await client.stream(call, sinks: RecordingSinks()) { _ in
                if handled.value == 0 { for await _ in answers { break } }
                handled.increment()
                // Kernel buffers hold at most some 10 MiB of the 20.
                #expect(sent.value < handled.value + 15_000)
            }
        }
        #expect(handled.value == 20_000)
    }

    @Test func `an answer without a stream is returned like any other`() async throws {
        let vendor = ScriptedVendor.answering { _ in reply("400 Bad Request", "application/json", #"{"error":1}"#) }
        defer { vendor.stop() }
        let call = request(vendor)
        try await withClient { client in
            let result = try await client.stream(call, sinks: RecordingSinks()) { _ in #expect(Bool(false)) }
            #expect(result?.reply.status == 400 && result?.reply.document == ["error": 1])
        }
    }

    static let breaks: [(String, UpstreamError.Kind)] = [
        ("Content-Length: 1000\r\n\r\ndata: {}\n\n", .cut(status: 200)),
        ("\r\ndata: {}\n\ndata: {", .malformed(status: 200)),
    ]
    @Test(arguments: breaks)
    func `a stream that breaks off is an error behind its whole events`(text: String, kind: UpstreamError.Kind)
        async throws
    {
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            connection.send(Self.head + text)
        }
        defer { vendor.stop() }
        let call = request(vendor)
        let count = Counter()
        try await withClient { client in
            let error = await #expect(throws: UpstreamError.self) {
                try await client.stream(call, sinks: RecordingSinks()) { _ in count.increment() }
            }
            #expect(error?.kind == kind)
        }
        #expect(count.value == 1)
    }

    @Test func `a reader of events that gives up ends the call`() async throws {
        struct Enough: Error {}
        let (ends, departure) = AsyncStream.makeStream(of: Void.self)
        let vendor = ScriptedVendor { connection, _ in
            _ = connection.readRequest()
            connection.send(Self.head + "\r\ndata: {}\n\n")
            connection.waitForEnd()
            departure.yield()
        }
        defer { vendor.stop() }
        let call = request(vendor)
        try await withClient { client in
            let error = await #expect(throws: UpstreamError.self) {
                try await client.stream(call, sinks: RecordingSinks()) { _ in throw Enough() }
            }
            #expect(error?.kind == .cancelled(sent: true))
            for await _ in ends { break }
        }
    }
}
