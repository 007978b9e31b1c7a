/// A `multipart/form-data` body (RFC 7578): written by test clients, read strictly by the fake vendors.
package struct FormBody: Sendable {
    /// One part: a text field, or a file when it has a file name.
    package struct Part: Sendable {
        package var name: String
        package var fileName: String?
        package var contentType: String?
        package var bytes: [UInt8]

        package init(name: String, fileName: String?, contentType: String?, bytes: [UInt8]) {
            self.name = name
            self.fileName = fileName
            self.contentType = contentType
            self.bytes = bytes
        }

        package var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// Why a body is no form.
    package struct Malformed: Error {
        package var message: String
    }

    package var parts: [Part] = []
    package var boundary = "fake-boundary-7d83c1"

    package init() {}

    /// Adds a text field.
    package func field(_ name: String, _ text: String) -> FormBody {
        adding(Part(name: name, fileName: nil, contentType: nil, bytes: Array(text.utf8)))
    }

    /// Adds a file.
    package func file(
        _ name: String,
        _ bytes: [UInt8],
        fileName: String = "picture.png",
        contentType: String? = "image/png"
    ) -> FormBody {
        adding(Part(name: name, fileName: fileName, contentType: contentType, bytes: bytes))
    }

    package func adding(_ part: Part) -> FormBody {
        var copy = self
        copy.parts.append(part)
        return copy
    }

    package var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for part in parts {
            var head = "--\(boundary)\r\ncontent-disposition: form-data; name=\"\(part.name)\""
            if let fileName = part.fileName { head += "; filename=\"\(fileName)\"" }
            if let contentType = part.contentType { head += "\r\ncontent-type: \(contentType)" }
            bytes += Array((head + "\r\n\r\n").utf8) + part.bytes + Array("\r\n".utf8)
        }
        return bytes + Array("--\(boundary)--\r\n".utf8)
    }

    package func all(_ name: String) -> [Part] { parts.filter { $0.name == name } }

    package func text(_ name: String) -> String? { parts.first { $0.name == name && $0.fileName == nil }?.text }

    package func file(_ name: String) -> Part? { parts.first { $0.name == name && $0.fileName != nil } }
}

extension FormBody {
    /// Reads a body by its `Content-Type`.
    package init(parsing body: [UInt8], contentType: String) throws(Malformed) {
        guard let boundary = parameter("boundary", of: contentType), (1...70).contains(boundary.utf8.count) else {
            throw Malformed(message: "no boundary")
        }
        self.boundary = boundary
        let mark = Array("--\(boundary)".utf8)
        guard var position = body.firstIndex(of: mark) else { throw Malformed(message: "no part") }
        while true {
            position += mark.count
            let rest = body[position...].prefix(2)
            if rest.elementsEqual("--".utf8) { return }
            guard rest.elementsEqual("\r\n".utf8) else { throw Malformed(message: "broken delimiter") }
            guard let end = body.firstIndex(of: Array("\r\n".utf8) + mark, from: position) else {
                throw Malformed(message: "unterminated part")
            }
            guard let headEnd = body.firstIndex(of: Array("\r\n\r\n".utf8), from: position), headEnd < end else {
                throw Malformed(message: "part without head")
            }
            let head = String(decoding: body[position + 2..<max(position + 2, headEnd)], as: UTF8.self)
            parts.append(try FormBody.part(head, Array(body[headEnd + 4..<end])))
            position = end + 2
        }
    }

    private static func part(_ head: String, _ bytes: [UInt8]) throws(Malformed) -> Part {
        var disposition: String?
        var contentType: String?
        for line in head.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { throw Malformed(message: "broken part header") }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-disposition": disposition = String(value)
            case "content-type": contentType = String(value)
            default: break
            }
        }
        guard let disposition, disposition.hasPrefix("form-data"), let name = parameter("name", of: disposition) else {
            throw Malformed(message: "part without name")
        }
        let fileName = parameter("filename", of: disposition)
        return Part(name: name, fileName: fileName, contentType: contentType, bytes: bytes)
    }
}

/// The value of one parameter of a header such as `form-data; name="a"`.
private func parameter(_ name: String, of header: String) -> String? {
    for piece in header.split(separator: ";").dropFirst() {
        let trimmed = piece.drop { $0 == " " }
        guard let equals = trimmed.firstIndex(of: "="), trimmed[..<equals].lowercased() == name else { continue }
        let value = trimmed[trimmed.index(after: equals)...]
        return value.first == "\"" && value.last == "\"" && value.count >= 2
            ? String(value.dropFirst().dropLast()) : String(value)
    }
    return nil
}
