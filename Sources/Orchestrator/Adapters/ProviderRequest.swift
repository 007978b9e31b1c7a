/// One call's worth of work for one model, in our words: what an adapter turns into its vendor's.
public struct ProviderRequest: Sendable {
    /// On the heap, as the caller's request is.
    private var content: CopyOnWrite<Content>

    private struct Content: Sendable {
        var model: String
        var operation: Operation
        var prompt: String
        var count = 1
        var shape = Shape.automatic
        var tier: Tier
        var quality: String
        var parameters: JSONObject = [:]
        var format = ImageFormat.png
        var compression: Int?
        var background = Background.auto
        var moderation: ModerationLevel?
        var style: String?
        var user: String?
        var seed: UInt32?
        var negativePrompt: String?
        var references: [InputImage] = []
        var mask: InputImage?
        var partialImages: Int?
        var newsURL: String?
        var timeLimit: Duration
    }

    /// The vendor's own name of the model.
    public var model: String {
        get { content.value.model }
        _modify { yield &content.value.model }
    }
    /// What is asked for.
    public var operation: Operation {
        get { content.value.operation }
        _modify { yield &content.value.operation }
    }
    /// The words; for a variation a neutral sentence where the vendor needs one.
    public var prompt: String {
        get { content.value.prompt }
        _modify { yield &content.value.prompt }
    }
    /// Pictures asked of this call, 1...the model's `maxImages`.
    public var count: Int {
        get { content.value.count }
        _modify { yield &content.value.count }
    }
    /// The shape to ask for; one that the model has.
    public var shape: Shape {
        _read { yield content.value.shape }
        _modify { yield &content.value.shape }
    }
    /// The quality that was chosen.
    public var tier: Tier {
        get { content.value.tier }
        _modify { yield &content.value.tier }
    }
    /// The vendor's word for the tier: `vendor_quality` of the registry, else the tier's own name.
    public var quality: String {
        get { content.value.quality }
        _modify { yield &content.value.quality }
    }
    /// What the registry adds to the body for this tier.
    public var parameters: JSONObject {
        _read { yield content.value.parameters }
        _modify { yield &content.value.parameters }
    }
    /// The format to ask for; one of the model's.
    public var format: ImageFormat {
        get { content.value.format }
        _modify { yield &content.value.format }
    }
    /// 0...100; nil where the caller named none or the model has none.
    public var compression: Int? {
        get { content.value.compression }
        _modify { yield &content.value.compression }
    }
    /// What is to be behind the subject.
    public var background: Background {
        get { content.value.background }
        _modify { yield &content.value.background }
    }
    /// How strictly the vendor's filter shall judge; nil: as it likes.
    public var moderation: ModerationLevel? {
        get { content.value.moderation }
        _modify { yield &content.value.moderation }
    }
    /// A style by name, where the model has styles.
    public var style: String? {
        get { content.value.style }
        _modify { yield &content.value.style }
    }
    /// The caller's name for its end user.
    public var user: String? {
        get { content.value.user }
        _modify { yield &content.value.user }
    }
    /// What makes a drawing repeatable, where the model has seeds.
    public var seed: UInt32? {
        get { content.value.seed }
        _modify { yield &content.value.seed }
    }
    /// What is not to be seen.
    public var negativePrompt: String? {
        get { content.value.negativePrompt }
        _modify { yield &content.value.negativePrompt }
    }
    /// The pictures to work from, the first being the one that a mask belongs to.
    public var references: [InputImage] {
        _read { yield content.value.references }
        _modify { yield &content.value.references }
    }
    /// Where to paint, in the model's own polarity.
    public var mask: InputImage? {
        _read { yield content.value.mask }
        _modify { yield &content.value.mask }
    }
    /// Nil: a plain call. A number, 0...3: a stream with so many partial pictures.
    public var partialImages: Int? {
        get { content.value.partialImages }
        _modify { yield &content.value.partialImages }
    }
    /// Where an `AnnouncingAdapter`'s vendor is to say that the work has ended; nil: nowhere.
    public var newsURL: String? {
        get { content.value.newsURL }
        _modify { yield &content.value.newsURL }
    }
    /// Time left for the whole attempt; vendors that can are told to stop by then.
    public var timeLimit: Duration {
        get { content.value.timeLimit }
        _modify { yield &content.value.timeLimit }
    }

    /// A plain generation of one picture; the other properties are set one by one.
    public init(model: String, operation: Operation, prompt: String, tier: Tier, timeLimit: Duration) {
        content = CopyOnWrite(
            Content(
                model: model,
                operation: operation,
                prompt: prompt,
                tier: tier,
                quality: tier.rawValue,
                timeLimit: timeLimit
            )
        )
    }
}
