import Orchestrator
import Randomness
import Testing

@Suite struct MicroUSDTests {
    static let readable: [(String, Int64, String)] = [
        ("0", 0, "0"),
        ("0.053", 53_000, "0.053"),
        ("12", 12_000_000, "12"),
        ("12.0", 12_000_000, "12"),
        ("007.5", 7_500_000, "7.5"),
        ("0.000001", 1, "0.000001"),
        ("0.0000010", 1, "0.000001"),
        ("1.100000000000000", 1_100_000, "1.1"),
        ("1000000000", 1_000_000_000_000_000, "1000000000"),
    ]

    @Test(arguments: readable)
    func `a decimal is read exactly and written at its shortest`(text: String, micros: Int64, shown: String) throws {
        let amount = try MicroUSD(decimal: text)
        #expect(amount == MicroUSD(micros: micros))
        #expect(amount.description == shown)
    }

    static let unreadable: [(String, MicroUSD.ParseError)] = [
        ("", .notDecimal), (".", .notDecimal), (".5", .notDecimal), ("5.", .notDecimal), ("1.2.3", .notDecimal),
        ("+1", .notDecimal), ("1e3", .notDecimal), ("1E-2", .notDecimal), ("$1", .notDecimal), ("1,5", .notDecimal),
        (" 1", .notDecimal), ("1 ", .notDecimal), ("0x10", .notDecimal), ("inf", .notDecimal), ("nan", .notDecimal),
        ("١", .notDecimal), ("１", .notDecimal), ("0.+1", .notDecimal),
        ("-1", .negative), ("-0", .negative), ("-", .negative),
        ("0.0000001", .tooFine), ("1.1234567", .tooFine),
        ("1000000000.000001", .tooLarge), ("9223372036854775807", .tooLarge),
        ("99999999999999999999999999999999", .tooLarge),
    ]

    @Test(arguments: unreadable)
    func `whatever is no amount is refused with its reason`(text: String, reason: MicroUSD.ParseError) {
        #expect(throws: reason) { try MicroUSD(decimal: text) }
    }

    @Test func `ten cents and twenty cents are thirty cents`() throws {
        #expect(try MicroUSD(decimal: "0.1") + MicroUSD(decimal: "0.2") == MicroUSD(decimal: "0.3"))
    }

    @Test func `a thousand pictures at three tenths of a cent cost three dollars`() throws {
        let price = try MicroUSD(decimal: "0.003")
        #expect(price.multiplied(by: 1000)?.description == "3")
        #expect((0..<1000).reduce(MicroUSD.zero) { sum, _ in sum + price }.description == "3")
    }

    @Test func `a product beyond the range of money is none`() {
        #expect(MicroUSD(micros: .max).multiplied(by: 2) == nil)
        #expect(MicroUSD(micros: .max).multiplied(by: 1) == MicroUSD(micros: .max))
    }

    @Test func `differences below zero are written with a sign`() {
        #expect((MicroUSD.zero - MicroUSD(micros: 1_500_000)).description == "-1.5")
        #expect(MicroUSD(micros: .min).description == "-9223372036854.775808")
    }

    @Test func `every amount reads back as itself`() throws {
        var random = SeededRandom(seed: 11)
        for _ in 0..<5000 {
            let digits = Int.random(in: 0...15, using: &random)
            let micros = Int64.random(in: 0...1_000_000_000_000_000, using: &random) / Int64(power(10, digits))
            let amount = MicroUSD(micros: micros)
            #expect(try MicroUSD(decimal: amount.description) == amount)
        }
    }

    private func power(_ base: Int, _ exponent: Int) -> Int {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }
}

@Suite struct TokenPricesTests {
    /// OpenAI's prices for gpt-image-1: 5, 10 and 40 dollars a million; the 2.50 of cached text is finer than a micro-dollar.
    static let prices = TokenPrices(
        textInput: 5_000_000,
        imageInput: 10_000_000,
        imageOutput: 40_000_000,
        textOutput: 2_500_000
    )

    static let bills: [(TokenUsage, Int64)] = [
        (.zero, 0),
        (TokenUsage(imageOutput: 272), 10_880),
        (TokenUsage(imageOutput: 1056), 42_240),
        (TokenUsage(imageOutput: 4160), 166_400),
        (TokenUsage(textInput: 20, imageInput: 323, imageOutput: 1056), 45_570),
        // 2.5 micro-dollars are rounded half up, once for the sum.
        (TokenUsage(textOutput: 1), 3),
        (TokenUsage(textOutput: 3), 8),
        (TokenUsage(textInput: 1, textOutput: 1), 8),
    ]

    @Test(arguments: bills)
    func `a usage costs what the published prices say`(usage: TokenUsage, micros: Int64) {
        #expect(Self.prices.cost(of: usage) == MicroUSD(micros: micros))
    }

    @Test(arguments: [
        TokenUsage(textInput: -1), TokenUsage(imageOutput: .max),
        TokenUsage(textInput: .max / 5_000_000, imageInput: .max),
        TokenUsage(textInput: .max / 5_000_000, textOutput: .max / 5_000_000),
    ])
    func `a count that cannot be true costs nothing that could be shown`(usage: TokenUsage) {
        #expect(Self.prices.cost(of: usage) == nil)
    }

    @Test func `usages add up field by field`() {
        let sum =
            TokenUsage(textInput: 1, imageInput: 2, imageOutput: 3, textOutput: 4)
            + TokenUsage(textInput: 10, imageInput: 20, imageOutput: 30, textOutput: 40)
        #expect(sum == TokenUsage(textInput: 11, imageInput: 22, imageOutput: 33, textOutput: 44))
        #expect(sum.input == 33 && sum.output == 77)
    }
}
