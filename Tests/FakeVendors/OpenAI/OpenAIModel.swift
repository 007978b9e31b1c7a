/// One image model of OpenAI: what it takes and what it costs, as of November 2026.
struct OpenAIModel: Sendable {
    enum Generation: Sendable, Comparable {
        case fixedSizes, two, twoFive, twoSix
    }

    var name: String
    var generation: Generation
    /// `YYYY-MM-DD`, from which day on the model is gone.
    var shutdown: String?
    /// Whether `input_fidelity: high` is taken, where the field is taken at all.
    var takesHighFidelity = true
    /// Dollars per million tokens times 100, that is hundredths of a micro-dollar per token.
    var textIn = 500
    var imageIn = 800
    var imageOut = 3000

    static let all: [OpenAIModel] =
        ["gpt-image-2", "gpt-image-2-2026-04-21"].map { OpenAIModel(name: $0, generation: .two) }
        + ["sunburst", "flare"].flatMap { kind in
            [
                OpenAIModel(name: "gpt-image-2.5-\(kind)", generation: .twoFive),
                OpenAIModel(name: "gpt-image-2.5-\(kind)-2026-09-08", generation: .twoFive),
                OpenAIModel(name: "gpt-image-2.6-\(kind)", generation: .twoSix),
            ]
        }
        + ["gpt-image-1.5", "chatgpt-image-latest"].map {
            OpenAIModel(name: $0, generation: .fixedSizes, shutdown: "2026-12-01", imageOut: 3200)
        }
        + [
            OpenAIModel(
                name: "gpt-image-1-mini",
                generation: .fixedSizes,
                shutdown: "2026-12-01",
                takesHighFidelity: false,
                textIn: 200,
                imageIn: 250,
                imageOut: 800
            ),
            OpenAIModel(name: "gpt-image-1", generation: .fixedSizes, shutdown: "2026-10-23", imageOut: 4000),
            OpenAIModel(name: "dall-e-3", generation: .fixedSizes, shutdown: "2026-05-12"),
            OpenAIModel(name: "dall-e-2", generation: .fixedSizes, shutdown: "2026-05-12"),
        ]

    var qualities: [String] {
        generation >= .twoFive ? ["low", "medium", "high", "xhigh", "max"] : ["low", "medium", "high"]
    }

    static let fixedSizes = ["1024x1024", "1536x1024", "1024x1536"]

    /// Whether a picture of that size is drawn.
    func takes(width: Int, height: Int) -> Bool {
        guard generation > .fixedSizes else { return OpenAIModel.fixedSizes.contains("\(width)x\(height)") }
        let (long, short) = (max(width, height), min(width, height))
        return short > 0 && width % 16 == 0 && height % 16 == 0 && long <= 3840 && long <= 3 * short
            && (655_360...8_294_400).contains(width * height)
    }

    /// Tokens of one drawn picture.
    ///
    /// Fixed sizes: the vendor's image guide. Free sizes: the vendor's calculator, as reverse-engineered and checked
    /// against published prices; 2.6 is taken like 2.5, since no exact rule is known.
    func outputTokens(quality: String, width: Int, height: Int) -> Int {
        guard generation > .fixedSizes else {
            let column = width == height ? 0 : (width < height ? 1 : 2)
            return switch quality {
            case "low": [272, 408, 400][column]
            case "medium": [1056, 1584, 1568][column]
            default: [4160, 6240, 6208][column]
            }
        }
        let factors: [String: Int] =
            generation == .two
            ? ["low": 16, "medium": 48, "high": 96]
            : ["low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96]
        let factor = factors[quality] ?? 0
        let (long, short) = (max(width, height), min(width, height))
        let side = (2 * factor * short + long) / (2 * long)
        return (factor * side * (2_000_000 + width * height) + 3_999_999) / 4_000_000
    }

    /// Rounded half up to a micro-dollar, once.
    func costMicroUSD(textTokens: Int, imageTokens: Int, outputTokens: Int) -> Int {
        (textTokens * textIn + imageTokens * imageIn + outputTokens * imageOut + 50) / 100
    }
}
