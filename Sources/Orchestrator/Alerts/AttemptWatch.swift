/// How attempts have gone of late, for alerts: a minute's worth, at most so many.
package final class AttemptWatch: Sendable {
    private struct Entry: Sendable {
        var at: Duration
        var isFailure: Bool
    }

    private struct State: Sendable {
        var recent: [Entry] = []
        /// Providers that did what they were asked, at least once since the start.
        var wellOnce: Set<String> = []
        var hasSeenAny = false
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
                state.hasSeenAny = true
                switch attempt.outcome {
                case .ok:
                    state.wellOnce.insert(attempt.provider)
                    state.recent.append(Entry(at: now, isFailure: false))
                case .unavailable, .unknown, .unusable: state.recent.append(Entry(at: now, isFailure: true))
                case .rejected, .refused, nil: break
                }
            }
            if state.recent.count > Self.most { state.recent.removeFirst(state.recent.count - Self.most) }
        }
    }

    /// Whether it is known that the provider can do its work; failures after a restart may be those of before.
    package func wasWell(_ provider: String) -> Bool { state.withLock { $0.wellOnce.contains(provider) } }

    /// Whether a rate of failures can be told, if only because nobody has asked for anything of late.
    package var isRateKnown: Bool {
        let start = time.monotonic() - Self.window
        return state.withLock { state in
            state.recent.removeAll { $0.at < start }
            return state.hasSeenAny && (state.recent.isEmpty || state.recent.count >= Self.least)
        }
    }

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
