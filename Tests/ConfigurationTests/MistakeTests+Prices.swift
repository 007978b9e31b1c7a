@testable import Configuration

extension MistakeTests {
    private static let key = "providers.openai.models.gpt-image-2.tiers.low.cost"
    private static let core = "providers.stability.models.core.tiers.low.cost"

    private static func low(_ cost: String, _ expected: String) -> Mistake {
        Mistake("low: {cost: 0.006, score: 12}", "low: {cost: \(cost)}", "\(key)\(expected)")
    }

    private static func core(_ cost: String, _ expected: String) -> Mistake {
        Mistake("tiers: {low: {cost: 0.03}}}", "tiers: {low: {cost: \(cost)}}}", "\(core)\(expected)")
    }

    /// Prices of several parts.
    static let prices: [Mistake] = [
        low("{‸per_megapixels: 0.1}", ".per_megapixels: must be a size, not 'per_megapixels' (such as 1024x1024)"),
        low("{base: ‸free}", ".base: must be a decimal number of dollars, not 'free' (such as 0.053)"),
        low("{default: 0.1, per_reference: ‸-1}", ".per_reference: must not be negative"),
        low("{default: 0.1, base: ‸0.1}", ".base: cannot stand beside 'default' (both are the price of other sizes)"),
        low(
            "{default: tokens, per_megapixel: ‸0.1}",
            ".per_megapixel: cannot stand beside 'default: tokens' (tokens count the pixels)"
        ),
        low(
            "{default: 0.1, megapixel_rounding: ‸up}",
            ".megapixel_rounding: nothing is priced by the megapixel (add 'per_megapixel')"
        ),
        low(
            "{per_megapixel: 0.1, megapixel_rounding: ‸down}",
            ".megapixel_rounding: unknown rounding 'down' (one of exact, up)"
        ),
        low("{per_megapixel: 0.1, megapixel_pixels: ‸0}", ".megapixel_pixels: must be 1 to 100000000, not '0'"),
        low("‸{per_reference: 0.1}", ": has no price for a picture (add 'default', or a size)"),
        low("‸token", ": must be a decimal number of dollars, not 'token' (such as 0.053)"),
        low(
            "‸tokens, vendor_quality: unknown",
            ": the adapter knows no rule for this model's tokens (give prices in dollars)"
        ),
        core("‸tokens", ": needs the model's 'token_prices'"),
        core(
            "‸{per_megapixel: 0.01}",
            ".auto: is required: the vendor may choose the size, and nothing bounds its pixels"
        ),
    ]
}
