/// An exact amount of US dollars, counted in millionths; the only form in which money exists inside the daemon.
public struct MicroUSD: Sendable, Hashable, Comparable {
    /// Millionths of a dollar; negative only for differences.
    public var micros: Int64

    /// Wraps a count of millionths of a dollar.
    public init(micros: Int64) {
        self.micros = micros
    }

    /// No money.
    public static let zero = MicroUSD(micros: 0)

    /// Orders by amount.
    public static func < (a: MicroUSD, b: MicroUSD) -> Bool { a.micros < b.micros }

    /// Adds, or traps on overflow: amounts are range-checked where they enter.
    public static func + (a: MicroUSD, b: MicroUSD) -> MicroUSD { MicroUSD(micros: a.micros + b.micros) }

    /// Subtracts, or traps on overflow.
    public static func - (a: MicroUSD, b: MicroUSD) -> MicroUSD { MicroUSD(micros: a.micros - b.micros) }

    /// Adds in place.
    public static func += (a: inout MicroUSD, b: MicroUSD) { a = a + b }

    /// The amount times a count, or nil on overflow.
    public func multiplied(by count: Int) -> MicroUSD? {
        let (product, overflow) = micros.multipliedReportingOverflow(by: Int64(count))
        return overflow ? nil : MicroUSD(micros: product)
    }

    /// The sum, or nil where the other amount is or on overflow.
    func adding(_ other: MicroUSD?) -> MicroUSD? {
        guard let other else { return nil }
        let (sum, overflow) = micros.addingReportingOverflow(other.micros)
        return overflow ? nil : MicroUSD(micros: sum)
    }
}

extension MicroUSD {
    /// Why a text is no amount.
    public enum ParseError: Error, Equatable {
        case notDecimal
        case negative
        case tooFine
        case tooLarge
    }

    /// The largest amount that is read from text: a billion dollars, far from any overflow of sums.
    static let largestReadable: Int64 = 1_000_000_000_000_000

    /// Reads a plain decimal such as `0.053`; refuses signs, exponents and more than six fraction digits.
    public init(decimal text: some StringProtocol) throws(ParseError) {
        self.init(micros: try Self.scaled(text, fractionDigits: 6))
    }

    /// Reads a decimal as an integer of `10^-fractionDigits` units.
    static func scaled(_ text: some StringProtocol, fractionDigits: Int) throws(ParseError) -> Int64 {
        if text.utf8.first == UInt8(ascii: "-") { throw .negative }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, parts.count < 2 || !parts[1].isEmpty else { throw .notDecimal }
        var fraction = parts.count == 2 ? String(parts[1]) : ""
        guard (whole + fraction).utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw .notDecimal
        }
        while fraction.hasSuffix("0") { fraction.removeLast() }
        guard fraction.utf8.count <= fractionDigits else { throw .tooFine }
        fraction += String(repeating: "0", count: fractionDigits - fraction.utf8.count)
        guard let value = Int64(whole + fraction), value <= largestReadable else { throw .tooLarge }
        return value
    }
}

extension MicroUSD: CustomStringConvertible {
    /// The shortest exact decimal: `0.053`, `12`, `0`.
    public var description: String {
        let magnitude = micros.magnitude
        let whole = magnitude / 1_000_000
        var fraction = magnitude % 1_000_000
        var text = (micros < 0 ? "-" : "") + String(whole)
        guard fraction > 0 else { return text }
        var digits = 6
        while fraction % 10 == 0 {
            fraction /= 10
            digits -= 1
        }
        let tail = String(fraction)
        text += "." + String(repeating: "0", count: digits - tail.utf8.count) + tail
        return text
    }
}
