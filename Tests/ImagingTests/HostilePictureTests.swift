import Foundation
import Imaging
import Orchestrator
import Testing

/// Pictures made to harm whoever decodes them, or that are not what they seem.
@Suite struct HostilePictureTests {
    private let imaging = VipsImaging()

    @Test func `a bomb of 900 million pixels is refused by its header`() async throws {
        let bomb = try png(width: 30_000, height: 30_000, data: zlib(count: 1 << 20))
        let error = await #expect(throws: ImagingError.self) {
            try await imaging.thumbnail(of: .bytes(bomb), maxEdge: 64)
        }
        #expect(error?.kind == .unreadable(ImageDefect(.tooManyPixels(width: 30_000, height: 30_000))))
    }

    @Test func `a picture that takes too much memory when decoded is refused`() async throws {
        let strict = VipsImaging(maxDecodedBytes: 40 * 24 * 3 - 1)
        let source = try fixture("rgb.png")
        let error = await #expect(throws: ImagingError.self) {
            try await strict.convert(source, ImageConversion(.webp))
        }
        #expect(error?.kind == .unreadable(ImageDefect(.tooManyPixels(width: 40, height: 24))))
        let roomy = VipsImaging(maxDecodedBytes: 40 * 24 * 3)
        #expect(try await !roomy.convert(source, ImageConversion(.webp)).isEmpty)
    }

    @Test func `work that takes too long is stopped`() async throws {
        let size = try #require(PixelSize(width: 3000, height: 3000))
        let large = ByteSource.bytes(try await imaging.convert(fixture("rgb.png"), ImageConversion(.png, size: size)))
        let hasty = VipsImaging(timeLimit: .milliseconds(1))
        for conversion in [ImageConversion(.png), ImageConversion(.webp), ImageConversion(.jpeg, size: .usual)] {
            let error = await #expect(throws: ImagingError.self) { try await hasty.convert(large, conversion) }
            #expect(error?.kind == .tooSlow)
        }
        let error = await #expect(throws: ImagingError.self) { try await hasty.verify(large) }
        #expect(error?.kind == .tooSlow)
    }

    @Test(arguments: [5_000_000, 60_000_000])
    func `a colour profile that is vast or no profile leaves the picture readable`(count: Int) async throws {
        let sound = try bytes("rgb.png")
        let profile = chunk("iCCP", Array("bomb\0\0".utf8) + (try zlib(count: count)))
        let source = ByteSource.bytes(sound[..<33] + profile + sound[33...])
        let plain = try await imaging.convert(.bytes(sound), ImageConversion(.png))
        #expect(try await imaging.convert(source, ImageConversion(.png)) == plain)
        #expect(try await imaging.verify(source).width == 40)
    }

    @Test func `of an animated PNG its still picture is taken`() async throws {
        let sound = try bytes("rgb.png")
        let control = chunk("acTL", [0, 0, 0, 2, 0, 0, 0, 0])
        let frame = chunk("fcTL", [0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 24] + [UInt8](repeating: 0, count: 14))
        let more = chunk("fdAT", [0, 0, 0, 1] + Array(sound[41..<(sound.count - 16)]))
        let animated = sound[..<33] + control + frame + sound[33..<(sound.count - 12)] + more + sound.suffix(12)
        let plain = try await imaging.convert(.bytes(sound), ImageConversion(.png))
        #expect(try await imaging.convert(.bytes(Array(animated)), ImageConversion(.png)) == plain)
    }

    static let impostors: [(name: String, content: String)] = [
        ("picture.png", "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"),
        ("picture.jpg", "%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF"),
        ("picture.webp", "P6 1 1 255\nabc"),
        ("picture.png", "push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 'https://example.com/x'\n"),
        ("picture.jpg", "SIMPLE  =                    T"),
    ]

    @Test(arguments: impostors.indices)
    func `what is no picture never reaches a decoder, whatever its name`(index: Int) async throws {
        let impostor = Self.impostors[index]
        let folder = FileManager.default.temporaryDirectory.appending(path: "hostile-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: impostor.name)
        try Data(impostor.content.utf8).write(to: file)
        let source = ByteSource.file(path: file.path, byteCount: Int64(impostor.content.utf8.count))
        let error = await #expect(throws: ImagingError.self) {
            try await imaging.convert(source, ImageConversion(.png))
        }
        guard case .unreadable = error?.kind else {
            Issue.record("\(impostor.name): \(error as Any)")
            return
        }
    }

    @Test func `the name of a file says nothing about its format`() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "hostile-\(UUID().uuidString).jpg")
        defer { try? FileManager.default.removeItem(at: file) }
        let content = try bytes("rgba.png")
        try Data(content).write(to: file)
        let source = ByteSource.file(path: file.path, byteCount: Int64(content.count))
        #expect(try await imaging.verify(source).format == .png)
        #expect(try await imaging.facts(of: .bytes(imaging.convert(source, ImageConversion(.webp)))).hasAlpha)
    }

    // MARK: - Material

    private func fixture(_ name: String) throws -> ByteSource { .bytes(try bytes(name)) }

    private func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return [UInt8](try Data(contentsOf: folder.appending(path: "Fixtures/images/\(name)")))
    }

    /// A zlib stream of so many zeros.
    private func zlib(count: Int) throws -> [UInt8] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", "import sys, zlib; sys.stdout.buffer.write(zlib.compress(bytes(\(count)), 9))",
        ]
        process.standardOutput = output
        try process.run()
        let bytes = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        return bytes
    }

    private func png(width: Int, height: Int, data: [UInt8]) throws -> [UInt8] {
        let header = bigEndian(width) + bigEndian(height) + [8, 2, 0, 0, 0]
        return Array(try bytes("rgb.png")[..<8]) + chunk("IHDR", header) + chunk("IDAT", data) + chunk("IEND", [])
    }

    private func chunk(_ type: String, _ payload: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + payload
        var crc = CRC32()
        crc.update(body.span)
        return bigEndian(payload.count) + body + bigEndian(Int(crc.value))
    }

    private func bigEndian(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }
}
