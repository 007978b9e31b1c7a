/// Why bytes are no complete picture that we take.
package struct ImageDefect: Error, Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// Nothing that is known.
        case notAnImage
        /// Something known that we do not take: `GIF`, `SVG`, `HTML`, …
        case unsupported(String)
        /// It ends too early.
        case truncated
        /// A checksum, length or order is wrong.
        case corrupt(String)
        case tooManyPixels(width: Int, height: Int)
        /// More than `ImageLimits.maxTrailingBytes` follow the picture.
        case trailingBytes
    }

    package var kind: Kind

    package init(_ kind: Kind) {
        self.kind = kind
    }

    /// What is wrong, fit for the caller's eyes.
    package var message: String {
        switch kind {
        case .notAnImage: "not a PNG, JPEG or WebP picture"
        case .unsupported(let name): "\(name) is not supported; send PNG, JPEG or WebP"
        case .truncated: "the picture is cut off"
        case .corrupt(let what): "the picture is damaged: \(what)"
        case .tooManyPixels(let width, let height): "the picture has too many pixels: \(width)x\(height)"
        case .trailingBytes: "too many bytes follow the end of the picture"
        }
    }
}

extension ImageDefect: CustomStringConvertible {
    package var description: String { message }
}
