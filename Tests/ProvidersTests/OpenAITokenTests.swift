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
