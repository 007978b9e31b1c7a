/// One call's worth of work for one model, in our words: what an adapter turns into its vendor's.
public struct ProviderRequest: Sendable {
    /// The vendor's own name of the model.
    public var model: String
    /// What is asked for.
    public var operation: Operation
    /// The words; for a variation a neutral sentence where the vendor needs one.
    public var prompt: String
    /// Pictures asked of this call, 1...the model's `maxImages`.
    public var count: Int
    /// The shape to ask for; one that the model has.
    public var shape: Shape
    /// The quality that was chosen.
    public var tier: Tier
    /// The vendor's word for the tier: `vendor_quality` of the registry, else the tier's own name.
    public var quality: String
    /// What the registry adds to the body for this tier.
    public var parameters: JSONObject
    /// The format to ask for; one of the model's.
    public var format: ImageFormat
    /// 0...100; nil where the caller named none or the model has none.
    public var compression: Int?
    /// What is to be behind the subject.
    public var background: Background
    /// How strictly the vendor's filter shall judge; nil: as it likes.
    public var moderation: ModerationLevel?
    /// A style by name, where the model has styles.
    public var style: String?
    /// The caller's name for its end user.
    public var user: String?
    /// What makes a drawing repeatable, where the model has seeds.
    public var seed: UInt32?
    /// What is not to be seen.
    public var negativePrompt: String?
    /// The pictures to work from, the first being the one that a mask belongs to.
    public var references: [InputImage]
    /// Where to paint, in the model's own polarity.
    public var mask: InputImage?
    /// Nil: a plain call. A number, 0...3: a stream with so many partial pictures.
    public var partialImages: Int?
    /// Where an `AnnouncingAdapter`'s vendor is to say that the work has ended; nil: nowhere.
    public var newsURL: String?
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
