/// An e-mail address as accounts are known by it: checked for its form, in lower case.
struct EmailAddress: Sendable, Hashable {
    let text: String

    private static let longest = 254
    private static let longestLocal = 64
    private static let longestLabel = 63
    private static let symbols = Set("!#$%&'*+/=?^_`{|}~-.".utf8)

    /// Takes `LOCAL@DOMAIN` in ASCII (RFC 5321's dot-string); quoted forms, which nobody has, are left out.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.count == 2, (1...Self.longestLocal).contains(parts[0].count),
            parts[0].allSatisfy({ Self.isAlphanumeric($0) || Self.symbols.contains($0) }),
            parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(Self.isLabel)
        else { return nil }
        self.text = text.lowercased()
    }

    private static func isLabel(_ label: Substring.UTF8View.SubSequence) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...longestLabel).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { isAlphanumeric($0) || $0 == hyphen }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
