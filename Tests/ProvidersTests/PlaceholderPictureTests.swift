import Foundation
import Orchestrator
import Testing

@testable import Providers

@Suite struct PlaceholderPictureTests {
    @Test(arguments: [(1, 1), (1, 200), (200, 1), (64, 64), (333, 127), (1024, 1024)])
    func `a picture of any size is a sound PNG of that size`(width: Int, height: Int) throws {
        let bytes = PlaceholderPicture(prompt: "a lighthouse", seed: 1, size: (width, height)).png()
        var inspector = ImageInspector()
        try inspector.consume(bytes.span)
        let facts = try inspector.finish()
        #expect((facts.format, facts.width, facts.height) == (.png, width, height))
        #expect(facts.trailingByteCount == 0)
    }

    @Test func `equal inputs give equal bytes, another prompt or seed others`() {
        func png(_ prompt: String, _ seed: UInt64) -> [UInt8] {
            PlaceholderPicture(prompt: prompt, seed: seed, size: (96, 64)).png()
        }
        #expect(png("a", 1) == png("a", 1))
        #expect(png("a", 1) != png("b", 1))
        #expect(png("a", 1) != png("a", 2))
    }

    @Test(arguments: 0..<5)
    func `a picture of a megapixel stays small`(seed: UInt64) {
        #expect(PlaceholderPicture(prompt: "a cat", seed: seed, size: (1024, 1024)).png().count < 60_000)
    }

    /// Runs of every length around the limits of the format, and none at all.
    @Test func `the pixels read back are those written`() throws {
        let lengths = [
            1, 2, 3, 4, 5, 10, 11, 12, 18, 19, 34, 35, 66, 67, 114, 115, 130, 131, 227, 257, 258, 259, 260, 261, 517,
        ]
        var row: [UInt8] = []
        for (index, length) in lengths.enumerated() {
            row += [UInt8](repeating: UInt8((index * 37 + 5) % 256), count: length)
        }
        row += (0...255).map { UInt8($0) }
        let palette = (0...255).map { PNGEncoder.Color(red: $0, green: 255 - $0, blue: $0 ^ 0x5A) }
        var encoder = PNGEncoder(width: row.count, height: 3, palette: palette)
        let rows = [row, row, Array(row.reversed())]
        for row in rows { encoder.append(row) }
        let pixels = try decodedByTool(encoder.finish())
        #expect(
            pixels == rows.joined().flatMap { [palette[Int($0)].red, palette[Int($0)].green, palette[Int($0)].blue] }
        )
    }

    /// Red, green and blue of every pixel as the `vips` tool reads them.
    private func decodedByTool(_ png: [UInt8]) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "placeholder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (source, raw) = (folder.appending(path: "in.png"), folder.appending(path: "out.raw"))
        try Data(png).write(to: source)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["vips", "rawsave", source.path, raw.path]
        try process.run()
        process.waitUntilExit()
        return [UInt8](try Data(contentsOf: raw))
    }
}
