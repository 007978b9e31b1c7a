/// What the bytes of a picture say about it.
package struct ImageFacts: Sendable, Equatable {
    package var format: ImageFormat
    /// Pixels across, as stored.
    package var width: Int
    /// Pixels down, as stored.
    package var height: Int
    /// Whether pixels may be transparent.
    package var hasAlpha: Bool
    package var byteCount: Int64
    /// Whether a C2PA manifest is embedded.
    package var hasC2PA: Bool
    /// The EXIF orientation, 1...8, where stated.
    package var orientation: Int?

    package init(
        format: ImageFormat, width: Int, height: Int, hasAlpha: Bool, byteCount: Int64, hasC2PA: Bool = false,
        orientation: Int? = nil
    ) {
        self.format = format
        self.width = width
        self.height = height
        self.hasAlpha = hasAlpha
        self.byteCount = byteCount
        self.hasC2PA = hasC2PA
        self.orientation = orientation
    }
}

/// Why bytes are no complete picture that we take.
package struct ImageDefect: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Nothing that is known.
        case notAnImage
        /// Something known that we do not take: `GIF`, `SVG`, `HTML`, …
        case unsupported(String)
        /// It ends too early.
        case truncated
        /// A checksum, length or order is wrong.
        case corrupt(String)
        case tooManyPixels(width: Int, height: Int)
    }

    package var kind: Kind

    package init(_ kind: Kind) {
        self.kind = kind
    }
}

extension ImageDefect: CustomStringConvertible {
    package var description: String {
        switch kind {
        case .notAnImage: "not a PNG, JPEG or WebP picture"
        case .unsupported(let name): "\(name) is not supported; send PNG, JPEG or WebP"
        case .truncated: "the picture is cut off"
        case .corrupt(let what): "the picture is damaged: \(what)"
        case .tooManyPixels(let width, let height): "the picture has too many pixels: \(width)x\(height)"
        }
    }
}
