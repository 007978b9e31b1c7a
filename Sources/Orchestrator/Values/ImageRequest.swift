/// What one caller asked for, validated, in our words and free of any vendor's.
package struct ImageRequest: Sendable {
    /// On the heap: a request is kept by everything that waits for its answer.
    private var content: CopyOnWrite<Content>

    private struct Content: Sendable {
        var operation: Operation
        var model = ""
        var prompt = ""
        var count = 1
        var size: PixelSize?
        var aspectRatio: AspectRatio?
        var quality = Quality.auto
        var qualityWord = "auto"
        var background = Background.auto
        var format: ImageFormat?
        var compression: Int?
        var moderation: ModerationLevel?
        var style: String?
        var user: String?
        var seed: UInt32?
        var negativePrompt: String?
        var responseFormat: ResponseFormat?
        var stream = false
        var partialImages = 0
        var references: [InputImage] = []
        var mask: InputImage?
        var metadata: JSONObject?
        var routing = RoutingWishes()
    }

    package var operation: Operation {
        get { content.value.operation }
        _modify { yield &content.value.operation }
    }
    /// The `model` field as sent; empty means that the policy chooses.
    package var model: String {
        get { content.value.model }
        _modify { yield &content.value.model }
    }
    /// 1...32,000 characters; empty only for variations.
    package var prompt: String {
        get { content.value.prompt }
        _modify { yield &content.value.prompt }
    }
    /// How many pictures, 1...10.
    package var count: Int {
        get { content.value.count }
        _modify { yield &content.value.count }
    }
    package var size: PixelSize? {
        get { content.value.size }
        _modify { yield &content.value.size }
    }
    package var aspectRatio: AspectRatio? {
        get { content.value.aspectRatio }
        _modify { yield &content.value.aspectRatio }
    }
    package var quality: Quality {
        get { content.value.quality }
        _modify { yield &content.value.quality }
    }
    /// The word in which the quality was asked for; an alias may read it its own way.
    package var qualityWord: String {
        get { content.value.qualityWord }
        _modify { yield &content.value.qualityWord }
    }
    package var background: Background {
        get { content.value.background }
        _modify { yield &content.value.background }
    }
    /// The format asked for; nil where the caller named none and PNG is expected.
    package var format: ImageFormat? {
        get { content.value.format }
        _modify { yield &content.value.format }
    }
    /// 0...100, for JPEG and WebP.
    package var compression: Int? {
        get { content.value.compression }
        _modify { yield &content.value.compression }
    }
    package var moderation: ModerationLevel? {
        get { content.value.moderation }
        _modify { yield &content.value.moderation }
    }
    package var style: String? {
        get { content.value.style }
        _modify { yield &content.value.style }
    }
    package var user: String? {
        get { content.value.user }
        _modify { yield &content.value.user }
    }
    package var seed: UInt32? {
        get { content.value.seed }
        _modify { yield &content.value.seed }
    }
    package var negativePrompt: String? {
        get { content.value.negativePrompt }
        _modify { yield &content.value.negativePrompt }
    }
    /// How the answer carries pictures; nil: by the registry's rule for the model's name.
    package var responseFormat: ResponseFormat? {
        get { content.value.responseFormat }
        _modify { yield &content.value.responseFormat }
    }
    package var stream: Bool {
        get { content.value.stream }
        _modify { yield &content.value.stream }
    }
    /// 0...3, with `stream`.
    package var partialImages: Int {
        get { content.value.partialImages }
        _modify { yield &content.value.partialImages }
    }
    package var references: [InputImage] {
        _read { yield content.value.references }
        _modify { yield &content.value.references }
    }
    package var mask: InputImage? {
        _read { yield content.value.mask }
        _modify { yield &content.value.mask }
    }
    /// Free data of the caller, kept and given back.
    package var metadata: JSONObject? {
        _read { yield content.value.metadata }
        _modify { yield &content.value.metadata }
    }
    package var routing: RoutingWishes {
        _read { yield content.value.routing }
        _modify { yield &content.value.routing }
    }

    package init(operation: Operation) {
        content = CopyOnWrite(Content(operation: operation))
    }

    /// The format that the answer shall have.
    package var wantedFormat: ImageFormat { format ?? .png }
}

/// How the answer of a synchronous call carries its pictures.
package enum ResponseFormat: String, Sendable, CaseIterable {
    case url
    case base64 = "b64_json"
}

/// What a caller says about the route; anything left nil falls to its key, then to the registry.
package struct RoutingWishes: Sendable {
    package var policy: String?
    /// The most that the whole request may cost.
    package var maxCost: MicroUSD?
    package var minScore: Double?
    /// Only these providers, where not nil.
    package var providers: [String]?
    package var exclude: [String] = []
    package var fidelity: Fidelity?
    /// False: the first candidate alone is tried.
    package var fallback: Bool?
    /// Attempts for one picture, 1...6.
    package var maxAttempts: Int?

    package init() {}
}
