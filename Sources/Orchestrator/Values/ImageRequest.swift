/// What one caller asked for, validated, in our words and free of any vendor's.
package struct ImageRequest: Sendable {
    package var operation: Operation
    /// The `model` field as sent; empty means that the policy chooses.
    package var model = ""
    /// 1...32,000 characters; empty only for variations.
    package var prompt = ""
    /// How many pictures, 1...10.
    package var count = 1
    package var size: PixelSize?
    package var aspectRatio: AspectRatio?
    package var quality = Quality.auto
    /// The word in which the quality was asked for; an alias may read it its own way.
    package var qualityWord = "auto"
    package var background = Background.auto
    /// The format asked for; nil where the caller named none and PNG is expected.
    package var format: ImageFormat?
    /// 0...100, for JPEG and WebP.
    package var compression: Int?
    package var moderation: ModerationLevel?
    package var style: String?
    package var user: String?
    package var seed: UInt32?
    package var negativePrompt: String?
    /// How the answer carries pictures; nil: by the registry's rule for the model's name.
    package var responseFormat: ResponseFormat?
    package var stream = false
    /// 0...3, with `stream`.
    package var partialImages = 0
    package var references: [InputImage] = []
    package var mask: InputImage?
    /// Free data of the caller, kept and given back.
    package var metadata: JSONObject?
    package var routing = RoutingWishes()

    package init(operation: Operation) {
        self.operation = operation
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
