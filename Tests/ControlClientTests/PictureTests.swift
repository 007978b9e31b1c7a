import FakeVendors
import Imaging
import Orchestrator
import Testing

@testable import ControlClient

/// Pictures and foreign texts as terminals get them.
@Suite struct PictureTests {
    /// Two pixels wide and three high: red above, blue below, and a last row of green.
    private static let grid = PixelGrid(
        width: 2,
        height: 3,
        bytes: [255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 255, 0, 255, 0, 0, 255, 0]
    )

    @Test func `half blocks put two pixels into a cell, and leave half of an odd row alone`() {
        let text = String(decoding: HalfBlocks(Self.grid).text, as: UTF8.self)
        #expect(
            text == "\u{1B}[38;2;255;0;0;48;2;0;0;255m▀▀\u{1B}[0m\n\u{1B}[38;2;0;255;0m▀▀\u{1B}[0m\n"
        )
    }

    @Test func `sixels draw each colour of a strip once`() {
        let text = String(decoding: SixelImage(Self.grid).text, as: UTF8.self)
        #expect(text.hasPrefix("\u{1B}Pq\"1;1;2;3") && text.hasSuffix("-\u{1B}\\\n"))
        for colour in ["#180;2;100;0;0", "#5;2;0;0;100", "#30;2;0;100;0"] { #expect(text.contains(colour), "\(text)") }
        // Rows one, two and three of six: bits 1, 2 and 4 over the question mark.
        for strip in ["#180@@", "#5AA", "#30CC"] { #expect(text.contains(strip), "\(text)") }
    }

    @Test func `sixels tell long runs by their length`() {
        let wide = PixelGrid(width: 100, height: 6, bytes: Array(repeating: 255, count: 1800))
        #expect(String(decoding: SixelImage(wide).text, as: UTF8.self).contains("#215!100~-"))
    }

    @Test func `kitty gets base64 in pieces that all but the last announce another`() throws {
        let png = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
        let text = String(decoding: KittyImage(png: png).text, as: UTF8.self)
        let pieces = text.split(separator: "\u{1B}_G").map { $0.prefix { $0 != "\u{1B}" } }
        #expect(pieces.count == 4 && pieces[0].hasPrefix("a=T,f=100,q=2,m=1;") && pieces[3].hasPrefix("m=0;"))
        let data = pieces.map { $0.drop { $0 != ";" }.dropFirst() }.joined()
        #expect(try Base64.decode(Array(data.utf8).span) == png)
        #expect(pieces.allSatisfy { $0.drop { $0 != ";" }.dropFirst().utf8.count <= 4096 })
    }

    static let answers: [(String, PictureWay)] = [
        ("\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[?62;4c", .kitty), ("\u{1B}[?62;4;22c", .sixel), ("\u{1B}[?62;22c", .blocks),
        ("\u{1B}[?4c", .blocks), ("", .blocks), ("nonsense", .blocks),
        ("\u{1B}_Gi=31;ENOTSUP\u{1B}\\\u{1B}[?1;2c", .blocks),
    ]

    @Test(arguments: answers)
    func `a terminal's answers say how it draws`(answer: String, way: PictureWay) {
        #expect(PictureWay.meant(by: answer) == way)
    }

    @Test(arguments: [
        ("a\u{1B}]0;title\u{7}b\r\nc", "a ]0;title b  c"), ("a\u{202E}b\u{200B}", "ab"), ("\u{9B}31mx", " 31mx"),
    ])
    func `foreign text cannot move the cursor or turn the line`(text: String, shown: String) {
        #expect(Shown.line(text) == shown)
    }

    @Test func `long text is cut by cells, between characters`() {
        #expect(Shown.line("雪雪雪雪", atMost: 6) == "雪雪…" && Shown.line("abcdef", atMost: 6) == "abcdef")
        #expect(Shown.line("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", atMost: 4) == "👨‍👩‍👧‍👦…")
    }

    @Test func `pictures are decoded and fitted into a box, as pixels and as PNG`() throws {
        let png = PictureMaker.make(.png, width: 300, height: 200, number: 7, isTransparent: true)
        let box = try #require(PixelSize(width: 60, height: 100))
        let grid = try PixelSampler.grid(of: png, within: box)
        #expect(grid.width == 60 && grid.height == 40 && grid.bytes.count == 60 * 40 * 3)
        let small = try FetchedPicture(try PixelSampler.png(of: png, within: box), called: "it")
        #expect(small.format == .png)
        #expect(throws: ImagingError.self) { try PixelSampler.grid(of: Array(png.dropLast(20)), within: box) }
    }

    static let percents: [(Int, Int, String)] = [
        (1000, 3500, "28.6%"), (3000, 8000, "37.5%"), (50, 500, "10%"), (300, 1500, "20%"), (0, 100, "0%"),
        (1, 3, "33.3%"), (2, 3, "66.7%"), (1, 0, ""),
    ]

    @Test(arguments: percents)
    func `a bonus is a share of what is paid for`(bonus: Int, base: Int, text: String) {
        #expect(CreditCommands.percent(bonus, of: base) == text)
    }
}
