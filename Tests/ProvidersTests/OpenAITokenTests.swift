import Orchestrator
import Testing

@testable import Providers

@Suite struct OpenAITokenTests {
    /// Published counts for 2.5, and those of gpt-image-2 that share a factor.
    static let outputs: [(String, String, String, Int)] = [
        ("gpt-image-2.5-flare", "low", "1024x1024", 196), ("gpt-image-2.5-flare", "medium", "1024x1024", 439),
        ("gpt-image-2.5-flare", "high", "1024x1024", 1756), ("gpt-image-2.5-flare", "xhigh", "1024x1024", 3122),
        ("gpt-image-2.5-flare", "max", "1024x1024", 7024), ("gpt-image-2.5-sunburst", "low", "1536x1024", 158),
        ("gpt-image-2.5-sunburst", "medium", "1024x1536", 343), ("gpt-image-2.5-sunburst", "high", "1024x1536", 1372),
        ("gpt-image-2.5-sunburst", "xhigh", "1536x1024", 2459), ("gpt-image-2.5-sunburst", "max", "1536x1024", 5488),
        ("gpt-image-2.5-flare", "low", "2560x1440", 205), ("gpt-image-2.5-flare", "max", "2560x1440", 7370),
        ("gpt-image-2.5-flare", "low", "3840x2160", 371), ("gpt-image-2.5-flare", "max", "3840x2160", 13_342),
        ("gpt-image-2", "low", "1024x1024", 196), ("gpt-image-2", "medium", "1024x1024", 1756),
        ("gpt-image-2", "high", "1024x1024", 7024), ("gpt-image-2", "high", "3840x2160", 13_342),
        ("gpt-image-2", "auto", "1024x1024", 7024), ("gpt-image-1.5", "low", "1024x1536", 408),
        ("gpt-image-1.5", "high", "1536x1024", 6208), ("gpt-image-1-mini", "medium", "1024x1024", 1056),
    ]

    @Test(arguments: outputs)
    func `output tokens follow the published counts`(model: String, quality: String, size: String, tokens: Int) throws {
        let family = try #require(OpenAIModelFamily(model: model))
        #expect(family.outputTokens(quality: quality, size: try #require(PixelSize(size))) == tokens)
    }

    /// Dollars a picture, as the vendor's price list and its calculator show them, to the digits that they show.
    static let published: [(String, String, String, Double)] = [
        ("gpt-image-2.5-flare", "low", "1024x1024", 0.0059), ("gpt-image-2.5-flare", "medium", "1024x1024", 0.0132),
        ("gpt-image-2.5-flare", "high", "1024x1024", 0.0527), ("gpt-image-2.5-flare", "xhigh", "1024x1024", 0.0937),
        ("gpt-image-2.5-flare", "max", "1024x1024", 0.2107), ("gpt-image-2.5-sunburst", "low", "1024x1536", 0.0047),
        ("gpt-image-2.5-sunburst", "medium", "1024x1536", 0.0103),
        ("gpt-image-2.5-sunburst", "high", "1536x1024", 0.0412),
        ("gpt-image-2.5-sunburst", "xhigh", "1536x1024", 0.0738),
        ("gpt-image-2.5-sunburst", "max", "1536x1024", 0.1646), ("gpt-image-2.5-flare", "low", "2560x1440", 0.0062),
        ("gpt-image-2.5-flare", "medium", "2560x1440", 0.0143), ("gpt-image-2.5-flare", "high", "2560x1440", 0.0553),
        ("gpt-image-2.5-flare", "xhigh", "2560x1440", 0.0983), ("gpt-image-2.5-flare", "max", "2560x1440", 0.2211),
        ("gpt-image-2.5-flare", "low", "3840x2160", 0.0111), ("gpt-image-2.5-flare", "medium", "3840x2160", 0.0260),
        ("gpt-image-2.5-flare", "high", "3840x2160", 0.1001), ("gpt-image-2.5-flare", "xhigh", "3840x2160", 0.1779),
        ("gpt-image-2.5-flare", "max", "3840x2160", 0.4003), ("gpt-image-2", "low", "1024x1024", 0.0059),
        ("gpt-image-2", "medium", "1024x1024", 0.0527), ("gpt-image-2", "high", "1024x1024", 0.2107),
        ("gpt-image-2", "high", "1536x1024", 0.1646), ("gpt-image-2", "medium", "3840x2160", 0.1001),
    ]

    @Test(arguments: published)
    func `the rule gives the published prices`(model: String, quality: String, size: String, dollars: Double) throws {
        let rule = try #require(OpenAIAdapter(Sample.node()).tokenRule(of: model))
        let prices = TokenPrices(textInput: 5_000_000, imageInput: 8_000_000, imageOutput: 30_000_000, textOutput: 0)
        let cost = TokenCost(rule: rule, prices: prices, quality: quality)
        let pixels: PixelSize = try #require(PixelSize(size))
        let micros = try #require(cost.drawing(pixels)?.micros)
        #expect(abs(Double(micros) / 1_000_000 - dollars) <= 0.00005)
        #expect(cost.earlyView == MicroUSD(micros: 3000))
    }

    @Test func `where no exact rule is known, none is given`() throws {
        let adapter = try OpenAIAdapter(Sample.node())
        let size = try #require(PixelSize("1024x1024"))
        #expect(adapter.tokenRule(of: "relay-model").map(\.earlyView) == nil)
        #expect(adapter.tokenRule(of: "gpt-image-2.6-flare")?.drawing("high", size) == nil)
        #expect(adapter.tokenRule(of: "gpt-image-2.6-flare")?.earlyView == 100)
        #expect(adapter.tokenRule(of: "gpt-image-2")?.drawing("auto", size) == nil)
        #expect(adapter.tokenRule(of: "gpt-image-2")?.drawing("low", size) == 196)
    }

    /// One reseller's measurements of 2.6.
    @Test(arguments: [
        ("low", "1536x1024", 664), ("high", "1536x1024", 1353), ("high", "3840x2160", 3337),
        ("auto", "1024x1024", 5800),
    ])
    func `the bound for 2.6 is over everything measured`(quality: String, size: String, measured: Int) throws {
        let tokens = OpenAIModelFamily.gpt26.outputTokens(quality: quality, size: try #require(PixelSize(size)))
        #expect(try #require(tokens) >= measured)
    }

    @Test func `a bound counts prompt bytes, partial pictures and every picture asked for`() throws {
        let adapter = try OpenAIAdapter(Sample.node())
        let request = Sample.request("gpt-image-2") {
            $0.prompt = "größer"
            $0.count = 3
            $0.partialImages = 2
        }
        #expect(adapter.tokenBound(of: request) == TokenUsage(textInput: 24, imageOutput: 3 * (196 + 200)))
        #expect(adapter.tokenBound(of: Sample.request("relay-model")) == nil)
        #expect(adapter.tokenBound(of: Sample.request("gpt-image-2") { $0.quality = "max" }) == nil)
    }

    @Test(arguments: [(64, 64), (512, 512), (1024, 1536), (3840, 2160), (8000, 8000), (30_000, 100)])
    func `a reference is bounded above both known rules`(width: Int, height: Int) {
        let bound = OpenAIModelFamily.inputBound(Sample.size(width, height))
        let (short, long) = (min(width, height), max(width, height))
        // The rule published for the older models at high fidelity: 65 and 129 a tile, and 4,160 or 6,240 on top.
        let tiles = (512 * long / short + 511) / 512
        #expect(bound >= 65 + 129 * tiles + 6240)
        #expect(bound >= (width * height + 4095) / 4096 + 65)
    }
}
