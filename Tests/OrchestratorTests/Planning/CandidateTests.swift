import Testing

@testable import Orchestrator

@Suite struct CandidateTests {
    private func candidate(
        _ request: ImageRequest = .sample(),
        _ adjust: (inout Model) -> Void = { _ in }
    ) throws -> Candidate {
        try #require(
            try Registry.sample([.sample("a", [.sample("m", price: "0.04", adjust)])]).plan(request).candidates.first
        )
    }

    static let splits: [(Int, Int, [Range<Int>])] = [
        (1, 10, [0..<1]), (4, 10, [0..<4]), (4, 1, [0..<1, 1..<2, 2..<3, 3..<4]), (10, 4, [0..<4, 4..<8, 8..<10]),
        (3, 0, [0..<1, 1..<2, 2..<3]),
    ]

    @Test(arguments: splits)
    func `a request is split into the calls that the model takes`(count: Int, most: Int, calls: [Range<Int>]) throws {
        #expect(try candidate { $0.capabilities.maxImages = most }.calls(for: 0..<count) == calls)
    }

    private func candidate(_ adjust: (inout Model) -> Void) throws -> Candidate {
        try candidate(.sample(), adjust)
    }

    @Test func `each call gets its own seed, the first the one that was asked`() throws {
        let request = ImageRequest.sample {
            $0.count = 3
            $0.seed = .max
        }
        let candidate = try candidate(request) { $0.capabilities.maxImages = 1 }
        let seeds = candidate.calls(for: 0..<3).map {
            candidate.providerRequest(for: request, slots: $0, timeLimit: .seconds(1)).seed
        }
        #expect(seeds == [.max, 0, 1])
    }

    @Test func `a call holds what the model can be told, and nothing else`() throws {
        let request = ImageRequest.sample {
            $0.count = 2
            $0.style = "vivid"
            $0.user = "u"
            $0.moderation = .low
            $0.seed = 3
            $0.negativePrompt = "hands"
            $0.routing.fidelity = .bestEffort
        }
        let full = try candidate(request).providerRequest(for: request, slots: 0..<2, timeLimit: .seconds(9))
        #expect(full.count == 2 && full.model == "m" && full.timeLimit == .seconds(9) && full.prompt == "a fox")
        #expect(full.style == "vivid" && full.user == "u" && full.moderation == .low)
        #expect(full.seed == 3 && full.negativePrompt == "hands")
        let bare = try candidate(request) { $0.capabilities.features = [] }
            .providerRequest(for: request, slots: 0..<2, timeLimit: .seconds(9))
        #expect(bare.style == nil && bare.user == nil && bare.moderation == nil)
        #expect(bare.seed == nil && bare.negativePrompt == nil)
    }

    @Test func `the vendor's own words for a tier are sent`() throws {
        let call = try candidate {
            $0.tiers[0].vendorQuality = "hd"
            $0.tiers[0].parameters = ["steps": 4]
        }.providerRequest(for: .sample(), slots: 0..<1, timeLimit: .seconds(1))
        #expect(call.quality == "hd" && call.parameters["steps"] == 4 && call.tier == .medium)
    }

    @Test func `a variation without words asks for a variation`() throws {
        let request = ImageRequest.sample(.variation)
        let call = try candidate(request).providerRequest(for: request, slots: 0..<1, timeLimit: .seconds(1))
        #expect(call.prompt == Candidate.variationPrompt && call.references.count == 1)
        let worded = ImageRequest.sample(.variation) { $0.prompt = "bluer" }
        #expect(
            try candidate(worded).providerRequest(for: worded, slots: 0..<1, timeLimit: .seconds(1)).prompt == "bluer"
        )
    }

    @Test func `early pictures are asked of models that stream, for callers that want a stream`() throws {
        let request = ImageRequest.sample {
            $0.stream = true
            $0.partialImages = 2
        }
        func partials(_ request: ImageRequest, streams: Bool) throws -> Int? {
            try candidate(request) { $0.capabilities.streams = streams }
                .providerRequest(for: request, slots: 0..<1, timeLimit: .seconds(1)).partialImages
        }
        #expect(try partials(request, streams: true) == 2)
        #expect(try partials(request, streams: false) == nil)
        #expect(try partials(.sample(), streams: true) == nil)
    }

    // MARK: Money

    private static let tokens = TokenPrices(textInput: 0, imageInput: 0, imageOutput: 40_000_000, textOutput: 0)

    private func metered(most: Int?, price: String = "0.04") throws -> (Candidate, ProviderRequest) {
        var provider = Provider.sample("a", [.sample("m", price: price) { $0.tokenPrices = Self.tokens }])
        provider.adapter = StubAdapter(base: "https://a.example", bound: most.map { TokenUsage(imageOutput: $0) })
        let request = ImageRequest.sample { $0.count = 2 }
        let candidate = try #require(try Registry.sample([provider]).plan(request).candidates.first)
        return (candidate, candidate.providerRequest(for: request, slots: 0..<2, timeLimit: .seconds(1)))
    }

    @Test func `the hold is the dearer of the tier's price and the vendor's tokens at their most`() throws {
        let (dear, first) = try metered(most: 4160)
        #expect(dear.worstCost(of: first) == usd("0.3328"))
        let (low, second) = try metered(most: 272)
        #expect(low.worstCost(of: second) == usd("0.08"))
        let (unknown, third) = try metered(most: nil)
        #expect(unknown.worstCost(of: third) == usd("0.08"))
    }

    @Test func `a call is billed by its usage, and by the tier's price where that is none`() throws {
        let (candidate, _) = try metered(most: 4160)
        let sizes = [PixelSize.usual, .usual]
        #expect(candidate.bill(sizes: sizes, usage: TokenUsage(imageOutput: 1000)) == usd("0.04"))
        #expect(candidate.bill(sizes: sizes, usage: TokenUsage(imageOutput: 9000)) == usd("0.36"))
        #expect(candidate.bill(sizes: sizes, usage: nil) == usd("0.08"))
        #expect(candidate.bill(sizes: sizes, usage: TokenUsage(imageOutput: .max)) == usd("0.08"))
        #expect(candidate.quote(for: 2) == usd("0.08"))
    }

    @Test func `without usage each picture is priced by the size it has`() throws {
        let candidate = try candidate(.sample()) {
            $0.tiers[0].price = PriceTable(
                bySize: [size("1024x1024"): usd("0.01"), size("1536x1024"): usd("0.03")],
                otherwise: usd("0.02")
            )
        }
        #expect(candidate.unitPrice == usd("0.03"))
        let sizes = [size("1024x1024"), size("1536x1024"), size("7x7")]
        #expect(candidate.bill(sizes: sizes, usage: nil) == usd("0.06"))
    }
}
