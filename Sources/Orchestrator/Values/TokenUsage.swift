/// What a vendor says that a call consumed, in tokens.
public struct TokenUsage: Sendable, Hashable {
    /// Tokens of the prompt.
    public var textInput: Int
    /// Tokens of the pictures sent along.
    public var imageInput: Int
    /// Tokens of the pictures made.
    public var imageOutput: Int
    /// Text tokens written beside the pictures; only some vendors' older models have them.
    public var textOutput: Int

    /// A usage of the given counts, each 0 or more.
    public init(textInput: Int = 0, imageInput: Int = 0, imageOutput: Int = 0, textOutput: Int = 0) {
        self.textInput = textInput
        self.imageInput = imageInput
        self.imageOutput = imageOutput
        self.textOutput = textOutput
    }

    /// Nothing consumed; what an answer shows when the vendor gave no usage.
    public static let zero = TokenUsage()

    /// Everything sent to the vendor.
    public var input: Int { textInput + imageInput }
    /// Everything made by the vendor.
    public var output: Int { imageOutput + textOutput }

    /// Sums field by field.
    public static func + (a: TokenUsage, b: TokenUsage) -> TokenUsage {
        TokenUsage(
            textInput: a.textInput + b.textInput,
            imageInput: a.imageInput + b.imageInput,
            imageOutput: a.imageOutput + b.imageOutput,
            textOutput: a.textOutput + b.textOutput
        )
    }
}

/// Prices by the token, as vendors state them: dollars for a million tokens.
public struct TokenPrices: Sendable, Hashable {
    /// Micro-dollars for a million tokens, which is exact where a micro-dollar per token is not (2.50 dollars a million).
    public var textInput: Int64
    /// As `textInput`, for pictures sent.
    public var imageInput: Int64
    /// As `textInput`, for pictures made.
    public var imageOutput: Int64
    /// As `textInput`, for text written beside pictures.
    public var textOutput: Int64

    /// Prices in micro-dollars for a million tokens.
    public init(textInput: Int64, imageInput: Int64, imageOutput: Int64, textOutput: Int64) {
        self.textInput = textInput
        self.imageInput = imageInput
        self.imageOutput = imageOutput
        self.textOutput = textOutput
    }

    /// What `usage` costs, rounded half up once; nil when a count is negative or the sum leaves the range of money.
    public func cost(of usage: TokenUsage) -> MicroUSD? {
        var total: Int64 = 0
        let terms = [
            (usage.textInput, textInput), (usage.imageInput, imageInput),
            (usage.imageOutput, imageOutput), (usage.textOutput, textOutput),
        ]
        for (count, price) in terms {
            guard count >= 0 else { return nil }
            let (product, tooBig) = Int64(count).multipliedReportingOverflow(by: price)
            let (sum, overflow) = total.addingReportingOverflow(product)
            guard !tooBig, !overflow else { return nil }
            total = sum
        }
        let (rounded, overflow) = total.addingReportingOverflow(500_000)
        return overflow ? nil : MicroUSD(micros: rounded / 1_000_000)
    }
}
