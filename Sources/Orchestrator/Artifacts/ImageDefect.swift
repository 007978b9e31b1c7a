/// Why bytes are not taken as a picture.
public struct ImageDefect: Error, Sendable, Hashable {
    /// The class of the defect.
    public enum Kind: Sendable, Hashable {
        /// The bytes are of no kind that we know.
        case notAnImage
        /// The bytes are something known, which we do not take.
        case unsupported(name: String)
        /// The file ends before the picture does.
        case truncated
        /// The file contradicts its format; the text names the part.
        case corrupt(String)
        /// Width times height exceeds ``ImageLimits/maxPixels``.
        case tooManyPixels(width: Int, height: Int)
        /// More than ``ImageLimits/maxTrailingBytes`` follow the picture.
        case trailingBytes
    }

    /// The class of the defect.
    public var kind: Kind

    /// Names a defect.
    public init(_ kind: Kind) {
        self.kind = kind
    }

    /// What is wrong, for people.
    public var message: String {
        switch kind {
        case .notAnImage: "not an image; png, jpeg and webp are accepted"
        case .unsupported(let name): "\(name) is not supported; png, jpeg and webp are accepted"
        case .truncated: "the image is incomplete"
        case .corrupt(let part): "the image is damaged: \(part)"
        case .tooManyPixels(let width, let height): "the image is too large: \(width)x\(height) pixels"
        case .trailingBytes: "too many bytes follow the end of the image"
        }
    }
}

extension ImageDefect: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
