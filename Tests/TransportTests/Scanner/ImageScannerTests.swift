import Foundation
import Orchestrator
import Randomness
import Synchronization
import Testing
import Transport

@Suite struct ImageScannerTests {
    @Test func `a reply with pictures gives its document and their bytes, however it is cut`() throws {
        let first = picture(5000, seed: 1)
        let second = picture(70_001, seed: 2)
        let reply = """
            {"created": 17, "data" : [ {"b64_json"\t:\n"\(base64(first))", "revised_prompt": "a \\"cat\\""},
            {"b64_json": "data:image/png;base64,\(base64(second))"}], "usage": {"tokens": 12.0}}
            """
        let expected: JSON = [
            "created": 17,
            "data": [
                ["b64_json": .blob(BlobID(index: 0)), "revised_prompt": "a \"cat\""],
                ["b64_json": .blob(BlobID(index: 1))],
            ],
            "usage": ["tokens": .number(try #require(JSONNumber(text: "12.0")))],
        ]
        for piece in [1, 2, 3, 7, 64, 1023, 1024, 1025, 16_384, 200_000] {
            let scan = try Scan(reply, pieces: piece)
            #expect(scan.document == expected)
            #expect(scan.contents == [first, second])
            #expect(scan.states == [.finished, .finished])
            #expect(scan.broken.isEmpty)
        }
    }

    @Test(arguments: 0..<150)
    func `a random document gives what parsing and decoding it whole give`(seed: UInt64) throws {
        var generator = ReplyGenerator(seed: seed)
        let text = generator.reply()
        let whole = try JSON(parsing: text)
        var expectedBlobs: [[UInt8]] = []
        let expected = ImageScannerTests.replacingBlobs(in: whole, into: &expectedBlobs)
        for _ in 0..<4 {
            let scan = try Scan(text, pieces: Int.random(in: 1...3000, using: &generator.random))
            #expect(scan.document == expected)
            #expect(scan.contents == expectedBlobs)
        }
    }

    static let mistakes = [
        "", " ", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "[1 2]", "]", "[", "\"abc", "01", "[tru]", "1 2", "{} x",
        "\"\\u12G4\"", "[\"\\ud800\"]", "[\"\\u0000\"]", "\"a\u{1}\"", "{1:2}", "{\"a\" 1}", "nul", "'a'", "\"a\"\"b\"",
        String(repeating: "[", count: 1000),
    ]

    @Test(arguments: mistakes)
    func `a mistake is refused like in a whole document`(text: String) throws {
        let whole = try #require(throws: JSONError.self) { try JSON(parsing: text) }
        for piece in [1, 2, 1000] {
            #expect(throws: whole) { try Scan(text, pieces: piece) }
        }
    }

    @Test func `names and short strings stay strings`() throws {
        let digits = String(repeating: "QUJD", count: 500)
        let scan = try Scan("{\"\(digits)\": \"\(digits.prefix(1023))\"}", pieces: 100)
        #expect(scan.document.object?.keys == [digits])
        #expect(scan.document[digits]?.string == String(digits.prefix(1023)))
        #expect(scan.contents.isEmpty)
    }

    @Test func `long text that is no base64 stays text`() throws {
        let prose = String(repeating: "A prompt of many words. ", count: 200)
        let address = "https://pictures.example/" + String(repeating: "a", count: 3000)
        let scan = try Scan(JSON.array([.string(prose), .string(address)]).text, pieces: 1000)
        #expect(scan.document == [.string(prose), .string(address)])
    }

    @Test(arguments: ["\\/", "\\u002b", "\\u002B", "\\u003d", "\\n"])
    func `escapes in base64 are undone`(escape: String) throws {
        let bytes = picture(9000, seed: 5)
        var text = base64(bytes)
        switch escape {
        case "\\/": text = text.replacingOccurrences(of: "/", with: escape)
        case "\\u003d": text = text.replacingOccurrences(of: "=", with: escape)
        case "\\n":
            text = Data(bytes).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
                .replacingOccurrences(of: "\n", with: escape)
        default: text = text.replacingOccurrences(of: "+", with: escape)
        }
        for piece in [1, 5, 1024, 100_000] {
            let scan = try Scan("[\"\(text)\", 1]", pieces: piece)
            #expect(scan.contents == [bytes])
            #expect(scan.document == [.blob(BlobID(index: 0)), 1])
        }
    }

    @Test func `an escape across the threshold changes nothing`() throws {
        for lead in 1015..<1030 {
            let digits = String(repeating: "A", count: lead) + "\\u002fAAA\\/" + String(repeating: "A", count: 2000)
            let plain = digits.replacingOccurrences(of: "\\u002f", with: "/").replacingOccurrences(of: "\\/", with: "/")
            let padded = plain + String(repeating: "=", count: (4 - plain.count % 4) % 4)
            guard plain.count % 4 != 1 else { continue }
            for piece in [1, 10_000] {
                #expect(
                    try Scan("\"\(digits)\"", pieces: piece).contents.first.map { Data($0) }
                        == Data(base64Encoded: padded)
                )
            }
        }
    }

    static let breaks = [" ", "-", "é", "\\u00e9", "\\t", "=A", "==="]

    @Test(arguments: breaks)
    func `a blob that turns out not to be base64 is marked and aborted`(stray: String) throws {
        let digits = String(repeating: "QUJD", count: 1000)
        for piece in [1, 999, 100_000] {
            let scan = try Scan("{\"a\":\"\(digits)\(stray)\(digits)\",\"b\":[\"\(digits)\"]}", pieces: piece)
            #expect(scan.broken == [BlobID(index: 0)])
            #expect(scan.states == [.aborted, .finished])
            #expect(scan.document == ["a": .blob(BlobID(index: 0)), "b": [.blob(BlobID(index: 1))]])
        }
        let short = try Scan("\"\(digits)Q\"", pieces: 1000)
        #expect(short.broken == [BlobID(index: 0)])
    }

    @Test func `a reply that breaks off aborts the open sink`() {
        let digits = String(repeating: "QUJD", count: 1000)
        let sinks = SinkList()
        var scanner = ImageScanner { _ in sinks.make() }
        #expect(throws: JSONError.self) {
            try scanner.consume("[\"\(digits)\",\"\(digits)".utf8Span.span)
            _ = try scanner.finish()
        }
        #expect(sinks.all.map(\.state) == [.finished, .aborted])
    }

    @Test func `a grammar mistake inside a blob aborts it once and is final`() {
        let digits = String(repeating: "QUJD", count: 1000)
        let sinks = SinkList()
        var scanner = ImageScanner { _ in sinks.make() }
        for _ in 0..<2 {
            #expect(throws: JSONError.self) { try scanner.consume("[\"\(digits)\u{2}\(digits)".utf8Span.span) }
        }
        #expect(throws: JSONError.self) { try scanner.finish() }
        #expect(sinks.all.map(\.state) == [.aborted])
    }

    @Test func `too much text and too many pictures are refused`() throws {
        let prose = "[" + (0..<100).map { "\"word \($0)\"" }.joined(separator: ",") + "]"
        let text = #expect(throws: JSONError.self) {
            var scanner = ImageScanner(maxTextBytes: 500) { _ in Sink() }
            try scanner.consume(prose.utf8Span.span)
        }
        #expect(text?.kind == .size)
        let digits = String(repeating: "QUJD", count: 300)
        let many = "[" + (0..<4).map { _ in "\"\(digits)\"" }.joined(separator: ",") + "]"
        let blobs = #expect(throws: JSONError.self) {
            var scanner = ImageScanner(maxBlobs: 3) { _ in Sink() }
            try scanner.consume(many.utf8Span.span)
        }
        #expect(blobs?.kind == .size)
        var enough = ImageScanner(maxTextBytes: 3000, maxBlobs: 4) { _ in Sink() }
        try enough.consume(many.utf8Span.span)
        #expect(try enough.finish().array?.count == 4)
    }

    @Test func `what the sink has not put away is asked of it`() throws {
        let sink = Sink()
        var scanner = ImageScanner { _ in sink }
        #expect(scanner.pendingBytes == 0)
        try scanner.consume("[\"\(String(repeating: "QUJD", count: 1000))".utf8Span.span)
        #expect(scanner.pendingBytes == 3000)
        try scanner.consume("\"".utf8Span.span)
        #expect(scanner.pendingBytes == 0)
    }

    private func picture(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// The reference: strings of the generator that are long enough and base64 throughout are blobs.
    private static func replacingBlobs(in json: JSON, into blobs: inout [[UInt8]]) -> JSON {
        switch json {
        case .string(let text):
            let digits = text.hasPrefix("data:image/png;base64,") ? String(text.dropFirst(22)) : text
            guard text.utf8.count >= 1024, let data = Data(base64Encoded: digits) else { return json }
            blobs.append([UInt8](data))
            return .blob(BlobID(index: blobs.count - 1))
        case .array(let elements):
            return .array(elements.map { replacingBlobs(in: $0, into: &blobs) })
        case .object(let object):
            var changed = JSONObject()
            for (key, value) in object { changed[key] = replacingBlobs(in: value, into: &blobs) }
            return .object(changed)
        case .null, .bool, .number, .blob:
            return json
        }
    }
}
