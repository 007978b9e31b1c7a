import Foundation
import Testing

@testable import Orchestrator

@Suite struct DigitalSourceMarkTests {
    static let pictures = [
        "rgb.png", "palette-transparent.png", "oriented.png", "baseline.jpg", "progressive.jpg", "oriented.jpg",
        "lossy.webp", "lossless.webp", "lossy-alpha.webp", "lossless-alpha.webp", "oriented.webp",
    ]

    private static func inspect(_ bytes: [UInt8]) throws -> (facts: ImageFacts, place: XMPPlace) {
        var inspector = ImageInspector()
        for index in bytes.indices { try inspector.consume(bytes.span.extracting(index...index)) }
        return (try inspector.finish(), try #require(inspector.xmpPlace))
    }

    /// Nil where the picture may not or cannot be marked.
    private static func marked(_ bytes: [UInt8]) throws -> [UInt8]? {
        let (facts, place) = try inspect(bytes)
        guard let mark = DigitalSourceMark(facts, place) else { return nil }
        var result: [UInt8] = []
        #expect(mark.apply(to: .bytes(bytes)) { result.append($0) } == nil)
        return result
    }

    @Test(arguments: pictures)
    func `a marked picture is the same picture that says how it came about`(name: String) throws {
        let bytes = try ImageFixture.bytes(name)
        let before = try Self.inspect(bytes).facts
        let result = try #require(try Self.marked(bytes))
        var after = try Self.inspect(result).facts
        #expect(after.provenance == .iptc && before.provenance == nil)
        (after.hasDigitalSourceType, after.byteCount) = (false, before.byteCount)
        #expect(after == before)
        #expect(try Self.marked(result) == nil, "a second mark")
    }

    @Test(arguments: pictures, [1, 7, 64])
    func `a file read in pieces is marked as its bytes are`(name: String, size: Int) throws {
        let bytes = try ImageFixture.bytes(name)
        let file = FileManager.default.temporaryDirectory.appending(path: "mark-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        // What follows the end of the picture stays there.
        try Data(bytes + [1, 2, 3]).write(to: file)
        let (facts, place) = try Self.inspect(bytes + [1, 2, 3])
        let mark = try #require(DigitalSourceMark(facts, place))
        var result: [UInt8] = []
        let source = ByteSource.file(path: file.path, byteCount: facts.byteCount)
        #expect(mark.apply(to: source, inPiecesOf: size) { result.append($0) } == nil)
        #expect(result == (try Self.marked(bytes) ?? []) + [1, 2, 3])
    }

    @Test func `a file that cannot be read is no marked picture`() throws {
        let (facts, place) = try Self.inspect(try ImageFixture.bytes("rgb.png"))
        let mark = try #require(DigitalSourceMark(facts, place))
        let problem = mark.apply(to: .file(path: "/nonexistent/picture", byteCount: 9)) { _ in Issue.record("bytes") }
        #expect(problem == ENOENT)
    }

    /// A packet as editors write it, with a subject of its own.
    private static let packet = """
        <?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
        xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about='uuid:1' \
        xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>
        """

    /// The fixture of a format with an XMP packet where editors put it.
    private static func picture(_ format: ImageFormat, _ packet: String, isCompressed: Bool = false) throws -> [UInt8] {
        switch format {
        case .png:
            let png = try ImageFixture.bytes("rgb.png")
            let head: [UInt8] = isCompressed ? [1, 0] : [0, 0]
            let chunk = pngChunk("iTXt", Array("XML:com.adobe.xmp\0".utf8) + head + Array("en\0\0\(packet)".utf8))
            return png.dropLast(12) + chunk + png.suffix(12)
        case .jpeg:
            let jpeg = try ImageFixture.bytes("baseline.jpg")
            return jpeg[..<2] + jpegSegment("http://ns.adobe.com/xap/1.0/\0" + packet) + jpeg[2...]
        case .webp:
            var webp = try ImageFixture.bytes("lossy-alpha.webp")
            let length = UInt32(packet.utf8.count)
            webp += Array("XMP ".utf8) + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
            webp += Array(packet.utf8) + (length % 2 == 1 ? [0] : [])
            let size = UInt32(webp.count - 8)
            webp.replaceSubrange(4..<8, with: (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) })
            return webp
        }
    }

    @Test(arguments: ImageFormat.allCases)
    func `a packet that says nothing about it is added to, and there is still one`(format: ImageFormat) throws {
        let bytes = try Self.picture(format, Self.packet)
        let before = try Self.inspect(bytes)
        #expect(before.place.packet?.text == Array(Self.packet.utf8) && before.facts.provenance == nil)
        let result = try #require(try Self.marked(bytes))
        let after = try Self.inspect(result)
        #expect(after.facts.provenance == .iptc)
        let text = String(decoding: try #require(after.place.packet?.text), as: UTF8.self)
        #expect(text.contains("dc:format=\"image\"") && text.contains(DigitalSourceMark.source))
        #expect(text.split(separator: "rdf:about='uuid:1'").count == 3)
        #expect(result.span.range(of: Array("W5M0".utf8)) == result.span.lastRange(of: Array("W5M0".utf8)))
    }

    @Test(arguments: ImageFormat.allCases)
    func `whatever speaks for itself is left alone`(format: ImageFormat) throws {
        let typed = Self.packet.replacing("dc:format", with: "Iptc4xmpExt:DigitalSourceType")
        let remote = Self.packet.replacing("dc:format", with: "dcterms:provenance")
        #expect(try Self.inspect(Self.picture(format, typed)).facts.provenance == .iptc)
        #expect(try Self.inspect(Self.picture(format, remote)).facts.provenance == .c2pa)
        let foreign = Self.packet.replacing("rdf:RDF", with: "r:RDF")
        for packet in [typed, remote, foreign] {
            #expect(try Self.marked(Self.picture(format, packet)) == nil)
        }
    }

    @Test func `packets that cannot be looked into are left alone`() throws {
        #expect(try Self.marked(Self.picture(.png, Self.packet, isCompressed: true)) == nil)
        #expect(try Self.marked(Self.picture(.png, String(repeating: " ", count: 70_000) + Self.packet)) == nil)
        #expect(try Self.marked(Self.picture(.webp, String(repeating: " ", count: 70_000) + Self.packet)) == nil)
        // No room in the segment for a further description.
        #expect(try Self.marked(Self.picture(.jpeg, String(repeating: " ", count: 65_120) + Self.packet)) == nil)
        let jpeg = try Self.picture(.jpeg, Self.packet)
        let further = Self.jpegSegment("http://ns.adobe.com/xmp/extension/\0" + String(repeating: "0", count: 40))
        #expect(try Self.marked(jpeg[..<2] + further + jpeg[2...]) == nil)
    }

    @Test func `a C2PA manifest keeps every mark away`() throws {
        let png = try ImageFixture.bytes("rgb.png")
        let marked = Array(png[..<33]) + Self.pngChunk("caBX", [1, 2, 3]) + Array(png[33...])
        #expect(try Self.inspect(marked).facts.provenance == .c2pa)
        #expect(try Self.marked(marked) == nil)
    }

    @Test func `in a JPEG the mark stands behind JFIF and Exif, which want to be first`() throws {
        let jpeg = try ImageFixture.bytes("oriented.jpg")
        let result = try #require(try Self.marked(jpeg))
        let names = ["JFIF\0", "Exif\0\0", "http://ns.adobe.com/xap/1.0/\0"]
        let places = names.compactMap { result.span.range(of: Array($0.utf8))?.lowerBound }
        #expect(places.count >= 2 && places == places.sorted())
    }

    private static func jpegSegment(_ payload: String) -> [UInt8] {
        let length = payload.utf8.count + 2
        return [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + Array(payload.utf8)
    }

    private static func pngChunk(_ type: String, _ payload: [UInt8]) -> [UInt8] {
        func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let body = Array(type.utf8) + payload
        var crc = CRC32()
        crc.update(body.span)
        return bigEndian(UInt32(payload.count)) + body + bigEndian(crc.value)
    }
}
