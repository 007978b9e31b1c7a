import Orchestrator

/// How many rows of a kind there are, for people to look at.
///
/// Counting goes through all of them, so once there are many the number is one of a moment ago.
final class RememberedTotal: Sendable {
    /// Up to so many are counted each time.
    static let few = 1000
    static let age = Duration.seconds(10)

    private struct Known: Sendable {
        var count: Int
        /// On the monotonic clock.
        var until: Duration
    }

    private let known = Lock<Known?>(nil)

    /// The number; `count` is asked when none is known that is good enough.
    func value(
        at now: Duration,
        _ count: () async throws(APIError) -> Int
    ) async throws(APIError) -> Int {
        let remembered = known.withLock { known -> Int? in
            guard let count = known?.count, let until = known?.until else { return nil }
            if until > now { return count }
            // One request counts anew; those that come meanwhile are told what was known.
            known?.until = now + Self.age
            return nil
        }
        if let remembered { return remembered }
        let counted = try await count()
        known.withLock { $0 = counted > Self.few ? Known(count: counted, until: now + Self.age) : nil }
        return counted
    }
}
