import Orchestrator

/// Bounds what each subject may try in windows of fixed length.
///
/// Callers choose subjects by what they send, so memory is bounded too: when too many are remembered at once, the rest
/// share one count.
struct AttemptLimiter: Sendable {
    private struct Window: Sendable {
        var end: Duration
        var count: Int
    }

    private let rate: Rate
    private let capacity: Int
    private var windows: [String: Window] = [:]
    private var swept = Duration.zero

    /// No subject is called so.
    private static let others = ""
    private static let sweepInterval = Duration.seconds(1)

    init(_ rate: Rate, capacity: Int = 10_000) {
        self.rate = rate
        self.capacity = capacity
    }

    /// How long `subject` must wait at `now` on the monotonic clock; nil: it may try.
    func wait(for subject: String, at now: Duration) -> Duration? {
        guard let window = windows[name(of: subject)], window.end > now, window.count >= rate.count else { return nil }
        return window.end - now
    }

    /// Counts one attempt of `subject`.
    mutating func count(_ subject: String, at now: Duration) {
        if windows.count >= capacity, now - swept >= Self.sweepInterval {
            swept = now
            windows = windows.filter { $0.value.end > now }
        }
        let name = name(of: subject)
        var window = windows[name].flatMap { $0.end > now ? $0 : nil } ?? Window(end: now + rate.window, count: 0)
        window.count += 1
        windows[name] = window
    }

    /// Takes one attempt of `subject` back.
    mutating func giveBack(_ subject: String) {
        let name = name(of: subject)
        guard let count = windows[name]?.count, count > 0 else { return }
        windows[name]?.count = count - 1
    }

    /// Forgets what `subject` tried.
    mutating func forget(_ subject: String) {
        windows[subject] = nil
    }

    private func name(of subject: String) -> String {
        windows[subject] != nil || windows.count < capacity ? subject : Self.others
    }
}
