import Orchestrator

/// Decides who may begin a device's sign-in, and who may name a user code, which somebody might guess.
struct UserCodeThrottle: Sendable {
    private var accounts = AttemptLimiter(Rate(count: 5, window: .seconds(900)))
    private var addresses = AttemptLimiter(Rate(count: 40, window: .seconds(900)))
    private var starts = AttemptLimiter(Rate(count: 1000, window: .seconds(600)))

    /// Counts a guess before its outcome is known; nil: it may be made, else how long to wait.
    mutating func guess(by account: UserID, address: String, at now: Duration) -> Duration? {
        let waits = [accounts.wait(for: account.text, at: now), addresses.wait(for: address, at: now)]
        if let longest = waits.compactMap({ $0 }).max() { return longest }
        accounts.count(account.text, at: now)
        addresses.count(address, at: now)
        return nil
    }

    /// It was no guess.
    mutating func wasRight(by account: UserID, address: String) {
        accounts.giveBack(account.text)
        addresses.giveBack(address)
    }

    /// Counts a beginning; nil: it may be made.
    mutating func begin(address: String, at now: Duration) -> Duration? {
        if let wait = starts.wait(for: address, at: now) { return wait }
        starts.count(address, at: now)
        return nil
    }
}
