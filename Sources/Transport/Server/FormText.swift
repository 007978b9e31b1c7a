/// Pairs as a query, or the body of a plain HTML form, says them (`application/x-www-form-urlencoded`).
package enum FormText {
    package static let mediaType = "application/x-www-form-urlencoded"

    /// The pairs in order, decoded: `+` is a space, a broken escape stands for itself, bad UTF-8 is repaired.
    package static func pairs(_ bytes: ArraySlice<UInt8>) -> [(name: String, value: String)] {
        bytes.split(separator: 0x26).map { pair in
            guard let equals = pair.firstIndex(of: 0x3D) else { return (PercentCoding.form(pair), "") }
            return (PercentCoding.form(pair[..<equals]), PercentCoding.form(pair[(equals + 1)...]))
        }
    }
}
