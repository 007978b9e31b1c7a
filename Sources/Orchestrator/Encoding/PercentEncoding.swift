/// Percent-encoding (RFC 3986 section 2.1).
package enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// For a path as a whole: what divides it stays.
    package static func path(_ text: String) -> String { encode(text, keeping: "-._~/@:") }

    /// For one name or value of a query, or one segment of a path: only RFC 3986's unreserved characters stay.
    package static func query(_ text: String) -> String { encode(text, keeping: "-._~") }

    /// Pairs as a query, or as the body of a form, says them.
    package static func form(_ pairs: [(name: String, value: String)]) -> String {
        pairs.map { "\(query($0.name))=\(query($0.value))" }.joined(separator: "&")
    }

    /// Keeps ASCII letters, digits and `others`.
    package static func encode(_ text: String, keeping others: StaticString) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count)
        let kept = "\(others)".utf8
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                encoded.append(byte)
            case let byte where kept.contains(byte): encoded.append(byte)
            default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
