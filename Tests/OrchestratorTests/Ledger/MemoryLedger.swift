@testable import Orchestrator

/// Books in memory, for one user.
final class MemoryLedger: LedgerStore, Sendable {
    struct State: Sendable {
        var balance = Balance(posted: .zero, held: .zero, freeUsed: 0)
        var transfers: [String: LedgerTransfer] = [:]
        /// Oldest first.
        var lines: [LedgerEntry] = []
        var unsealed = 0
        var sealings: [Int] = []
        /// Taken from what is free before each of the next transfers, as a job would.
        var claims: [MicroUSD] = []
        var fails = false
    }

    let state = Watched(State())

    func balance(of user: UserID, on day: Day) async throws(StoreError) -> Balance { state.value.balance }

    func transfer(_ transfer: LedgerTransfer) async throws(StoreError) -> TransferOutcome {
        state.update { state in
            if let known = state.transfers[transfer.id] {
                let isSame = known == transfer
                return isSame ? .done(state.balance, isRepeat: true) : .contradicts
            }
            defer { if !state.claims.isEmpty { state.balance.held += state.claims.removeFirst() } }
            guard state.balance.available + transfer.amount >= .zero else { return .insufficient(state.balance) }
            state.balance.posted += transfer.amount
            state.transfers[transfer.id] = transfer
            state.lines.append(
                LedgerEntry(
                    id: LedgerEntryID(number: Int64(state.lines.count + 1)),
                    user: transfer.user,
                    kind: transfer.kind,
                    amount: transfer.amount,
                    availableAfter: state.balance.available,
                    note: transfer.note,
                    reference: transfer.reference,
                    at: transfer.at
                )
            )
            return .done(state.balance, isRepeat: false)
        }
    }

    func statement(of user: UserID, offset: Int, limit: Int) async throws(StoreError) -> [LedgerEntry] {
        Array(state.value.lines.reversed().dropFirst(offset).prefix(limit))
    }

    func ledgerTotals() async throws(StoreError) -> LedgerTotals { LedgerTotals() }

    func seal(limit: Int) async throws(StoreError) -> Int {
        if state.value.fails { throw .unavailable("disk I/O error") }
        return state.update { state in
            let sealed = min(limit, state.unsealed)
            state.unsealed -= sealed
            state.sealings.append(sealed)
            return sealed
        }
    }

    func verifyLedger() async throws(StoreError) -> LedgerReport { LedgerReport() }
}
