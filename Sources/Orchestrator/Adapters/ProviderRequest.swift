/// One call's worth of work for one model, in our words: what an adapter turns into its vendor's.
public struct ProviderRequest: Sendable {
    /// The vendor's own name of the model.
    public var model: String
    public var operation: Operation
    /// The words; for a variation a neutral sentence where the vendor needs one.
    public var prompt: String
    /// Pictures asked of this call, 1...the model's `maxImages`.
    public var count: Int
    public var shape: Shape
    public var tier: Tier
    /// The vendor's word for the tier: `vendor_quality` of the registry, else the tier's own name.
    public var quality: String
    /// What the registry adds to the body for this tier.
    public var parameters: JSONObject
    /// The format to ask for; one of the model's.
    public var format: ImageFormat
    /// 0...100; nil where the caller named none or the model has none.
    public var compression: Int?
    public var background: Background
    public var moderation: ModerationLevel?
    public var style: String?
    public var user: String?
    public var seed: UInt32?
    public var negativePrompt: String?
    public var references: [InputImage]
    public var mask: InputImage?
    /// Nil: a plain call. A number, 0...3: a stream with so many partial pictures.
    public var partialImages: Int?
    /// Time left for the whole attempt; vendors that can are told to stop by then.
    public var timeLimit: Duration

    /// A plain generation of one picture; the other properties are set one by one.
    public init(model: String, operation: Operation, prompt: String, tier: Tier, timeLimit: Duration) {
        self.model = model
        self.operation = operation
        self.prompt = prompt
        self.tier = tier
        self.timeLimit = timeLimit
        count = 1
        shape = .automatic
        quality = tier.rawValue
        parameters = [:]
        format = .png
        background = .auto
        references = []
    }
}
