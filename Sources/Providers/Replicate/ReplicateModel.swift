import Orchestrator

/// What one model's `input` may hold, and under which names; a field that is nil does not exist there, and sending it
/// would be an error.
struct ReplicateModel: Sendable, Hashable {
    /// Set for models that run by version: 64 hex digits, or `owner/name:id`.
    var version: String?
    var prompt: String? = "prompt"
    var images: Images?
    var mask: Mask?
    var ratio: Ratio?
    var size: Size?
    var count: Count?
    var seed: Seed?
    var negativePrompt: String?
    var format: Format?
    /// What is made where the model cannot be asked for a format.
    var nativeFormat = ImageFormat.png
    var compression: String?
    var background: String?
    var moderation: String?
    var quality: String?
    var user: String?
    /// Whether it works from words alone.
    var generates = true

    /// Reference pictures.
    struct Images: Sendable, Hashable {
        var field: String
        /// Whether the field is an array, and not one address.
        var isList: Bool
        var most: Int
    }

    struct Mask: Sendable, Hashable {
        var field: String
        var polarity: MaskPolarity
        /// Whether pictures are only taken together with a mask.
        var isRequired = false
    }

    struct Ratio: Sendable, Hashable {
        var field: String
        /// The words it takes; nil: unknown, any ratio is passed on as it is.
        var words: [String]?
    }

    /// A way to ask for pixels.
    enum Size: Sendable, Hashable {
        /// One field with `WxH`; nil words: unknown.
        case words(field: String, words: [String]?)
        /// Two fields, within bounds; some models want another field set to a word for it.
        case edges(width: String, height: String, bounds: FreeSizes, toggle: Toggle? = nil)
    }

    /// A field and the word that it must hold.
    struct Toggle: Sendable, Hashable {
        var field: String
        var word: String
    }

    struct Count: Sendable, Hashable {
        var field: String
        var most: Int
        /// Must hold this when more than one picture is asked for.
        var toggle: Toggle?
    }

    struct Seed: Sendable, Hashable {
        var field: String
        var highest = UInt32.max
    }

    struct Format: Sendable, Hashable {
        var field: String
        /// The model's word for each format that it makes; JPEG is `jpg` at most, `jpeg` at some.
        var words: [ImageFormat: String]
    }

    /// Whether a model id can stand in a path: two names of letters, digits, `-`, `_` and `.`.
    static func isOwnerAndName(_ id: String) -> Bool {
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                part.first != "." && VendorHandle.isPlain(part.filter { $0 != "." })
            }
    }

    var capabilities: ModelCapabilities {
        var capabilities = ModelCapabilities(operations: generates ? [.generate] : [])
        if let images {
            capabilities.operations.formUnion(mask?.isRequired == true ? [.edit] : [.edit, .variation])
            capabilities.maxReferences = images.most
        }
        capabilities.shapes = shapes
        capabilities.formats = format.map { Set($0.words.keys) } ?? [nativeFormat]
        capabilities.maxImages = count?.most ?? 1
        if let mask {
            capabilities.masks = true
            capabilities.maskPolarity = mask.polarity
            capabilities.requiresMask = mask.isRequired
        }
        let features: [(Feature, Bool)] = [
            (.seed, seed != nil), (.negativePrompt, negativePrompt != nil), (.compression, compression != nil),
            (.moderation, moderation != nil), (.user, user != nil),
        ]
        capabilities.features = Set(features.filter { $0.1 }.map { $0.0 })
        return capabilities
    }

    private var shapes: ShapeRange {
        let ratios = (ratio?.words ?? Self.usualRatios).compactMap { AspectRatio($0) }
        switch size {
        case .edges(_, _, let bounds, _)?: return .free(bounds)
        case .words(_, let words?)?: return .sizes(words.compactMap { PixelSize($0) })
        case .words(_, nil)?, nil: return .ratios(ratio == nil ? [] : ratios)
        }
    }

    /// What is assumed of a model whose words for ratios are not known.
    private static let usualRatios = ["1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16"]
}
