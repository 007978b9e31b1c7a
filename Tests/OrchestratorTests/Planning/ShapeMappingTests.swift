import Randomness
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

    /// What looking at every width finds.
    private func nearest(_ search: FreeSizeSearch) -> PixelSize? {
        let step = search.bounds.multipleOf
        let slope = Double(search.ratio.height) / Double(search.ratio.width) / Double(step)
        var best: (size: PixelSize, distance: Int)?
        for width in stride(from: step, through: min(search.bounds.maxEdge, PixelSize.longestEdge), by: step) {
            let lower = Int((Double(width) * slope).rounded(.down))
            for rows in lower...lower + 1 {
                guard let found = PixelSize(width: width, height: rows * step), search.bounds.contains(found),
                    found.ratio.deviation(of: search.ratio) <= search.tolerance
                else { continue }
                let area = search.size.area
                let distance = found.area >= area ? found.area - area : 2 * (area - found.area)
                if best.map({ distance < $0.distance }) ?? true { best = (found, distance) }
            }
        }
        return best?.size
    }

    @Test func `the search finds what looking at every width finds`() throws {
        var random = SeededRandom(seed: 22)
        var found = 0
        for _ in 0..<400 {
            var bounds = FreeSizes()
            bounds.multipleOf = [1, 2, 8, 16, 64, 100].randomElement(using: &random) ?? 1
            bounds.maxEdge = Int.random(in: 100...1500, using: &random)
            bounds.minEdge = Int.random(in: 1...200, using: &random)
            if Bool.random(using: &random) { bounds.maxPixels = Int.random(in: 1000...1_000_000, using: &random) }
            if Bool.random(using: &random) { bounds.minPixels = min(bounds.maxPixels, 100_000) }
            if Bool.random(using: &random) { bounds.maxRatio = Int.random(in: 1...3, using: &random) }
            let long = Bool.random(using: &random) ? 3000 : 300
            let size = try #require(
                PixelSize(
                    width: Int.random(in: 1...long, using: &random),
                    height: Int.random(in: 1...1000, using: &random)
                )
            )
            let search = FreeSizeSearch(
                size: size,
                ratio: Bool.random(using: &random) ? size.ratio : try #require(AspectRatio("3:2")),
                bounds: bounds,
                tolerance: Bool.random(using: &random) ? 0.01 : 0.001
            )
            let expected = nearest(search)
            #expect(search.nearest == expected, "\(search)")
            if expected != nil { found += 1 }
        }
        #expect(found > 100)
    }

    /// With a look at every width it would take minutes.
    @Test(.timeLimit(.minutes(1))) func `where every pixel is a step, few sizes are looked at`() throws {
        var bounds = FreeSizes()
        bounds.maxPixels = 1_000_000
        let mapping = ShapeMapping(range: .free(bounds), fidelity: .adapt)
        for edge in 1001...6000 {
            let (_, priced) = try mapping.shape(size: size("\(edge)x\(edge)"), ratio: nil)
            #expect(priced == size("1000x1000"))
        }
        bounds.maxRatio = 3
        let narrow = ShapeMapping(range: .free(bounds), fidelity: .adapt)
        for edge in 1001...6000 {
            let asked = PixelSize(width: 10 * edge, height: edge)
            #expect(throws: Mismatch.self) { try narrow.shape(size: asked, ratio: nil) }
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
