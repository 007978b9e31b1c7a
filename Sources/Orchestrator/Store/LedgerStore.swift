/// The books: accounts, transfers between them, and what is held.
///
/// Jobs hold and are charged by `JobStore`'s operations; here is everything else that moves money, and who looks at it.
package protocol LedgerStore {
    /// What a user has.
    func balance(of user: UserID, on day: Day) async throws(StoreError) -> Balance

    /// Moves money between a user and the house; an id that is known already changes nothing and gives what was done then.
    func transfer(_ transfer: LedgerTransfer) async throws(StoreError) -> TransferOutcome

    /// A user's statement, newest first: `offset` lines skipped, at most `limit`, 1...100.
    func statement(of user: UserID, offset: Int, limit: Int) async throws(StoreError) -> [LedgerEntry]

    /// Sums over all users and over what the house has from them.
    func ledgerTotals() async throws(StoreError) -> LedgerTotals

    /// Numbers transfers that have no number yet and chains their hashes; returns how many. One caller at a time works, the
    /// others get 0.
    func seal(limit: Int) async throws(StoreError) -> Int

    /// Computes every balance, hold, counter and link of the chain anew.
    func verifyLedger() async throws(StoreError) -> LedgerReport
}

/// What became of a transfer.
package enum TransferOutcome: Sendable, Hashable {
    /// The user's balance after it. `isRepeat`: it had been made before.
    case done(Balance, isRepeat: Bool)
    /// It would take more than the user has free; nothing was changed.
    case insufficient(Balance)
    /// The id is known, with another user, amount or reason; nothing was changed.
    case contradicts
}
