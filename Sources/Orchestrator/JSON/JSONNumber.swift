/// A JSON number that keeps its literal exactly, so that nothing is lost or reformatted between two systems.
///
/// Two numbers are equal if their literals are: `1.0` and `1` differ.
public struct JSONNumber: Sendable, Hashable {
    /// The literal as written, valid by RFC 8259 section 6.
    public let text: String

    /// Makes the number of an integer.
    public init(_ value: Int64) {
        text = String(value)
    }

    /// Makes the number of a finite floating-point value, in the shortest literal that reads back as the same value;
    /// `nil` for infinities and not-a-number.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        // Swift prints the shortest exact form, such as `0.1`, `1e-07` or `5.0`: valid JSON, the last one longer than need be.
        let shortest = value.description
        text = shortest.hasSuffix(".0") ? String(shortest.dropLast(2)) : shortest
    }

    /// Makes the number of a literal; `nil` unless it is valid by RFC 8259 section 6.
    public init?(text: String) {
        guard JSONNumber.isValid(text.utf8Span.span) else { return nil }
        self.text = text
    }

    /// Takes a literal that the caller has found valid.
    init(validated text: String) {
        self.text = text
    }

    /// The value if the literal is an integer, or a decimal whose fraction is all zeros (`2.00`), and fits; else `nil`.
    /// A literal with an exponent is never taken for an integer.
    public var int64: Int64? {
        if let value = Int64(text) { return value }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1)
        if parts.count == 2, !parts[1].allSatisfy({ $0 == UInt8(ascii: "0") }) { return nil }
        return parts.first.flatMap { Int64(Substring($0)) }
    }

    /// The nearest binary floating-point value; a literal out of range gives an infinity or zero. Not for money.
    public var double: Double {
        Double(text) ?? .nan
    }

    /// Whether the bytes are one whole number literal by RFC 8259 section 6.
    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        func isDigit(_ index: Int) -> Bool {
            index < bytes.count && bytes[index] &- UInt8(ascii: "0") < 10
        }
        func skipDigits() -> Bool {
            guard isDigit(index) else { return false }
            while isDigit(index) { index += 1 }
            return true
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
        if index < bytes.count, bytes[index] == UInt8(ascii: "0") {
            index += 1
        } else if !skipDigits() {
            return false
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            guard skipDigits() else { return false }
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            guard skipDigits() else { return false }
        }
        return index == bytes.count
    }
}

extension JSONNumber: ExpressibleByIntegerLiteral {
    /// Makes the number of an integer.
    public init(integerLiteral value: Int64) {
        self.init(value)
    }
}

extension JSONNumber: CustomStringConvertible {
    /// The literal.
    public var description: String { text }
}
