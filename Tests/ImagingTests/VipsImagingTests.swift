import Foundation
import Imaging
import Orchestrator
import Testing

@Suite struct VipsImagingTests {
    private let imaging = VipsImaging()

    static let pictures = [
        "rgb.png", "rgba.png", "palette.png", "palette-transparent.png", "gray.png", "gray16.png", "interlaced.png",
        "oriented.png", "baseline.jpg", "progressive.jpg", "restarts.jpg", "gray.jpg", "cmyk.jpg", "oriented.jpg",
        "lossy.webp", "lossless.webp", "lossy-alpha.webp", "lossless-alpha.webp", "oriented.webp",
    ]

    @Test(arguments: pictures)
    func `a sound picture is verified in memory and in a file alike`(name: String) async throws {
        let facts = try await imaging.verify(fixture(name))
        #expect(facts.width == 40 && facts.height == 24)
        let file = ByteSource.file(path: fixturePath(name), byteCount: facts.byteCount)
        #expect(try await imaging.verify(file) == facts)
        #expect(try await imaging.facts(of: file) == facts)
    }

    @Test(arguments: pictures, ImageFormat.allCases)
    func `every picture converts to every format, upright`(name: String, format: ImageFormat) async throws {
        let source = try fixture(name)
        let result = ByteSource.bytes(try await imaging.convert(source, ImageConversion(format)))
        let facts = try await imaging.verify(result)
        let isTurned = name.hasPrefix("oriented")
        #expect(facts.format == format)
        #expect((facts.width, facts.height) == (isTurned ? (24, 40) : (40, 24)))
        #expect(facts.orientation ?? 1 == 1)  // libvips writes a 1 of its own into every WebP
        if format != .jpeg {
            let before = try await imaging.hasTransparency(source)
            #expect(try await imaging.hasTransparency(result) == before)
        }
    }

    static let transparency = [
        ("rgba.png", true), ("rgb.png", false), ("palette-transparent.png", true), ("lossy-alpha.webp", true),
        ("lossless-alpha.webp", true), ("baseline.jpg", false), ("gray16.png", false),
    ]

    @Test(arguments: transparency)
    func `transparency is found in pixels`(name: String, expected: Bool) async throws {
        #expect(try await imaging.hasTransparency(fixture(name)) == expected)
    }

    @Test(arguments: [(64, 64), (20, 12), (1, 1), (123, 7)])
    func `a size is met exactly`(width: Int, height: Int) async throws {
        let size = try #require(PixelSize(width: width, height: height))
        for name in ["rgba.png", "oriented.jpg", "cmyk.jpg", "gray16.png"] {
            let bytes = try await imaging.convert(fixture(name), ImageConversion(.png, size: size))
            let facts = try await imaging.verify(.bytes(bytes))
            #expect((facts.width, facts.height) == (width, height))
        }
    }

    @Test func `transparent pixels show the background, white unless told`() async throws {
        let source = try fixture("rgba.png")
        let red = PixelColor(red: 200, green: 10, blue: 20)
        let flat = try await imaging.convert(source, ImageConversion(.png, background: red))
        #expect(try await imaging.facts(of: .bytes(flat)).hasAlpha == false)
        #expect(try pixel(flat, x: 0, y: 0) == [200, 10, 20])
        let white = try pixel(try await imaging.convert(source, ImageConversion(.jpeg)), x: 0, y: 0)
        #expect(white.allSatisfy { $0 > 245 })
    }

    @Test func `quality changes the size of the file`() async throws {
        let source = try fixture("rgb.png")
        let large = try #require(PixelSize(width: 256, height: 256))
        for format in [ImageFormat.jpeg, .webp] {
            let low = try await imaging.convert(source, ImageConversion(format, quality: 10, size: large))
            let high = try await imaging.convert(source, ImageConversion(format, quality: 100, size: large))
            #expect(low.count < high.count)
        }
    }

    @Test func `a thumbnail keeps the ratio and never grows`() async throws {
        let small = try await imaging.thumbnail(of: fixture("rgba.png"), maxEdge: 20)
        let facts = try await imaging.verify(.bytes(small))
        #expect((facts.format, facts.width, facts.height) == (.webp, 20, 12))
        let same = try await imaging.verify(.bytes(imaging.thumbnail(of: fixture("oriented.jpg"), maxEdge: 500)))
        #expect((same.width, same.height) == (24, 40))
    }

    @Test func `a mask shows the transparent corner in the polarity asked`() async throws {
        let source = try fixture("rgba.png")
        let size = PixelSize(width: 80, height: 48)
        let white = try await imaging.mask(of: source, polarity: .white, size: size)
        #expect(try pixel(white, x: 0, y: 0) == [255])
        #expect(try pixel(white, x: 79, y: 47) == [0])
        let black = try await imaging.mask(of: source, polarity: .black, size: nil)
        #expect(try pixel(black, x: 0, y: 0) == [0])
        #expect(try pixel(black, x: 39, y: 23) == [255])
        let alpha = ByteSource.bytes(try await imaging.mask(of: source, polarity: .alpha, size: size))
        #expect(try await imaging.hasTransparency(alpha))
        #expect(try await imaging.facts(of: alpha).width == 80)
        let opaque = try await imaging.mask(of: fixture("rgb.png"), polarity: .white, size: nil)
        #expect(try pixel(opaque, x: 0, y: 0) == [0])
    }

    @Test func `a mask is black and white, whatever is half transparent or falls between pixels`() async throws {
        let source = try fixture("rgba.png")
        // Neither an edge of the source nor one of the result falls on pixels of the other.
        let odd = try #require(PixelSize(width: 131, height: 79))
        let blurred = ByteSource.bytes(try await imaging.mask(of: source, polarity: .alpha, size: odd))
        let masks = [
            try await imaging.mask(of: source, polarity: .white, size: odd),
            try await imaging.mask(of: blurred, polarity: .white, size: nil),
            try await imaging.mask(of: blurred, polarity: .black, size: nil),
        ]
        for mask in masks {
            let values = try histogram(mask)
            #expect(values[0] + values[255] == 131 * 79 && values[0] > 0 && values[255] > 0)
        }
        let (white, black) = (try histogram(masks[1]), try histogram(masks[2]))
        #expect(white[0] == black[255])
    }

    @Test func `pixels that do not decode are refused although the container is whole`() async throws {
        // The zlib stream ends early, but every chunk is sound.
        let sound = try bytes("rgb.png")
        let png = Array(sound[..<33]) + pngChunk("IDAT", Array(sound[41..<300])) + pngChunk("IEND", [])
        #expect(try await imaging.facts(of: .bytes(png)).width == 40)
        let error = await #expect(throws: ImagingError.self) { try await imaging.verify(.bytes(png)) }
        #expect(isUnreadable(error))

        // The scan lacks its last part, but the end marker is there.
        var jpeg = try bytes("baseline.jpg")
        jpeg.removeSubrange((jpeg.count - 60)..<(jpeg.count - 2))
        let broken = ByteSource.bytes(jpeg)
        #expect(try await imaging.facts(of: broken).width == 40)
        let second = await #expect(throws: ImagingError.self) { try await imaging.verify(broken) }
        #expect(isUnreadable(second))
    }

    @Test(arguments: ["picture.gif", "picture.bmp", "picture.tiff", "animated.webp"])
    func `other formats never reach a decoder`(name: String) async throws {
        let source = try fixture(name)
        let error = await #expect(throws: ImagingError.self) {
            try await imaging.convert(source, ImageConversion(.png))
        }
        #expect(isUnreadable(error))
    }

    @Test func `a picture over the limit is refused by its header`() async throws {
        let source = try fixture("rgb.png")
        let strict = VipsImaging(limits: ImageLimits(maxPixels: 100))
        let error = await #expect(throws: ImagingError.self) { try await strict.verify(source) }
        #expect(error?.kind == .unreadable(ImageDefect(.tooManyPixels(width: 40, height: 24))))
    }

    @Test func `a file that is not there is told apart from a bad picture`() async {
        let error = await #expect(throws: ImagingError.self) {
            try await imaging.verify(.file(path: "/nonexistent/picture.png", byteCount: 1))
        }
        #expect(error?.kind == .storage)
    }

    @Test func `a picture larger than its format allows cannot be written`() async throws {
        let source = try fixture("rgb.png")
        let size = PixelSize(width: 20_000, height: 10)
        let error = await #expect(throws: ImagingError.self) {
            try await imaging.convert(source, ImageConversion(.webp, size: size))
        }
        #expect(error?.kind == .unwritable)
    }

    @Test func `many pictures at once all come out`() async throws {
        let source = try fixture("rgba.png")
        let imaging = imaging
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<40 {
                group.addTask { try await imaging.convert(source, ImageConversion(.webp)).count }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(counts.count == 1)
    }

    /// The values of one pixel as the `vips` tool reads them, so that the answer does not rest on the code under test.
    private func pixel(_ bytes: [UInt8], x: Int, y: Int) throws -> [Int] {
        let file = FileManager.default.temporaryDirectory.appending(path: "imaging-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(bytes).write(to: file)
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["vips", "getpoint", file.path, "\(x)", "\(y)"]
        process.standardOutput = output
        try process.run()
        process.waitUntilExit()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).compactMap { Double($0).map { Int($0) } }
    }

    /// How many pixels there are of each grey, as the `vips` tool counts them.
    private func histogram(_ bytes: [UInt8]) throws -> [Int] {
        let file = FileManager.default.temporaryDirectory.appending(path: "imaging-\(UUID().uuidString)")
        let counts = file.appendingPathExtension("csv")
        defer { for path in [file, counts] { try? FileManager.default.removeItem(at: path) } }
        try Data(bytes).write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["vips", "hist_find", file.path, counts.path]
        try process.run()
        process.waitUntilExit()
        let values = try String(contentsOf: counts, encoding: .utf8).split(whereSeparator: \.isWhitespace)
            .compactMap { Int($0) }
        return values + Array(repeating: 0, count: max(256 - values.count, 0))
    }

    private func isUnreadable(_ error: ImagingError?) -> Bool {
        if case .unreadable = error?.kind { true } else { false }
    }

    private func fixturePath(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/images/\(name)").path
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: fixturePath(name))))
    }

    private func fixture(_ name: String) throws -> ByteSource { .bytes(try bytes(name)) }

    private func pngChunk(_ type: String, _ payload: [UInt8]) -> [UInt8] {
        func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let body = Array(type.utf8) + payload
        var crc = CRC32()
        crc.update(body.span)
        return bigEndian(UInt32(payload.count)) + body + bigEndian(crc.value)
    }
}
