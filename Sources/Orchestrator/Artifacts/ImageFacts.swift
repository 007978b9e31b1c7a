/// What the container of a picture says about it.
public struct ImageFacts: Sendable, Hashable {
    /// The file format.
    public var format: ImageFormat
    /// Pixels across as stored, before ``orientation`` is applied; 1 or more.
    public var width: Int
    /// Pixels down as stored, before ``orientation`` is applied; 1 or more.
    public var height: Int
    /// Whether pixels can be transparent; that some are is not known from the container.
    public var hasAlpha: Bool
    /// The size of the file, bytes behind its end included.
    public var byteCount: Int64
    /// Whether the file carries a C2PA manifest (content credentials); its signature is not checked.
    public var hasC2PA: Bool
    /// The Exif orientation, 1...8, where the file states one; 5...8 swap width and height.
    public var orientation: Int?
    /// How many bytes follow the end of the picture: none in a clean file.
    public var trailingByteCount: Int64

    /// States the facts; sizes are in pixels and bytes.
    public init(
        format: ImageFormat,
        width: Int,
        height: Int,
        hasAlpha: Bool,
        byteCount: Int64,
        hasC2PA: Bool = false,
        orientation: Int? = nil,
        trailingByteCount: Int64 = 0
    ) {
        self.format = format
        self.width = width
        self.height = height
        self.hasAlpha = hasAlpha
        self.byteCount = byteCount
        self.hasC2PA = hasC2PA
        self.orientation = orientation
        self.trailingByteCount = trailingByteCount
    }

    /// The size as stored; nil for one too large for any request.
    public var size: PixelSize? { PixelSize(width: width, height: height) }
}
