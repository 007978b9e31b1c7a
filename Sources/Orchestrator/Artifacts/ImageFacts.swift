/// What the bytes of a picture say about it.
package struct ImageFacts: Sendable, Hashable {
    package var format: ImageFormat
    /// Pixels across, as stored, before `orientation` is applied.
    package var width: Int
    /// Pixels down, as stored, before `orientation` is applied.
    package var height: Int
    /// Whether pixels may be transparent; that some are is not known from the header.
    package var hasAlpha: Bool
    /// The size of the file, bytes behind the picture's end included.
    package var byteCount: Int64
    /// Whether a C2PA manifest is embedded, or the XMP packet says where one is; no signature is checked.
    package var hasC2PA: Bool
    /// Whether the XMP packet says how the picture came about: the property `DigitalSourceType` of IPTC.
    package var hasDigitalSourceType: Bool
    /// The Exif orientation, 1...8, where stated; 5...8 swap width and height.
    package var orientation: Int?
    /// How many bytes follow the end of the picture: none in a clean file.
    package var trailingByteCount: Int64

    package init(
        format: ImageFormat,
        width: Int,
        height: Int,
        hasAlpha: Bool,
        byteCount: Int64,
        hasC2PA: Bool = false,
        hasDigitalSourceType: Bool = false,
        orientation: Int? = nil,
        trailingByteCount: Int64 = 0
    ) {
        self.format = format
        self.width = width
        self.height = height
        self.hasAlpha = hasAlpha
        self.byteCount = byteCount
        self.hasC2PA = hasC2PA
        self.hasDigitalSourceType = hasDigitalSourceType
        self.orientation = orientation
        self.trailingByteCount = trailingByteCount
    }

    /// The size as stored; nil for one too large for any request.
    package var size: PixelSize? { PixelSize(width: width, height: height) }
}
