import Orchestrator

/// A small picture as the text of a `data:` address (RFC 2397).
struct DataURI: Sendable, Hashable {
    let text: String

    /// The vendor takes addresses of 256 KB in an input, and wants larger pictures handed over as files.
    private static let longest = 256 << 10

    /// Nil for a picture that is too large, or that lies in a file, which an adapter does not read.
    init?(_ picture: InputImage) {
        guard case .bytes(let bytes) = picture.source else { return nil }
        let head = "data:\(picture.format.mediaType);base64,"
        guard head.utf8.count + Base64.encodedCount(of: bytes.count) <= Self.longest else { return nil }
        text = head + String(decoding: Base64.encode(bytes.span), as: UTF8.self)
    }
}
