import Orchestrator
import Randomness
import Testing

@Suite struct ShapeValueTests {
    @Test(arguments: [("1x1", 1, 1), ("1536x1024", 1536, 1024), ("65535x65535", 65_535, 65_535), ("0064x064", 64, 64)])
    func `a size is read from its text`(text: String, width: Int, height: Int) throws {
        let size = try #require(PixelSize(text))
        #expect((size.width, size.height) == (width, height))
    }

    @Test(arguments: [
        "", "x", "1024", "1024x", "x1024", "0x0", "0x5", "-1x5", "+1x5", "1024×1024", "1024X1024", "1024x1024x3",
        "1024 x 1024", "65536x1", "1x65536", "99999999999999999999x1", "1e3x1", "１x１", "auto", "1.0x1",
    ])
    func `what is no size is refused`(text: String) {
        #expect(PixelSize(text) == nil)
    }

    @Test(arguments: [
        "", ":", "1", "1:", ":1", "0:1", "1:0", "-1:1", "16:9:1", "1000:1", "16x9", "16/9", "wide", "1.5:1", " 16:9",
    ])
    func `what is no ratio is refused`(text: String) {
        #expect(AspectRatio(text) == nil)
    }

    @Test func `a size has its ratio in lowest terms`() {
        #expect(PixelSize("1920x1080")?.ratio.description == "16:9")
        #expect(PixelSize("1024x1024")?.ratio.description == "1:1")
        #expect(PixelSize("65535x65534")?.ratio.description == "65535:65534")
    }

    @Test func `a ratio keeps the terms in which it was written`() {
        #expect(AspectRatio("999:1")?.description == "999:1")
        #expect(AspectRatio("4:2")?.description == "4:2")
    }

    @Test func `deviation is the same both ways and zero among equals`() throws {
        var random = SeededRandom(seed: 15)
        for _ in 0..<1000 {
            func any() throws -> PixelSize {
                try #require(
                    PixelSize(
                        width: Int.random(in: 1...65_535, using: &random),
                        height: Int.random(in: 1...65_535, using: &random)
                    )
                )
            }
            let (a, b) = (try any().ratio, try any().ratio)
            #expect(a.deviation(of: a) == 0)
            #expect(a.deviation(of: b) >= 0)
            #expect(abs(a.deviation(of: b) - b.deviation(of: a)) <= 1e-9 * (1 + a.deviation(of: b)))
        }
        let wide = try #require(AspectRatio("16:9"))
        #expect(try wide.deviation(of: #require(PixelSize("1344x768")).ratio) < 0.02)
        #expect(try wide.deviation(of: #require(AspectRatio("4:2"))) > 0.1)
    }

    static let words: [(String, Quality?)] = [
        ("auto", .auto), ("low", .tier(.low)), ("medium", .tier(.medium)), ("high", .tier(.high)),
        ("xhigh", .tier(.xhigh)), ("max", .tier(.max)), ("standard", .tier(.medium)), ("hd", .tier(.high)),
        ("HD", nil), ("", nil), ("ultra", nil),
    ]

    @Test(arguments: words)
    func `a quality is read from its word`(word: String, quality: Quality?) {
        #expect(Quality(word) == quality)
    }

    @Test func `tiers order by quality`() {
        #expect(Tier.allCases.reversed().sorted() == Tier.allCases)
    }

    static let mediaTypes: [(String, ImageFormat?)] = [
        ("image/png", .png), ("IMAGE/PNG", .png), ("image/jpeg; q=1", .jpeg), ("image/jpg", .jpeg),
        (" image/webp ;x", .webp), ("image/svg+xml", nil), ("text/html", nil), ("", nil), (";", nil), ("png", nil),
    ]

    @Test(arguments: mediaTypes)
    func `a format is read from its media type`(text: String, format: ImageFormat?) {
        #expect(ImageFormat(mediaType: text) == format)
    }

    @Test func `formats know their names`() {
        #expect(
            ImageFormat(name: "JPG") == .jpeg && ImageFormat(name: "WebP") == .webp && ImageFormat(name: "bmp") == nil
        )
        #expect(ImageFormat.allCases.map(\.mediaType) == ["image/png", "image/jpeg", "image/webp"])
        #expect(ImageFormat.allCases.map(\.fileExtension) == ["png", "jpg", "webp"])
        #expect(ImageFormat.allCases.filter(\.canBeTransparent) == [.png, .webp])
    }
}
