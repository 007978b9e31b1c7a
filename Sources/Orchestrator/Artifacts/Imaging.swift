/// What the daemon does with the pixels of pictures; every operation decodes at least once and runs off the caller's thread.
package protocol Imaging: Sendable {
    /// Decodes every pixel, which proves that the picture can be shown, and tells what it is.
    func verify(_ source: ByteSource) async throws(ImagingError) -> ImageFacts

    /// Reads the header alone.
    func facts(of source: ByteSource) async throws(ImagingError) -> ImageFacts

    /// Whether at least one pixel is not fully opaque.
    func hasTransparency(_ source: ByteSource) async throws(ImagingError) -> Bool

    /// Makes another file of the picture: upright, in sRGB, without metadata.
    func convert(_ source: ByteSource, _ conversion: ImageConversion) async throws(ImagingError) -> [UInt8]

    /// A WebP preview, upright, neither edge longer than `maxEdge` pixels; small pictures are not enlarged.
    func thumbnail(of source: ByteSource, maxEdge: Int) async throws(ImagingError) -> [UInt8]

    /// A PNG mask of the picture's transparency in the polarity asked, of the given size or its own. But for the polarity
    /// `alpha` it is black and white: pixels that are less than half opaque count as transparent.
    func mask(
        of source: ByteSource,
        polarity: MaskPolarity,
        size: PixelSize?
    ) async throws(ImagingError) -> [UInt8]
}

/// What a converted picture shall be.
package struct ImageConversion: Sendable, Hashable {
    package var format: ImageFormat
    /// 1...100 for JPEG and WebP; nil stands for 90. PNG has none.
    package var quality: Int?
    /// Exactly these pixels, the picture stretched if the ratio differs; nil keeps its own.
    package var size: PixelSize?
    /// What shows through transparent pixels; nil keeps them where the format can, and is white where it cannot.
    package var background: PixelColor?

    package init(_ format: ImageFormat, quality: Int? = nil, size: PixelSize? = nil, background: PixelColor? = nil) {
        self.format = format
        self.quality = quality
        self.size = size
        self.background = background
    }
}

/// An opaque colour in sRGB.
package struct PixelColor: Sendable, Hashable {
    package var red: UInt8
    package var green: UInt8
    package var blue: UInt8

    package init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    package static let white = PixelColor(red: 255, green: 255, blue: 255)
}

/// Why pixels could not be worked on.
package struct ImagingError: Error, Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The picture is damaged, incomplete, too large, or of a kind that we do not take.
        case unreadable(ImageDefect)
        /// The result could not be written, as for a size outside the format's range.
        case unwritable
        /// The work took too long and was stopped.
        case tooSlow
        /// Too much imaging work is already waiting.
        case busy
        /// The file could not be opened.
        case storage
        /// The task was cancelled while its work was waiting.
        case cancelled
    }

    package var kind: Kind
    /// For the log alone.
    package var detail: String

    package init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }
}
