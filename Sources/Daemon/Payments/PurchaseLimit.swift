import Orchestrator

/// Bounds how often one user makes us call payment vendors.
final class PurchaseLimit: Sendable {
    private let limiter: Lock<AttemptLimiter>

    init(_ rate: Rate) {
        limiter = Lock(AttemptLimiter(rate))
    }

    /// Counts one call; false: there were too many.
    func allows(_ user: UserID, at now: Duration) -> Bool { wait(user, at: now) == nil }

    /// The same; throws 429 for too many.
    func take(_ user: UserID, at now: Duration) throws(APIError) {
        if let wait = wait(user, at: now) { throw .tooManyAttempts("too many purchases were begun", wait) }
    }

    private func wait(_ user: UserID, at now: Duration) -> Duration? {
        limiter.withLock { limiter in
            if let wait = limiter.wait(for: user.text, at: now) { return wait }
            limiter.count(user.text, at: now)
            return nil
        }
    }
}
