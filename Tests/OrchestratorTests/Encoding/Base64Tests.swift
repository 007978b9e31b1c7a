import Foundation
import Orchestrator
import Randomness
import Testing

@Suite struct Base64Tests {
    // RFC 4648 section 10.
    static let published = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: published)
    func `the published vectors hold, padded or not`(plain: String, text: String) throws {
        #expect(Base64.encode(plain.utf8Span.span) == Array(text.utf8))
        #expect(try decode(Array(text.utf8)) == Array(plain.utf8))
        #expect(try decode(Array(text.utf8.prefix { $0 != UInt8(ascii: "=") })) == Array(plain.utf8))
    }

    @Test func `every length agrees with Foundation in both directions`() throws {
        var random = SeededRandom(seed: 1)
        let all = (0..<3000).map { _ in UInt8.random(in: 0...255, using: &random) }
        for length in 0..<3000 {
            let bytes = Array(all[(3000 - length)...])
            let text = [UInt8](Data(bytes).base64EncodedData())
            #expect(Base64.encode(bytes.span) == text)
            #expect(try decode(text) == bytes)
            #expect(Base64.encodedCount(of: length) == text.count)
        }
    }

    @Test(arguments: 0..<60)
    func `any cut into pieces gives the same`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let bytes = (0..<Int.random(in: 0...2000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
        }
        let text = [UInt8](Data(bytes).base64EncodedData())
        let longest = Int.random(in: 1...200, using: &random)

        var encoder = Base64Encoder()
        var encoded: [UInt8] = []
        try inPieces(bytes, longest: longest, &random) { encoder.encode($0, into: &encoded) }
        encoder.finish(into: &encoded)
        #expect(encoded == text)

        var decoder = Base64Decoder()
        var decoded: [UInt8] = []
        try inPieces(text, longest: longest, &random) { try decoder.decode($0, into: &decoded) }
        try decoder.finish(into: &decoded)
        #expect(decoded == bytes)
    }

    @Test func `a byte outside the alphabet is refused wherever it stands`() {
        let text = [UInt8](repeating: UInt8(ascii: "Q"), count: 48)
        for byte in UInt8.min...UInt8.max where !Base64.isDigit(byte) && byte != UInt8(ascii: "=") {
            for offset in 0..<text.count {
                var damaged = text
                damaged[offset] = byte
                #expect(throws: Base64Error.invalidByte(byte, offset: offset)) { try decode(damaged) }
            }
        }
    }

    @Test func `exactly the alphabet is let through by the fast path`() throws {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        #expect((UInt8.min...UInt8.max).filter(Base64.isDigit) == alphabet.utf8.sorted())
        let bytes = try decode(Array(alphabet.utf8))
        #expect(bytes == [UInt8](try #require(Data(base64Encoded: alphabet))))
        #expect(Base64.encode(bytes.span) == Array(alphabet.utf8))
    }

    static let mistakes: [(String, Base64Error)] = [
        ("Q", .truncated), ("QUJDR", .truncated), ("QQ=", .truncated), ("=", .invalidByte(0x3D, offset: 0)),
        ("Q=", .invalidByte(0x3D, offset: 1)), ("Q===", .invalidByte(0x3D, offset: 1)),
        ("QQ===", .invalidByte(0x3D, offset: 4)), ("QUI==", .invalidByte(0x3D, offset: 4)),
        ("QUJD=", .invalidByte(0x3D, offset: 4)), ("QQ==QQ==", .invalidByte(0x51, offset: 4)),
        ("QQ=Q", .invalidByte(0x51, offset: 3)), ("QUI=\n", .invalidByte(0x0A, offset: 4)),
        ("QU JD", .invalidByte(0x20, offset: 2)), ("QU-_", .invalidByte(0x2D, offset: 2)),
    ]

    @Test(arguments: mistakes)
    func `wrong padding and strays are refused`(text: String, error: Base64Error) {
        #expect(throws: error) { try decode(Array(text.utf8)) }
        #expect(throws: error) {
            var decoder = Base64Decoder()
            var bytes: [UInt8] = []
            for byte in text.utf8 { try decoder.decode([byte].span, into: &bytes) }
            try decoder.finish(into: &bytes)
        }
    }

    private func decode(_ text: [UInt8]) throws -> [UInt8] {
        try Base64.decode(text.span)
    }

    private func inPieces(
        _ bytes: [UInt8],
        longest: Int,
        _ random: inout SeededRandom,
        _ body: (Span<UInt8>) throws -> Void
    ) throws {
        var start = 0
        while start < bytes.count {
            let end = min(start + Int.random(in: 0...longest, using: &random), bytes.count)
            try body(bytes.span.extracting(start..<end))
            start = end
        }
    }
}
