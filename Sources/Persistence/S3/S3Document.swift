internal import Orchestrator

/// The few things that the XML of an S3 service says, found by the names of elements.
///
/// No XML parser: what is read here has no attributes, no comments and no element within one of the same name.
struct S3Document {
    private let text: Substring

    init(_ text: some StringProtocol) { self.text = Substring(text) }

    /// The text of the first element of this name, its entities resolved; nil where there is none.
    subscript(name: String) -> String? { elements(name).first?.plain }

    /// What is within each element of this name, in order.
    func elements(_ name: String) -> [S3Document] {
        var found: [S3Document] = []
        var rest = text
        while let start = Self.range(of: "<\(name)>", in: rest) {
            rest = rest[start.upperBound...]
            guard let end = Self.range(of: "</\(name)>", in: rest) else { break }
            found.append(S3Document(rest[..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        return found
    }

    private var plain: String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return String(text) }
        var plain = ""
        var rest = text
        while let start = rest.firstIndex(of: "&"), let end = rest[start...].firstIndex(of: ";") {
            plain += rest[..<start]
            plain += Self.character(rest[rest.index(after: start)..<end])
            rest = rest[rest.index(after: end)...]
        }
        return plain + rest
    }

    private static func character(_ entity: Substring) -> String {
        switch entity {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            let number = entity.hasPrefix("#x") ? UInt32(entity.dropFirst(2), radix: 16) : UInt32(entity.dropFirst())
            return number.flatMap(Unicode.Scalar.init).map { String($0) } ?? ""
        }
    }

    private static func range(of mark: String, in text: Substring) -> Range<Substring.Index>? {
        let (bytes, mark) = (text.utf8, Array(mark.utf8))
        var start = bytes.startIndex
        while let candidate = bytes[start...].firstIndex(of: mark[0]) {
            let tail = bytes[candidate...]
            if tail.starts(with: mark) { return candidate..<tail.index(candidate, offsetBy: mark.count) }
            start = bytes.index(after: candidate)
        }
        return nil
    }
}

extension Timestamp {
    /// Reads `Last-Modified` and `Date` in the one form that servers may send (RFC 9110 section 5.6.7):
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    init?(httpDate text: String) {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let number = month + 1
        self.init("\(words[3])-\(number < 10 ? "0" : "")\(number)-\(words[1])T\(words[4])Z")
    }
}
