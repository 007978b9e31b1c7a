import Orchestrator

/// Decides who may try a password now.
///
/// One address is stopped soon at one account, and later over all accounts; an account is stopped only after far more
/// failures than one address may make, so that nobody locks its owner out from home.
struct SignInThrottle: Sendable {
    private var pairs = AttemptLimiter(Rate(count: 20, window: .seconds(900)))
    private var addresses = AttemptLimiter(Rate(count: 60, window: .seconds(600)))
    private var accounts = AttemptLimiter(Rate(count: 200, window: .seconds(3600)))
    private var newAccounts = AttemptLimiter(Rate(count: 1000, window: .seconds(3600)))

    /// Counts an attempt before its outcome is known, since many may be under way; nil: it may be made, else how long to
    /// wait.
    mutating func begin(account: String, address: String, at now: Duration) -> Duration? {
        let pair = Self.pair(account, address)
        let waits = [
            pairs.wait(for: pair, at: now), addresses.wait(for: address, at: now),
            accounts.wait(for: account, at: now),
        ]
        if let longest = waits.compactMap({ $0 }).max() { return longest }
        pairs.count(pair, at: now)
        addresses.count(address, at: now)
        accounts.count(account, at: now)
        return nil
    }

    /// The attempt was right: it counts for nothing, and this address begins anew at this account.
    mutating func succeed(account: String, address: String) {
        pairs.forget(Self.pair(account, address))
        addresses.giveBack(address)
        accounts.giveBack(account)
    }

    /// As `begin`, for a new account.
    mutating func signUp(address: String, at now: Duration) -> Duration? {
        if let wait = newAccounts.wait(for: address, at: now) ?? addresses.wait(for: address, at: now) { return wait }
        newAccounts.count(address, at: now)
        return nil
    }

    /// Somebody asked for an address that is taken: as good a way to find accounts as any.
    mutating func foundTaken(address: String, at now: Duration) {
        addresses.count(address, at: now)
    }

    private static func pair(_ account: String, _ address: String) -> String { address + " " + account }
}
