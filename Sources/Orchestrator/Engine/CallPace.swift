/// Spreads calls so that no window of time holds more of them than a rate allows, wherever the window begins.
///
/// A call is given the moment of its turn, in the order of asking. One that was given up in the meantime leaves its turn
/// unused, which errs on the vendor's side.
package struct CallPace: Sendable {
    /// The most calls a window that can be kept: the moment of each is remembered.
    package static let longest = 10_000

    package let rate: Rate
    /// The last `rate.count` turns as a ring, the oldest at `next` once it is full.
    private var turns: [Duration] = []
    private var next = 0

    /// `rate.count` is 1...`longest`.
    package init(_ rate: Rate) {
        precondition((1...Self.longest).contains(rate.count))
        self.rate = rate
    }

    /// The moment from which one more call may begin; nil, and nothing taken, where that is after `latest`.
    package mutating func take(at now: Duration, latest: Duration) -> Duration? {
        guard turns.count == rate.count else {
            turns.append(now)
            return now
        }
        let turn = max(now, turns[next] + rate.window)
        guard turn <= latest else { return nil }
        turns[next] = turn
        next = (next + 1) % turns.count
        return turn
    }
}
