import Orchestrator
import Testing
import Transport

@Suite struct ServerSentEventsTests {
    struct Event: Equatable, Sendable {
        let name: String
        let data: String
    }

    /// Collects events; counts the pieces that their data came in.
    struct Collector {
        var events: [Event] = []
        var longestPiece = 0
        private var bytes: [UInt8] = []

        mutating func take(_ part: ServerSentEvents.Part, of piece: Span<UInt8>) {
            switch part {
            case .data(let range):
                bytes.append(piece.extracting(range))
                longestPiece = max(longestPiece, range.count)
            case .lineFeed:
                bytes.append(0x0A)
            case .end(let name):
                events.append(Event(name: name, data: String(decoding: bytes, as: UTF8.self)))
                bytes = []
            }
        }
    }

    static let streams: [(String, [Event])] = [
        ("data: one\n\n", [Event(name: "message", data: "one")]),
        ("data:one\n\n", [Event(name: "message", data: "one")]),
        ("data:  one \n\n", [Event(name: "message", data: " one ")]),
        ("event: image.done\ndata: {\"a\":1}\n\n", [Event(name: "image.done", data: "{\"a\":1}")]),
        ("data: x\nevent:late\n\n", [Event(name: "late", data: "x")]),
        ("data: a\ndata: b\ndata\ndata:\n\n", [Event(name: "message", data: "a\nb\n\n")]),
        ("data\n\n", [Event(name: "message", data: "")]),
        ("data:\n\n", [Event(name: "message", data: "")]),
        ("event: lonely\n\ndata: x\n\n", [Event(name: "message", data: "x")]),
        (
            ": note\nid: 7\nretry: 10\nunknown: y\nunknownandverylong\ndata: x\n:\n\n",
            [Event(name: "message", data: "x")]
        ),
        ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["a", "b", "c"].map { Event(name: "message", data: $0) }),
        ("event: e\r\ndata: a\r\ndata: b\r\n\r\n", [Event(name: "e", data: "a\nb")]),
        ("\u{FEFF}data: x\n\n", [Event(name: "message", data: "x")]),
        ("\n\n\n", []),
        ("data: a:b: c\n\n", [Event(name: "message", data: "a:b: c")]),
        ("datum: x\n\ndata x\n\nDATA: x\n\n data: x\n\n", []),
        ("event: \(String(repeating: "e", count: 257))\ndata: x\n\n", [Event(name: "message", data: "x")]),
        ("data: [DONE]\n\ndata: broken off", [Event(name: "message", data: "[DONE]")]),
    ]

    @Test(arguments: streams)
    func `a stream gives its events however it is cut`(text: String, expected: [Event]) {
        for size in 1...9 {
            #expect(parse(text, pieces: size).collector.events == expected)
        }
        #expect(parse(text, pieces: 10_000).collector.events == expected)
    }

    static let endings = [
        ("", false), ("data: x\n\n", false), ("data: x\n", true), ("data: x", true), ("data:", true), ("dat", true),
        (": note", false), ("data: x\n\nevent: y\n", false), ("data: x\r\n\r\n", false),
    ]

    @Test(arguments: endings)
    func `a stream that broke off in an event is told`(text: String, isInside: Bool) {
        #expect(parse(text, pieces: 3).parser.isInsideEvent == isInside)
    }

    @Test func `the data of a large event are passed on as they come`() {
        let data = String(repeating: "0123456789abcdef", count: 50_000)
        let result = parse("event: big\ndata: \(data)\n\n", pieces: 1000)
        #expect(result.collector.events == [Event(name: "big", data: data)])
        #expect(result.collector.longestPiece <= 1000)
    }

    @Test func `reading stops at each part, and goes on from there`() {
        var parser = ServerSentEvents()
        let text = ": note\ndata: ab\r\ndata\n\nevent: e\ndata:c\n\nda"
        let span = text.utf8Span.span
        var index = 0
        var parts: [ServerSentEvents.Part] = []
        while let part = parser.next(in: span, at: &index) { parts.append(part) }
        #expect(parts == [.data(13..<15), .lineFeed, .end(name: "message"), .data(37..<38), .end(name: "e")])
        #expect(index == span.count && parser.isInsideEvent)
    }

    private func parse(_ text: String, pieces: Int) -> (parser: ServerSentEvents, collector: Collector) {
        var parser = ServerSentEvents()
        var collector = Collector()
        let span = text.utf8Span.span
        var index = 0
        while index < span.count {
            let end = min(index + pieces, span.count)
            let piece = span.extracting(index..<end)
            var place = 0
            while let part = parser.next(in: piece, at: &place) { collector.take(part, of: piece) }
            index = end
        }
        return (parser, collector)
    }
}
