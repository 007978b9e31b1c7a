/// The width and height of a picture in pixels.
public struct PixelSize: Sendable, Hashable {
    /// Pixels across, 1 or more.
    public let width: Int
    /// Pixels down, 1 or more.
    public let height: Int

    /// The longest edge that any request may name; more is certainly a mistake, and products stay far from overflow.
    public static let longestEdge = 65_535

    /// A size; nil unless both edges lie in 1...`longestEdge`.
    public init?(width: Int, height: Int) {
        guard (1...Self.longestEdge).contains(width), (1...Self.longestEdge).contains(height) else { return nil }
        self.width = width
        self.height = height
    }

    /// Reads `WxH` in plain decimal digits, such as `1536x1024`.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = positiveDecimal(parts[0]), let height = positiveDecimal(parts[1]) else {
            return nil
        }
        self.init(width: width, height: height)
    }

    /// A square of the side that is usual for models of the day.
    package static let usual = PixelSize(uncheckedWidth: 1024, height: 1024)

    private init(uncheckedWidth width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// How many pixels the picture has.
    public var area: Int { width * height }
    /// Width over height in lowest terms.
    public var ratio: AspectRatio { AspectRatio(reducing: width, height) }
}

extension PixelSize: CustomStringConvertible {
    /// `WxH`.
    public var description: String { "\(width)x\(height)" }
}

/// Width over height, kept in the terms in which it was written.
public struct AspectRatio: Sendable, Hashable {
    /// The first term, 1...999.
    public let width: Int
    /// The second term, 1...999.
    public let height: Int

    /// Reads `W:H`; nil for zero, signs, and terms over 999.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = positiveDecimal(parts[0]), let height = positiveDecimal(parts[1]),
            width <= 999, height <= 999
        else { return nil }
        self.width = width
        self.height = height
    }

    init(reducing width: Int, _ height: Int) {
        var (a, b) = (width, height)
        while b != 0 { (a, b) = (b, a % b) }
        self.width = width / a
        self.height = height / a
    }

    /// How far `other` is from this ratio: 0 for equal, 0.01 for one per cent wider or narrower.
    public func deviation(of other: AspectRatio) -> Double {
        let quotient = Double(other.width * height) / Double(other.height * width)
        return quotient >= 1 ? quotient - 1 : 1 / quotient - 1
    }
}

extension AspectRatio: CustomStringConvertible {
    /// `W:H`.
    public var description: String { "\(width):\(height)" }
}

/// Reads ASCII digits alone; nil for zero, signs, blanks, and numbers of more than nine digits.
private func positiveDecimal(_ text: some StringProtocol) -> Int? {
    guard (1...9).contains(text.utf8.count),
        text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
        let value = Int(text), value > 0
    else { return nil }
    return value
}
