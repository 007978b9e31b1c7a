/// What a vendor that bills by the token makes of a drawing, as it has published or its calculator shows.
public struct TokenRule: Sendable {
    /// The tokens of one picture in the vendor's word for its quality and in a size; nil where no exact rule is known.
    public var drawing: @Sendable (_ quality: String, _ size: PixelSize) -> Int?
    /// The tokens that each early view of a streamed picture adds.
    public var earlyView: Int
    /// The sizes among which the vendor chooses while none is asked for; empty: unknown.
    public var automaticSizes: [PixelSize]

    /// A rule with all that is known of it.
    public init(
        earlyView: Int = 0,
        automaticSizes: [PixelSize] = [],
        drawing: @escaping @Sendable (_ quality: String, _ size: PixelSize) -> Int?
    ) {
        self.drawing = drawing
        self.earlyView = earlyView
        self.automaticSizes = automaticSizes
    }
}

/// A vendor's token rule at our prices and one quality.
package struct TokenCost: Sendable {
    package var rule: TokenRule
    package var prices: TokenPrices
    /// The vendor's word.
    package var quality: String

    package init(rule: TokenRule, prices: TokenPrices, quality: String) {
        self.rule = rule
        self.prices = prices
        self.quality = quality
    }

    /// What one picture of a size costs, without what is sent along; nil size: the dearest that the vendor may choose.
    package func drawing(_ size: PixelSize?) -> MicroUSD? {
        guard let size else {
            let costs = rule.automaticSizes.map { drawing($0) }
            return costs.contains(nil) ? nil : costs.compactMap { $0 }.max()
        }
        return rule.drawing(quality, size).flatMap { prices.cost(of: TokenUsage(imageOutput: $0)) }
    }

    /// What each early view adds.
    package var earlyView: MicroUSD? {
        rule.earlyView > 0 ? prices.cost(of: TokenUsage(imageOutput: rule.earlyView)) : nil
    }
}
