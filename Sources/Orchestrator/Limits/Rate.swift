/// So many requests in each window of time.
package struct Rate: Sendable, Hashable {
    /// 1...1,000,000,000.
    package var count: Int
    package var window: Duration

    package init(count: Int, window: Duration) {
        self.count = count
        self.window = window
    }

    /// Reads `10/min`, `100/hour`, `5/s` or `1000/day`.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let windows = ["s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "day": 86_400]
        guard parts.count == 2, parts[0].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let count = Int(parts[0]), (1...1_000_000_000).contains(count), let seconds = windows[String(parts[1])]
        else { return nil }
        self.init(count: count, window: .seconds(seconds))
    }
}
