import Orchestrator

/// A `multipart/form-data` body (RFC 7578) as a list of pieces of known size, so that files stream and the length is exact.
///
/// Text parts carry neither type nor charset, which some vendors refuse; file parts carry both name and type.
struct MultipartEncoder: Sendable {
    /// What is sent, in this order.
    let pieces: [ByteSource]
    /// Bytes of all pieces.
    let byteCount: Int64
    /// The value of the request's `Content-Type`.
    let contentType: String

    /// Lays out `parts`. The boundary must occur in none of them: 128 random bits in hex, drawn by the caller.
    init(_ parts: [FormPart], boundary: String) {
        var pieces: [ByteSource] = []
        var text: [UInt8] = []  // what stands between two files
        for part in parts {
            text +=
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(MultipartEncoder.escaped(part.name))\"".utf8
            switch part.content {
            case .text(let value):
                text += "\r\n\r\n".utf8
                text += value.utf8
            case .file(let source, let name, let mediaType):
                text += "; filename=\"\(MultipartEncoder.escaped(name))\"\r\nContent-Type: ".utf8
                text += mediaType.utf8.filter { $0 >= 0x20 && $0 != 0x7F }
                text += "\r\n\r\n".utf8
                pieces += [.bytes(text), source]
                text = []
            }
            text += "\r\n".utf8
        }
        text += "--\(boundary)--\r\n".utf8
        pieces.append(.bytes(text))
        self.pieces = pieces
        byteCount = pieces.reduce(0) { $0 + $1.byteCount }
        contentType = "multipart/form-data; boundary=\(boundary)"
    }

    /// A name as it stands between quotation marks: quotes and line breaks in percent form, as browsers do it
    /// (WHATWG HTML, "multipart/form-data encoding algorithm").
    private static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == 0x22 || $0 == 0x0D || $0 == 0x0A }) else { return name }
        var result = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\"": result += "%22"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
