import Testing

@testable import Orchestrator

@Suite struct ShapeMappingTests {
    /// What is asked, and what a range makes of it: `SHAPE PRICED-SIZE`, or the constraint that is not met.
    struct Promise: Sendable, CustomTestStringConvertible {
        var range: String
        var asked: String
        var strict: String
        var adapt: String

        init(_ range: String, _ asked: String, strict: String, adapt: String) {
            (self.range, self.asked, self.strict, self.adapt) = (range, asked, strict, adapt)
        }

        var testDescription: String { "\(range) asked for \(asked)" }
    }

    static let ranges: [String: ShapeRange] = [
        "any": .any,
        "sizes": .sizes(["1024x1024", "1536x1024", "1024x1536", "512x512"].compactMap { PixelSize($0) }),
        "one size": .sizes([size("1024x768")]),
        "ratios": .ratios(["1:1", "3:2", "16:9"].compactMap { AspectRatio($0) }),
        "no shape": .ratios([]),
        "free": .free(free),
    ]

    /// The bounds of gpt-image-2, as an example of a model with free sizes.
    static let free: FreeSizes = {
        var bounds = FreeSizes()
        bounds.multipleOf = 16
        bounds.maxEdge = 3840
        bounds.minPixels = 655_360
        bounds.maxPixels = 8_294_400
        bounds.maxRatio = 3
        return bounds
    }()

    static let promises = [
        Promise("any", "auto", strict: "auto -", adapt: "auto -"),
        Promise("any", "123x457", strict: "123x457 123x457", adapt: "123x457 123x457"),
        Promise("any", "7:3", strict: "7:3 -", adapt: "7:3 -"),

        Promise("sizes", "auto", strict: "auto -", adapt: "auto -"),
        Promise("sizes", "1536x1024", strict: "1536x1024 1536x1024", adapt: "1536x1024 1536x1024"),
        Promise("sizes", "768x512", strict: "size", adapt: "1536x1024 1536x1024"),
        Promise("sizes", "400x400", strict: "size", adapt: "512x512 512x512"),
        Promise("sizes", "600x600", strict: "size", adapt: "1024x1024 1024x1024"),
        Promise("sizes", "2048x2048", strict: "size", adapt: "1024x1024 1024x1024"),
        Promise("sizes", "1000x1005", strict: "size", adapt: "1024x1024 1024x1024"),
        Promise("sizes", "1000x1011", strict: "size", adapt: "size"),
        Promise("sizes", "1920x1080", strict: "size", adapt: "size"),
        Promise("sizes", "3:2", strict: "1536x1024 1536x1024", adapt: "1536x1024 1536x1024"),
        Promise("sizes", "2:3", strict: "1024x1536 1024x1536", adapt: "1024x1536 1024x1536"),
        Promise("sizes", "200:201", strict: "aspect_ratio", adapt: "1024x1024 1024x1024"),
        Promise("sizes", "16:9", strict: "aspect_ratio", adapt: "aspect_ratio"),

        Promise("one size", "auto", strict: "1024x768 1024x768", adapt: "1024x768 1024x768"),
        Promise("one size", "4:3", strict: "1024x768 1024x768", adapt: "1024x768 1024x768"),
        Promise("one size", "640x480", strict: "size", adapt: "1024x768 1024x768"),
        Promise("one size", "1024x1024", strict: "size", adapt: "size"),

        Promise("ratios", "auto", strict: "auto -", adapt: "auto -"),
        Promise("ratios", "1024x1024", strict: "size", adapt: "1:1 -"),
        Promise("ratios", "1216x832", strict: "size", adapt: "3:2 -"),
        Promise("ratios", "1344x768", strict: "size", adapt: "16:9 -"),
        Promise("ratios", "800x600", strict: "size", adapt: "size"),
        Promise("ratios", "16:9", strict: "16:9 -", adapt: "16:9 -"),
        Promise("ratios", "6:4", strict: "3:2 -", adapt: "3:2 -"),
        Promise("ratios", "4:3", strict: "aspect_ratio", adapt: "aspect_ratio"),

        Promise("no shape", "auto", strict: "auto -", adapt: "auto -"),
        Promise("no shape", "1024x1024", strict: "size", adapt: "size"),
        Promise("no shape", "1:1", strict: "aspect_ratio", adapt: "aspect_ratio"),

        Promise("free", "auto", strict: "auto -", adapt: "auto -"),
        Promise("free", "1024x1024", strict: "1024x1024 1024x1024", adapt: "1024x1024 1024x1024"),
        Promise("free", "3840x2160", strict: "3840x2160 3840x2160", adapt: "3840x2160 3840x2160"),
        Promise("free", "1000x1000", strict: "size", adapt: "1008x1008 1008x1008"),
        Promise("free", "100x100", strict: "size", adapt: "816x816 816x816"),
        Promise("free", "4000x4000", strict: "size", adapt: "2880x2880 2880x2880"),
        Promise("free", "4000x1000", strict: "size", adapt: "size"),
        Promise("free", "1:1", strict: "1024x1024 1024x1024", adapt: "1024x1024 1024x1024"),
        Promise("free", "16:9", strict: "1280x720 1280x720", adapt: "1360x768 1360x768"),
        Promise("free", "4:1", strict: "aspect_ratio", adapt: "aspect_ratio"),
    ]

    @Test(arguments: promises)
    func `each range draws what the table promises`(promise: Promise) throws {
        let range = try #require(Self.ranges[promise.range])
        #expect(found(range, promise.asked, .strict) == promise.strict)
        #expect(found(range, promise.asked, .adapt) == promise.adapt)
        #expect(found(range, promise.asked, .bestEffort) == promise.adapt)
    }

    private func found(_ range: ShapeRange, _ asked: String, _ fidelity: Fidelity) -> String {
        do throws(Mismatch) {
            let (shape, priced) = try ShapeMapping(range: range, fidelity: fidelity)
                .shape(size: PixelSize(asked), ratio: AspectRatio(asked))
            let shown =
                switch shape {
                case .automatic: "auto"
                case .size(let size): "\(size)"
                case .ratio(let ratio): "\(ratio)"
                }
            return "\(shown) \(priced.map { "\($0)" } ?? "-")"
        } catch {
            return error.constraint.rawValue
        }
    }

    @Test func `a free size is within bounds and of the asked ratio`() throws {
        var random = SeededRandom(seed: 21)
        let mapping = ShapeMapping(range: .free(Self.free), fidelity: .adapt)
        for _ in 0..<300 {
            let asked = try #require(
                PixelSize(
                    width: Int.random(in: 64...4096, using: &random),
                    height: Int.random(in: 64...4096, using: &random)
                )
            )
            do throws(Mismatch) {
                let (shape, priced) = try mapping.shape(size: asked, ratio: nil)
                #expect(shape == priced.map(Shape.size))
                #expect(priced.map(Self.free.contains) == true)
                #expect(priced.map { $0.ratio.deviation(of: asked.ratio) <= 0.01 } == true)
            } catch {
                let (short, long) = (min(asked.width, asked.height), max(asked.width, asked.height))
                #expect(error.constraint == .size && Double(long) / Double(short) > 2.9, "\(asked)")
            }
        }
    }
}
