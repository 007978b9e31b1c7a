/// So many requests in each window of time.
package struct Rate: Sendable, Hashable {
    /// 1...1,000,000,000.
    package var count: Int
    package var window: Duration

    package init(count: Int, window: Duration) {
        self.count = count
        self.window = window
    }

    /// Reads `10/min`, `100/hour`, `5/s` or `1000/day`; a window may be several units, as in `150/10s`.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let windows = ["s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "day": 86_400]
        guard parts.count == 2, let count = Self.count(parts[0]) else { return nil }
        let unit = parts[1].drop { ("0"..."9").contains($0) }
        let units = unit.startIndex == parts[1].startIndex ? 1 : Self.count(parts[1][..<unit.startIndex])
        guard let seconds = windows[String(unit)], let units, units * seconds <= 366 * 86_400 else { return nil }
        self.init(count: count, window: .seconds(units * seconds))
    }

    private static func count(_ text: some StringProtocol) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let count = Int(text),
            (1...1_000_000_000).contains(count)
        else { return nil }
        return count
    }
}
