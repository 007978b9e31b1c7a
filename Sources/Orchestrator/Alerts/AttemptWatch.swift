/// How attempts have gone of late, for alerts: a minute's worth, at most so many.
package final class AttemptWatch: Sendable {
    private struct Entry: Sendable {
        var at: Duration
        var isFailure: Bool
    }

    private struct State: Sendable {
        var recent: [Entry] = []
        /// Providers that had an attempt since the start.
        var seen: Set<String> = []
    }

    private static let window = Duration.seconds(60)
    private static let most = 1000
    /// Fewer say nothing of a rate.
    static let least = 5

    private let time: any TimeSource
    private let state = Lock(State())

    package init(time: any TimeSource) {
        self.time = time
    }

    /// Counts the attempts of a job that has ended; what lies in a request says nothing of its provider.
    package func count(_ job: JobRecord) {
        let now = time.monotonic()
        state.withLock { state in
            for attempt in job.attempts {
                state.seen.insert(attempt.provider)
                switch attempt.outcome {
                case .ok: state.recent.append(Entry(at: now, isFailure: false))
                case .unavailable, .unknown, .unusable: state.recent.append(Entry(at: now, isFailure: true))
                case .rejected, .refused, nil: break
                }
            }
            if state.recent.count > Self.most { state.recent.removeFirst(state.recent.count - Self.most) }
        }
    }

    package func hasSeen(_ provider: String) -> Bool { state.withLock { $0.seen.contains(provider) } }
    package var hasSeenAny: Bool { state.withLock { !$0.seen.isEmpty } }

    /// The share of failures in the last minute; nil where there were too few attempts, or the newest all succeeded.
    package func errorRate() -> Double? {
        let start = time.monotonic() - Self.window
        return state.withLock { state in
            state.recent.removeAll { $0.at < start }
            guard state.recent.count >= Self.least, state.recent.suffix(Self.least).contains(where: \.isFailure)
            else { return nil }
            return Double(state.recent.count(where: \.isFailure)) / Double(state.recent.count)
        }
    }
}
