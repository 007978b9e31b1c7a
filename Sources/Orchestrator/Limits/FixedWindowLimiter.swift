/// Counts requests of each subject in windows of fixed length, and says no to the one too many.
package struct FixedWindowLimiter: Sendable {
    /// What one request found.
    package struct Verdict: Sendable, Hashable {
        package var isAllowed: Bool
        package var limit: Int
        /// Requests left in this window.
        package var remaining: Int
        /// Until the window ends.
        package var reset: Duration
    }

    private struct Window: Sendable {
        var end: Duration
        var count: Int
    }

    /// Up to so many subjects are remembered without a look at whose window has ended.
    private static let fewest = 10_000

    private var windows: [String: Window] = [:]
    /// At so many subjects, those whose window has ended are dropped. Twice what the last sweep left, so that between two
    /// sweeps at least as many requests come as the second one looks at: the cost of a request stays constant.
    private var sweepAt = Self.fewest

    package init() {}

    /// Subjects remembered.
    package var count: Int { windows.count }

    /// What a request of `subject` would find at `now` on the monotonic clock; nothing is counted.
    package func peek(_ subject: String, _ rate: Rate, at now: Duration) -> Verdict {
        let window = windows[subject].flatMap { $0.end > now ? $0 : nil } ?? Window(end: now + rate.window, count: 0)
        return Verdict(
            isAllowed: window.count < rate.count,
            limit: rate.count,
            remaining: max(rate.count - window.count, 0),
            reset: window.end - now
        )
    }

    /// Counts a request of `subject`; amortized O(1).
    package mutating func take(_ subject: String, _ rate: Rate, at now: Duration) -> Verdict {
        var verdict = peek(subject, rate, at: now)
        guard verdict.isAllowed else { return verdict }
        if windows.count >= sweepAt {
            windows = windows.filter { $0.value.end > now }
            sweepAt = max(2 * windows.count, Self.fewest)
        }
        windows[subject] = Window(end: now + verdict.reset, count: rate.count - verdict.remaining + 1)
        verdict.remaining -= 1
        return verdict
    }
}
