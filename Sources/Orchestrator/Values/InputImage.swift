/// One picture that a caller sent along: its bytes, and what was found in them.
public struct InputImage: Sendable, Hashable {
    /// The bytes as they came.
    public var source: ByteSource
    /// What the bytes are, whatever the file name said.
    public var format: ImageFormat
    /// True pixel size.
    public var size: PixelSize
    /// Whether any pixel may be transparent.
    public var hasAlpha: Bool
    /// SHA-256 of the bytes, in lower-case hex.
    public var digest: String
    /// The stored picture that it is, where the caller named one.
    package var parent: ImageID?
    /// What must live for the bytes to be there.
    package var keeper: Keeper?

    /// A picture whose bytes have been checked.
    public init(source: ByteSource, format: ImageFormat, size: PixelSize, hasAlpha: Bool, digest: String) {
        self.source = source
        self.format = format
        self.size = size
        self.hasAlpha = hasAlpha
        self.digest = digest
    }
}
