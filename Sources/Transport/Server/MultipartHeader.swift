/// Reads what is written in the header of a part and in a form's content type.
enum MultipartHeader {
    /// The header of one part, without the empty line behind it.
    static func part(_ bytes: ArraySlice<UInt8>) throws(MultipartError) -> MultipartPart {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MultipartError("the header of a part is not UTF-8")
        }
        var part: MultipartPart?
        var contentType: String?
        for line in lines(text) {
            guard !line.unicodeScalars.contains(where: { ($0.value < 0x20 && $0 != "\t") || $0.value == 0x7F }),
                let colon = line.firstIndex(of: ":"), line.first != " ", line.first != "\t"
            else { throw MultipartError("the header of a part is malformed") }
            let value = trimmed(line[line.index(after: colon)...])
            switch line[..<colon].lowercased() {
            case "content-disposition":
                if part != nil { throw MultipartError("a part has two Content-Disposition fields") }
                part = try disposition(value)
            case "content-type": contentType = String(value)
            case "content-transfer-encoding":
                // RFC 7578 section 4.7 deprecates it; these three change nothing.
                guard ["7bit", "8bit", "binary"].contains(value.lowercased()) else {
                    throw MultipartError("the transfer encoding '\(value)' of a part is not supported")
                }
            default: break
            }
        }
        guard var part else { throw MultipartError("a part has no Content-Disposition") }
        part.contentType = contentType
        return part
    }

    /// The value and the parameters of a field such as `form-data; name="a"; filename="b.png"`, names in lower case.
    static func parameters(_ field: Substring) throws(MultipartError) -> (value: String, parameters: [String: String]) {
        var rest = field
        let value = trimmed(rest.prefix { $0 != ";" }).lowercased()
        rest = rest.drop { $0 != ";" }
        var parameters: [String: String] = [:]
        while let separator = rest.first {
            guard separator == ";" else { throw MultipartError("the parameters of '\(value)' are malformed") }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            if rest.isEmpty { break }
            guard let equals = rest.firstIndex(of: "=") else {
                throw MultipartError("the parameters of '\(value)' are malformed")
            }
            let name = rest[..<equals].lowercased()
            rest = rest[rest.index(after: equals)...]
            let content: String
            if rest.first == "\"" {
                content = try quoted(&rest)
            } else {
                content = String(trimmed(rest.prefix { $0 != ";" }))
                rest = rest.drop { $0 != ";" }
            }
            rest = rest.drop { $0 == " " || $0 == "\t" }
            guard !name.isEmpty, parameters.updateValue(content, forKey: name) == nil else {
                throw MultipartError("the parameter '\(name)' of '\(value)' is empty or repeated")
            }
        }
        return (value, parameters)
    }

    private static func disposition(_ field: Substring) throws(MultipartError) -> MultipartPart {
        let (value, parameters) = try parameters(field)
        guard value == "form-data", let name = parameters["name"] else {
            throw MultipartError("the Content-Disposition of a part is not form-data with a name")
        }
        return MultipartPart(name: name, filename: parameters["filename"])
    }

    /// A quoted string; a backslash stands before a quote or another backslash only, since old browsers send bare ones.
    private static func quoted(_ rest: inout Substring) throws(MultipartError) -> String {
        rest = rest.dropFirst()
        var content = ""
        while let character = rest.popFirst() {
            if character == "\"" { return content }
            if character == "\\", let next = rest.first, next == "\"" || next == "\\" {
                content.append(next)
                rest = rest.dropFirst()
            } else {
                content.append(character)
            }
        }
        throw MultipartError("a quoted string in the header of a part does not end")
    }

    /// Swift sees CR LF as one character, and so do these lines.
    private static func lines(_ text: String) -> [Substring] { text.split(separator: "\r\n") }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        return text
    }
}

extension MultipartParser {
    /// The boundary of a `multipart/form-data` content type: 1 to 70 of the characters that RFC 2046 allows.
    package static func boundary(of contentType: String) throws(MultipartError) -> String {
        let (value, parameters) = try MultipartHeader.parameters(contentType[...])
        guard value == "multipart/form-data" else {
            throw MultipartError("the content type '\(value)' is not multipart/form-data")
        }
        let marks = Set("'()+_,-./:=? ".utf8)
        guard let boundary = parameters["boundary"], (1...70).contains(boundary.utf8.count), boundary.last != " ",
            boundary.utf8.allSatisfy({
                marks.contains($0) || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0.lowercasedASCII)
            })
        else { throw MultipartError("the boundary of the form is missing or not valid") }
        return boundary
    }
}
