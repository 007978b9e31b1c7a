import Orchestrator

/// The image models whose abilities and token rules are alike (models and images guide, 2026-11).
///
/// Retired models (`gpt-image-1`, `dall-e-2`, `dall-e-3`) and the names of compatible servers are of no family: the
/// registry states what they can do.
enum OpenAIModelFamily: Sendable, Hashable, CaseIterable {
    /// `gpt-image-2.6-sunburst`, `-flare`.
    case gpt26
    /// `gpt-image-2.5-sunburst`, `-flare`.
    case gpt25
    /// `gpt-image-2`.
    case gpt2
    /// `gpt-image-1.5`, `chatgpt-image-latest`, `gpt-image-1-mini`: three sizes.
    case gpt1

    /// The family of a model, dated snapshots included.
    init?(model: String) {
        switch Self.undated(model) {
        case let name where name.hasPrefix("gpt-image-2.6-"): self = .gpt26
        case let name where name.hasPrefix("gpt-image-2.5-"): self = .gpt25
        case "gpt-image-2": self = .gpt2
        case "gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest": self = .gpt1
        default: return nil
        }
    }

    private static func undated(_ model: String) -> Substring {
        // `-YYYY-MM-DD`
        Day(model.suffix(10)) != nil && model.dropLast(10).hasSuffix("-") ? model.dropLast(11) : model[...]
    }

    var capabilities: ModelCapabilities {
        var capabilities = ModelCapabilities(operations: Set(Operation.allCases))
        capabilities.streams = true
        capabilities.shapes = takesFreeSizes ? .free(Self.freeSizes) : .sizes(Self.fixedSizes)
        capabilities.formats = Set(ImageFormat.allCases)
        capabilities.maxImages = 10
        capabilities.maxReferences = 16
        capabilities.masks = true
        capabilities.features = [.transparency, .moderation, .compression, .user]
        return capabilities
    }

    /// A size of a ratio: one of the three customary ones, else pixels within the bounds of free sizes.
    func size(of ratio: AspectRatio) -> PixelSize? {
        if let fixed = Self.fixedSizes.first(where: { $0.ratio.deviation(of: ratio) == 0 }) { return fixed }
        guard takesFreeSizes, let size = PixelSize.natural(ratio), Self.freeSizes.contains(size),
            size.ratio.deviation(of: ratio) <= 0.01
        else { return nil }
        return size
    }

    var takesFreeSizes: Bool { self != .gpt1 }

    /// The sizes of every model, the first being the favourite.
    static let fixedSizes = [(1024, 1024), (1536, 1024), (1024, 1536)].compactMap { PixelSize(width: $0, height: $1) }

    /// The bounds from gpt-image-2 on.
    static let freeSizes: FreeSizes = {
        var sizes = FreeSizes()
        sizes.multipleOf = 16
        sizes.maxEdge = 3840
        sizes.minPixels = 655_360
        sizes.maxPixels = 8_294_400
        sizes.maxRatio = 3
        return sizes
    }()
}
