import Orchestrator
import Randomness
import Testing

@Suite struct ImageInspectorTests {
    struct Expected: Sendable {
        let name: String
        let format: ImageFormat
        var hasAlpha = false
        var orientation: Int?
    }

    static let pictures: [Expected] = [
        Expected(name: "rgb.png", format: .png),
        Expected(name: "rgba.png", format: .png, hasAlpha: true),
        Expected(name: "palette.png", format: .png),
        Expected(name: "palette-transparent.png", format: .png, hasAlpha: true),
        Expected(name: "gray.png", format: .png),
        Expected(name: "gray16.png", format: .png),
        Expected(name: "interlaced.png", format: .png),
        Expected(name: "oriented.png", format: .png, orientation: 6),
        Expected(name: "baseline.jpg", format: .jpeg),
        Expected(name: "progressive.jpg", format: .jpeg),
        Expected(name: "restarts.jpg", format: .jpeg),
        Expected(name: "gray.jpg", format: .jpeg),
        Expected(name: "cmyk.jpg", format: .jpeg),
        Expected(name: "oriented.jpg", format: .jpeg, orientation: 6),
        Expected(name: "lossy.webp", format: .webp),
        Expected(name: "lossless.webp", format: .webp),
        Expected(name: "lossy-alpha.webp", format: .webp, hasAlpha: true),
        Expected(name: "lossless-alpha.webp", format: .webp, hasAlpha: true),
        Expected(name: "oriented.webp", format: .webp, orientation: 6),
    ]

    @Test(arguments: pictures)
    func `a sound picture gives the same facts in pieces of any size`(expected: Expected) throws {
        let bytes = try ImageFixture.bytes(expected.name)
        let facts = ImageFacts(
            format: expected.format,
            width: 40,
            height: 24,
            hasAlpha: expected.hasAlpha,
            byteCount: Int64(bytes.count),
            orientation: expected.orientation
        )
        for size in [1, 7, 4096] {
            #expect(try inspect(bytes, pieces: size) == facts)
        }
    }

    @Test(arguments: pictures)
    func `a picture cut off anywhere is refused`(expected: Expected) throws {
        let bytes = try ImageFixture.bytes(expected.name)
        for length in 1..<bytes.count {
            #expect(defect(in: Array(bytes[..<length])) == .truncated, "cut at \(length) of \(bytes.count)")
        }
    }

    @Test(arguments: pictures.filter { $0.format == .png })
    func `a flipped bit anywhere in a PNG is found`(expected: Expected) throws {
        let bytes = try ImageFixture.bytes(expected.name)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 1 << (index % 8)
            #expect(defect(in: damaged) != nil, "bit of byte \(index)")
        }
    }

    @Test(arguments: pictures)
    func `damage never traps and is reported alike in pieces of any size`(expected: Expected) throws {
        let bytes = try ImageFixture.bytes(expected.name)
        var random = SeededRandom(seed: UInt64(bytes.count))
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0..<3 {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let whole = defect(in: damaged)
            #expect(defect(in: damaged, pieces: 1) == whole)
            #expect(defect(in: damaged, pieces: 13) == whole)
        }
    }

    @Test func `a PNG that claims a monstrous size is refused by its header alone`() throws {
        var bytes = try ImageFixture.bytes("rgb.png")
        bytes.replaceSubrange(16..<24, with: [0, 0, 0x9C, 0x40, 0, 0, 0x9C, 0x40])
        #expect(defect(in: Array(bytes[..<29])) == .tooManyPixels(width: 40_000, height: 40_000))
        #expect(defect(in: bytes, pieces: 1) == .tooManyPixels(width: 40_000, height: 40_000))
    }

    /// Found by fuzzing: the product of two 32-bit numbers is more than an `Int` holds.
    @Test func `a PNG whose pixels overflow their count is refused`() throws {
        var bytes = try ImageFixture.bytes("rgb.png")
        bytes.replaceSubrange(16..<24, with: [UInt8](repeating: 0xFF, count: 8))
        let size = 0xFFFF_FFFF
        #expect(defect(in: Array(bytes[..<29])) == .tooManyPixels(width: size, height: size))
    }

    @Test func `after a defect every call throws it again`() throws {
        let bytes = Array("GIF89a".utf8) + [UInt8](repeating: 0, count: 300)
        var inspector = ImageInspector()
        for _ in 0..<3 {
            do throws(ImageDefect) {
                try inspector.consume(bytes.span)
                Issue.record("the defect was forgotten")
            } catch {
                #expect(error.kind == .unsupported("GIF"))
            }
        }
        #expect(inspector.facts == nil)
    }

    @Test func `facts are known as soon as the header is`() throws {
        let head = Array(try ImageFixture.bytes("rgb.png")[..<29])
        var inspector = ImageInspector()
        try inspector.consume(head.span)
        #expect(inspector.facts?.width == 40)
    }

    @Test(arguments: ["rgb.png", "baseline.jpg", "progressive.jpg", "lossy.webp", "lossless.webp", "lossy-alpha.webp"])
    func `the limit counts pixels exactly`(name: String) throws {
        let bytes = try ImageFixture.bytes(name)
        #expect(defect(in: bytes, limits: ImageLimits(maxPixels: 960)) == nil)
        #expect(defect(in: bytes, limits: ImageLimits(maxPixels: 959)) == .tooManyPixels(width: 40, height: 24))
    }

    @Test(arguments: ["rgb.png", "baseline.jpg", "lossy.webp"])
    func `bytes behind the end are counted, and refused when many`(name: String) throws {
        let bytes = try ImageFixture.bytes(name)
        for size in [1, 64, 4096] {
            let facts = try inspect(bytes + [UInt8](repeating: 0xD9, count: 100), pieces: size)
            #expect(facts.trailingByteCount == 100)
            #expect(facts.byteCount == Int64(bytes.count + 100))
        }
        let strict = ImageLimits(maxTrailingBytes: 99)
        #expect(defect(in: bytes + [UInt8](repeating: 0, count: 99), limits: strict) == nil)
        #expect(defect(in: bytes + [UInt8](repeating: 0, count: 100), limits: strict) == .trailingBytes)
    }

    @Test func `content credentials are seen in every format`() throws {
        let png = try ImageFixture.bytes("rgb.png")
        let marked = Array(png[..<33]) + pngChunk("caBX", [1, 2, 3]) + Array(png[33...])
        #expect(try inspect(marked, pieces: 5).hasC2PA)

        let jpeg = try ImageFixture.bytes("baseline.jpg")
        let box =
            Array("JP".utf8) + [0, 1, 0, 0, 0, 1, 0, 0, 0, 40] + Array("jumb".utf8) + [0, 0, 0, 32]
            + Array("jumdc2pa".utf8) + [0, 0x11, 0, 0x10, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71, 3] + Array("c2pa".utf8)
        let segment: [UInt8] = [0xFF, 0xEB, 0, UInt8(box.count + 2)] + box
        #expect(try inspect(Array(jpeg[..<2]) + segment + Array(jpeg[2...]), pieces: 5).hasC2PA)
        let other = segment.map { $0 == UInt8(ascii: "c") ? UInt8(ascii: "x") : $0 }
        #expect(try !inspect(Array(jpeg[..<2]) + other + Array(jpeg[2...]), pieces: 5).hasC2PA)

        var webp = try ImageFixture.bytes("lossy-alpha.webp")
        webp += Array("C2PA".utf8) + [3, 0, 0, 0, 1, 2, 3, 0]
        webp.replaceSubrange(4..<6, with: [0, 1])  // 244 + 12 bytes
        #expect(try inspect(webp, pieces: 5).hasC2PA)
    }

    @Test func `a broken order of PNG chunks is refused`() throws {
        let png = try ImageFixture.bytes("rgb.png")
        let (signature, header) = (Array(png[..<8]), Array(png[8..<33]))
        let data = Array(png[33..<png.count - 12])
        let end = Array(png[(png.count - 12)...])
        #expect(defect(in: signature + header + data + end) == nil)
        #expect(defect(in: signature + data + header + end) == .corrupt("the first chunk is not IHDR"))
        #expect(defect(in: signature + header + header + data + end) == .corrupt("a second IHDR chunk"))
        #expect(defect(in: signature + header + end) == .corrupt("an IEND chunk without image data"))
        let apart = signature + header + data + pngChunk("tEXt", [65]) + data + end
        #expect(defect(in: apart) == .corrupt("IDAT chunks that are not in a row"))
        #expect(
            defect(in: signature + header + pngChunk("ABCD", []) + data + end) == .corrupt("an unknown critical chunk")
        )
        #expect(defect(in: signature + header + pngChunk("abCd", []) + data + end) == nil)
        let palette = try ImageFixture.bytes("palette.png")
        let withoutPalette = Array(palette[..<33]) + data + end
        #expect(defect(in: withoutPalette) == .corrupt("a palette image without PLTE"))
    }

    static let strangers: [(String, ImageDefect.Kind)] = [
        ("picture.gif", .unsupported("GIF")),
        ("picture.bmp", .unsupported("BMP")),
        ("picture.tiff", .unsupported("TIFF")),
        ("animated.webp", .unsupported("animated WebP")),
    ]

    @Test(arguments: strangers)
    func `a file of another image format is named`(name: String, kind: ImageDefect.Kind) throws {
        let bytes = try ImageFixture.bytes(name)
        #expect(defect(in: bytes) == kind)
        #expect(defect(in: bytes, pieces: 1) == kind)
    }

    static let impostors: [(String, ImageDefect.Kind)] = [
        ("", .notAnImage),
        ("hello", .notAnImage),
        (String(repeating: "hello ", count: 100), .notAnImage),
        ("<svg xmlns='http://www.w3.org/2000/svg'/>", .unsupported("SVG")),
        ("\u{FEFF}<?xml version='1.0'?>\n<!-- drawn by hand -->\n<svg/>", .unsupported("SVG")),
        ("\n <!DOCTYPE html><html>", .unsupported("HTML")),
        ("<HTML><body>502 Bad Gateway</body></HTML>", .unsupported("HTML")),
        ("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", .unsupported("XML")),
        ("{\"error\": \"no such picture\"}", .unsupported("JSON")),
        ("%PDF-1.7", .unsupported("PDF")),
        ("\0\0\0\u{20}ftypavif\0\0\0\0avifmif1", .unsupported("AVIF")),
        ("\0\0\0\u{20}ftypheic\0\0\0\0", .unsupported("HEIC")),
        ("RIFF\u{24}\0\0\0WAVEfmt ", .unsupported("a RIFF file other than WebP")),
    ]

    @Test(arguments: impostors)
    func `bytes that are no picture are named where possible`(text: String, kind: ImageDefect.Kind) {
        #expect(defect(in: Array(text.utf8)) == kind)
        #expect(defect(in: Array(text.utf8), pieces: 1) == kind)
    }

    @Test func `the defect is described in words for the caller`() {
        #expect("\(ImageDefect(.unsupported("SVG")))" == "SVG is not supported; send PNG, JPEG or WebP")
        #expect("\(ImageDefect(.tooManyPixels(width: 2, height: 3)))" == "the picture has too many pixels: 2x3")
    }

    private func inspect(_ bytes: [UInt8], pieces: Int) throws -> ImageFacts {
        try ImageInspectorTests.run(bytes, pieces: pieces, limits: ImageLimits())
    }

    private func defect(
        in bytes: [UInt8],
        pieces: Int = 4096,
        limits: ImageLimits = ImageLimits()
    ) -> ImageDefect.Kind? {
        do {
            _ = try ImageInspectorTests.run(bytes, pieces: pieces, limits: limits)
            return nil
        } catch {
            return error.kind
        }
    }

    private static func run(_ bytes: [UInt8], pieces: Int, limits: ImageLimits) throws(ImageDefect) -> ImageFacts {
        var inspector = ImageInspector(limits: limits)
        let span = bytes.span
        var index = 0
        while index < span.count {
            let end = min(index + pieces, span.count)
            try inspector.consume(span.extracting(index..<end))
            index = end
        }
        return try inspector.finish()
    }

    private func pngChunk(_ type: String, _ payload: [UInt8]) -> [UInt8] {
        func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let body = Array(type.utf8) + payload
        var crc = CRC32()
        crc.update(body.span)
        return bigEndian(UInt32(payload.count)) + body + bigEndian(crc.value)
    }
}
