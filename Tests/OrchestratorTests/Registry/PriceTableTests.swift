import Testing

@testable import Orchestrator

@Suite struct PriceTableTests {
    /// A table, what is asked of one picture, and its price; nil: it is not sold.
    struct Promise: Sendable, CustomTestStringConvertible {
        var name: String
        var table: PriceTable
        var size: String? = "1024x1024"
        var references: [String] = []
        var earlyViews = 0
        var price: String?

        var testDescription: String { "\(name): \(price ?? "not sold")" }
    }

    static func table(_ adjust: (inout PriceTable) -> Void) -> PriceTable {
        var table = PriceTable(bySize: [:], otherwise: nil)
        adjust(&table)
        return table
    }

    private static let megapixels = table {
        $0.otherwise = usd("0.01")
        $0.perMegapixel = usd("0.04")
    }
    private static let whole = table {
        $0.perMegapixel = usd("0.015")
        $0.megapixel.pixels = 1_048_576
        $0.megapixel.rounding = .up
        $0.perReferenceMegapixel = usd("0.015")
        $0.otherwise = usd("0.015")
    }
    private static let tokens = table { $0.isByTokens = true }

    static let promises: [Promise] = [
        Promise(name: "flat", table: PriceTable(flat: usd("0.03")), price: "0.03"),
        Promise(name: "flat, vendor's choice", table: PriceTable(flat: usd("0.03")), size: nil, price: "0.03"),
        Promise(name: "flat, early views", table: PriceTable(flat: usd("0.03")), earlyViews: 3, price: "0.039"),
        Promise(name: "megapixels", table: megapixels, price: "0.051943"),
        Promise(name: "megapixels of a million", table: megapixels, size: "1000x1000", price: "0.05"),
        Promise(name: "half up", table: table { $0.perMegapixel = usd("0.5") }, size: "1x1", price: "0.000001"),
        Promise(name: "a pixel, below half", table: table { $0.perMegapixel = usd("0.4") }, size: "1x1", price: "0"),
        Promise(name: "an unbounded choice", table: megapixels, size: nil, price: nil),
        Promise(
            name: "a bounded choice",
            table: table {
                $0 = megapixels
                $0.mostPixels = 4_000_000
            },
            size: nil,
            price: "0.17"
        ),
        Promise(
            name: "a stated choice",
            table: table {
                $0 = megapixels
                $0.automatic = usd("0.05")
            },
            size: nil,
            price: "0.05"
        ),
        Promise(name: "one whole megapixel", table: whole, price: "0.03"),
        Promise(name: "a part is a whole one", table: whole, size: "1025x1024", price: "0.045"),
        Promise(name: "each reference by itself", table: whole, references: ["64x64", "1025x1024"], price: "0.075"),
        Promise(
            name: "a listed size is the whole price",
            table: table {
                $0 = megapixels
                $0.bySize = [size("512x512"): usd("0.002")]
            },
            size: "512x512",
            price: "0.002"
        ),
        Promise(
            name: "references on top of a listed size",
            table: table {
                $0.bySize = [size("512x512"): usd("0.002")]
                $0.perReference = usd("0.01")
            },
            size: "512x512",
            references: ["9x9", "9x9"],
            price: "0.022"
        ),
        Promise(
            name: "no price for this size",
            table: table { $0.bySize = [size("512x512"): usd("0.002")] },
            price: nil
        ),
        Promise(
            name: "early views of its own",
            table: table {
                $0.otherwise = usd("0.01")
                $0.perPartial = usd("0.001")
            },
            earlyViews: 2,
            price: "0.012"
        ),
        Promise(name: "tokens", table: tokens, price: "0.006"),
        Promise(name: "tokens with early views", table: tokens, earlyViews: 1, price: "0.009"),
        Promise(name: "tokens, vendor's choice", table: tokens, size: nil, price: "0.009"),
        Promise(
            name: "beyond the range of money",
            table: table { $0.perMegapixel = usd("1000000000") },
            size: "65535x65535",
            price: nil
        ),
    ]

    /// 200 tokens a square, 300 what is longer, 100 an early view, at 30 dollars a million.
    private static let cost = TokenCost(
        rule: TokenRule(earlyView: 100, automaticSizes: [size("1024x1024"), size("1536x1024")]) { quality, size in
            quality == "low" ? (size.width == size.height ? 200 : 300) : nil
        },
        prices: TokenPrices(textInput: 0, imageInput: 0, imageOutput: 30_000_000, textOutput: 0),
        quality: "low"
    )

    @Test(arguments: promises)
    func `a picture has the price that the table promises`(promise: Promise) {
        let drawing = promise.table.price(for: promise.size.map(size), by: Self.cost)
        let more = promise.table.surcharge(
            references: promise.references.map(size),
            earlyViews: promise.earlyViews,
            by: Self.cost
        )
        #expect(drawing?.adding(more) == promise.price.map(usd))
    }

    @Test func `a picture whose size the vendor chose has the price of that choice`() {
        var table = Self.megapixels
        table.bySize = [size("512x512"): usd("0.002")]
        #expect(table.price(chosen: size("512x512")) == usd("0.002"))
        #expect(table.price(chosen: size("1000x1000")) == usd("0.05"))
        table.automatic = usd("0.03")
        #expect(table.price(chosen: size("1000x1000")) == usd("0.03"))
    }

    @Test func `without a rule there is no price by tokens`() {
        #expect(Self.tokens.price(for: size("1024x1024")) == nil && Self.tokens.price(for: nil) == nil)
        var high = Self.cost
        high.quality = "high"
        #expect(Self.tokens.price(for: size("1024x1024"), by: high) == nil)
    }
}
