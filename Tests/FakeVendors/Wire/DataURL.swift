/// A base64 `data:` URL (RFC 2397).
package struct DataURL: Sendable {
    package var mediaType: String
    package var bytes: [UInt8]

    package init(mediaType: String, bytes: [UInt8]) {
        self.mediaType = mediaType
        self.bytes = bytes
    }

    /// Reads one; nil for anything else, broken base64 included.
    package init?(_ text: String) {
        guard text.hasPrefix("data:"), let comma = text.utf8.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        let head = text[..<comma].dropFirst(5)
        guard head.hasSuffix(";base64"), let bytes = Base64.decode(text[comma...].dropFirst()) else { return nil }
        mediaType = String(head.dropLast(7))
        self.bytes = bytes
    }

    package var text: String { "data:\(mediaType);base64,\(Base64.encode(bytes))" }
}
