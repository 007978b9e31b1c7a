/// A file format of pictures that the daemon takes in and hands out.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable {
    case png, jpeg, webp

    /// Reads a wire word; `jpg` is what several vendors and file names say.
    public init?(name: some StringProtocol) {
        switch name.lowercased() {
        case "png": self = .png
        case "jpeg", "jpg": self = .jpeg
        case "webp": self = .webp
        default: return nil
        }
    }

    /// Reads a `Content-Type`, parameters ignored.
    public init?(mediaType: some StringProtocol) {
        let essence = mediaType.prefix { $0 != ";" }.split(separator: " ").first ?? ""
        switch essence.lowercased() {
        case "image/png": self = .png
        case "image/jpeg", "image/jpg": self = .jpeg
        case "image/webp": self = .webp
        default: return nil
        }
    }

    /// The IANA media type.
    public var mediaType: String { "image/" + rawValue }
    /// The customary file name extension, without dot.
    public var fileExtension: String { self == .jpeg ? "jpg" : rawValue }
    /// Whether pixels of the format may be transparent.
    public var canBeTransparent: Bool { self != .jpeg }
}
