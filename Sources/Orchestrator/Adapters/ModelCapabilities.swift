/// What a model can be asked for: stated in the registry, else known to its adapter.
public struct ModelCapabilities: Sendable, Hashable {
    /// What the model can be asked to do.
    public var operations: Set<Operation>
    /// Whether pictures can be shown while they form.
    public var streams: Bool
    /// The shapes that can be asked for.
    public var shapes: ShapeRange
    /// The formats that the model delivers; never empty.
    public var formats: Set<ImageFormat>
    /// Pictures a call, 1...10.
    public var maxImages: Int
    /// Reference pictures a call, 0...16.
    public var maxReferences: Int
    /// Whether an edit may be confined by a mask.
    public var masks: Bool
    /// The mask that the model wants; masks are converted to it before the adapter sees them.
    public var maskPolarity = MaskPolarity.alpha
    /// Whether an edit without a mask is refused.
    public var requiresMask = false
    /// What more it can be told.
    public var features: Set<Feature>
    /// The styles it knows, where it can be told one; nil: whatever is asked.
    public var styles: Set<String>?

    /// A model that generates one PNG of its own shape; the other properties are set one by one.
    public init(operations: Set<Operation> = [.generate]) {
        self.operations = operations
        streams = false
        shapes = .any
        formats = [.png]
        maxImages = 1
        maxReferences = operations.contains(.edit) ? 1 : 0
        masks = false
        features = []
    }
}

/// Which shapes a model can be asked for.
public enum ShapeRange: Sendable, Hashable {
    /// Every size, exactly.
    case any
    /// One of a list of sizes; the first is the favourite.
    case sizes([PixelSize])
    /// One of a list of ratios; the pixels are the vendor's choice. An empty list: the shape cannot be asked for at all.
    case ratios([AspectRatio])
    /// Any size within bounds.
    case free(FreeSizes)
}

/// The bounds of a model that takes free sizes.
public struct FreeSizes: Sendable, Hashable {
    /// Both edges are multiples of this.
    public var multipleOf = 1
    /// Shortest edge in pixels.
    public var minEdge = 1
    /// Longest edge in pixels.
    public var maxEdge = PixelSize.longestEdge
    /// Fewest pixels.
    public var minPixels = 1
    /// Most pixels.
    public var maxPixels = Int.max
    /// Longest edge over shortest edge, at most.
    public var maxRatio = Int.max

    /// No bounds but those of any picture.
    public init() {}

    /// Whether the model takes exactly this size.
    public func contains(_ size: PixelSize) -> Bool {
        let (short, long) = (min(size.width, size.height), max(size.width, size.height))
        return size.width % multipleOf == 0 && size.height % multipleOf == 0
            && short >= minEdge && long <= maxEdge
            && (minPixels...maxPixels).contains(size.area)
            && (maxRatio == .max || long <= maxRatio * short)
    }
}
