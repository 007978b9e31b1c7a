/// The price of one picture, as `cost:` of a tier states it.
///
/// A size that is listed, and `auto`, have their whole price; every other size has the base price, or that of the vendor's
/// own token rule, and its megapixels on top. Reference pictures and early views come on top of any of them.
package struct PriceTable: Sendable, Hashable {
    package var bySize: [PixelSize: MicroUSD] = [:]
    /// For every other size; nil: no other size is sold, unless by megapixels or tokens.
    package var otherwise: MicroUSD?
    /// While the vendor chooses the size; nil: the dearest price there is.
    package var automatic: MicroUSD?
    /// Whether every other size costs what the vendor's token rule gives.
    package var isByTokens = false
    /// Added to the price of every other size.
    package var perMegapixel: MicroUSD?
    /// Added for each reference picture.
    package var perReference: MicroUSD?
    /// Added for each reference picture, by its size.
    package var perReferenceMegapixel: MicroUSD?
    /// Added for each early view of a stream; nil: what the vendor's token rule gives, if anything.
    package var perPartial: MicroUSD?
    package var megapixel = MegapixelRule()
    /// The most pixels that the vendor may choose by itself; nil: unknown.
    package var mostPixels: Int?

    package init(flat: MicroUSD) {
        otherwise = flat
    }

    package init(bySize: [PixelSize: MicroUSD], otherwise: MicroUSD?) {
        self.bySize = bySize
        self.otherwise = otherwise
    }

    /// Whether every picture has the same price, but for references and early views.
    package var isFlat: Bool { bySize.isEmpty && perMegapixel == nil && !isByTokens }

    /// The price of a picture asked for in this size, with nothing on top; nil size: the vendor chooses.
    ///
    /// Nil where there is no price, or it leaves the range of money.
    package func price(for size: PixelSize?, by tokens: TokenCost? = nil) -> MicroUSD? {
        guard let size else { return automatic ?? dearest(by: tokens) }
        if let listed = bySize[size] { return listed }
        if isByTokens { return tokens?.drawing(size) }
        guard let perMegapixel else { return otherwise }
        return (otherwise ?? .zero).adding(megapixel.price(perMegapixel, of: [size.area]))
    }

    /// The price of a picture that came out in this size, whose choice was the vendor's.
    package func price(chosen size: PixelSize, by tokens: TokenCost? = nil) -> MicroUSD? {
        bySize[size] ?? automatic ?? price(for: size, by: tokens)
    }

    /// What comes on top of one picture's price: the pictures sent along, by their sizes, and the early views asked for.
    ///
    /// Nil where it leaves the range of money.
    package func surcharge(references: [PixelSize], earlyViews: Int, by tokens: TokenCost? = nil) -> MicroUSD? {
        var total: MicroUSD? = .zero
        if let perReference { total = total?.adding(perReference.multiplied(by: references.count)) }
        if let perReferenceMegapixel, !references.isEmpty {
            total = total?.adding(megapixel.price(perReferenceMegapixel, of: references.map(\.area)))
        }
        if earlyViews > 0, let each = perPartial ?? tokens?.earlyView {
            total = total?.adding(each.multiplied(by: earlyViews))
        }
        return total
    }

    private func dearest(by tokens: TokenCost?) -> MicroUSD? {
        var prices = Array(bySize.values)
        if isByTokens {
            // A rule that cannot bound the vendor's choice leaves the listed sizes, if any.
            if let most = tokens?.drawing(nil) { prices.append(most) }
        } else if let perMegapixel {
            guard let mostPixels,
                let most = (otherwise ?? .zero).adding(megapixel.price(perMegapixel, of: [mostPixels]))
            else { return nil }
            prices.append(most)
        } else if let otherwise {
            prices.append(otherwise)
        }
        return prices.max()
    }
}

/// What a vendor that bills by the megapixel calls one, and what it makes of a part of one.
package struct MegapixelRule: Sendable, Hashable {
    package enum Rounding: String, Sendable, CaseIterable {
        /// A part of a megapixel costs its part.
        case exact
        /// A part of a megapixel costs a whole one, for each picture.
        case up
    }

    /// Pixels in one.
    package var pixels = 1_000_000
    package var rounding = Rounding.exact

    package init() {}

    /// The price of pictures of these areas at a price for each megapixel, rounded half up to a micro-dollar once.
    ///
    /// Nil where it leaves the range of money.
    package func price(_ each: MicroUSD, of areas: [Int]) -> MicroUSD? {
        let one = Int128(pixels)
        let counted = areas.reduce(Int128(0)) { sum, area in
            switch rounding {
            case .exact: sum + Int128(area)
            case .up: sum + (Int128(area) + one - 1) / one * one
            }
        }
        let micros = (Int128(each.micros) * counted * 2 + one) / (2 * one)
        return micros <= Int128(MicroUSD.largestReadable) ? MicroUSD(micros: Int64(micros)) : nil
    }
}
