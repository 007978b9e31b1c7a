import Orchestrator

extension OpenAIModelFamily {
    /// The most tokens that a request can be billed for; nil for a word of quality that the family does not have.
    ///
    /// Every picture is billed as if asked for alone, its input included.
    func tokenBound(of request: ProviderRequest) -> TokenUsage? {
        guard let output = outputBound(request) else { return nil }
        let pictures = request.references + [request.mask].compactMap { $0 }
        let partials = Self.partialTokens * (request.partialImages ?? 0)
        return TokenUsage(
            // A byte-pair token stands for at least one byte.
            textInput: max(1, request.words.utf8.count) * request.count,
            imageInput: pictures.reduce(0) { $0 + Self.inputBound($1.size) } * request.count,
            imageOutput: (output + partials) * request.count
        )
    }

    /// Each partial picture costs so many output tokens more.
    private static let partialTokens = 100

    /// What the vendor publishes of its count; for 2.6 no more than the partial pictures.
    var tokenRule: TokenRule {
        TokenRule(earlyView: Self.partialTokens, automaticSizes: Self.fixedSizes) { quality, size in
            switch self {
            // A word of quality that leaves the choice to the vendor has no exact count.
            case .gpt1, .gpt2, .gpt25: quality == "auto" ? nil : outputTokens(quality: quality, size: size)
            case .gpt26: nil
            }
        }
    }

    private func outputBound(_ request: ProviderRequest) -> Int? {
        switch request.shape {
        case .size(let size): return outputTokens(quality: request.quality, size: size)
        case .ratio(let ratio): return size(of: ratio).flatMap { outputTokens(quality: request.quality, size: $0) }
        case .automatic:
            // The vendor chooses among the customary sizes: the dearest of them.
            let bounds = Self.fixedSizes.map { outputTokens(quality: request.quality, size: $0) }
            return bounds.contains(nil) ? nil : bounds.compactMap { $0 }.max()
        }
    }

    /// The output tokens of one picture, at most; `auto` is the dearest quality.
    func outputTokens(quality: String, size: PixelSize) -> Int? {
        let words = quality == "auto" ? Array(qualities.keys) : [quality]
        let counts = words.map { word in qualities[word].map { $0.tokens(size) } }
        return counts.contains(nil) ? nil : counts.compactMap { $0 }.max()
    }

    private var qualities: [String: OutputRule] {
        switch self {
        case .gpt1:
            [
                "low": .table(square: 272, tall: 408, wide: 400),
                "medium": .table(square: 1056, tall: 1584, wide: 1568),
                "high": .table(square: 4160, tall: 6240, wide: 6208),
            ]
        case .gpt2: ["low": .formula(16), "medium": .formula(48), "high": .formula(96)]
        case .gpt25:
            [
                "low": .formula(16), "medium": .formula(24), "high": .formula(48), "xhigh": .formula(64),
                "max": .formula(96),
            ]
        case .gpt26:
            // No rule is published. Low and medium were measured at three to a little over four times the tokens of
            // 2.5, the others at about the same: the bound takes five times, and a quarter more.
            [
                "low": .formula(16, percent: 500), "medium": .formula(24, percent: 500),
                "high": .formula(48, percent: 125), "xhigh": .formula(64, percent: 125),
                "max": .formula(96, percent: 125),
            ]
        }
    }

    /// Input tokens of one reference, at most. The vendor publishes no rule for today's models, so the bound is ours:
    /// what the older rule gives at high fidelity (65 + 6,240, and 129 for every 512 px tile of a narrow picture), and
    /// a token for every 4,096 pixels on top.
    static func inputBound(_ size: PixelSize) -> Int {
        let (short, long) = (min(size.width, size.height), max(size.width, size.height))
        return 65 + 6240 + 129 * ((long + short - 1) / short) + (size.area + 4095) / 4096
    }
}

/// How many output tokens one picture of a quality has.
private enum OutputRule {
    /// Counts by shape, for the models of three sizes (vendor's forum, 2025).
    case table(square: Int, tall: Int, wide: Int)
    /// The vendor's calculator, as rebuilt from its published prices: a factor of the quality, and a per cent on top.
    case formula(Int, percent: Int = 100)

    func tokens(_ size: PixelSize) -> Int {
        switch self {
        case .table(let square, let tall, let wide):
            return size.width == size.height ? square : size.width < size.height ? tall : wide
        case .formula(let factor, let percent):
            let (short, long) = (min(size.width, size.height), max(size.width, size.height))
            let rows = (2 * factor * short + long) / (2 * long)
            let tokens = (factor * rows * (2_000_000 + size.area) + 3_999_999) / 4_000_000
            return (tokens * percent + 99) / 100
        }
    }
}
