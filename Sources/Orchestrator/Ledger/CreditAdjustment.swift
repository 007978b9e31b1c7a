/// Gives a user credits or takes some back, once however often it is asked for.
package struct CreditAdjustment: Sendable {
    package enum Outcome: Sendable, Hashable {
        /// What was moved: all that was asked for, or all that was free of it.
        case done(moved: MicroUSD, Balance)
        /// Not one credit is free.
        case nothingFree(Balance)
        /// The id was used for something else.
        case contradicts
    }

    private let store: any LedgerStore & Sendable
    private let quote: CreditQuote

    /// While jobs take and give back credits, what is free may be another amount at each look.
    private static let tries = 16
    /// How far back an earlier adjustment is looked for.
    private static let pages = 20
    private static let pageLength = 100

    package init(store: any LedgerStore & Sendable, quote: CreditQuote) {
        self.store = store
        self.quote = quote
    }

    /// Makes `wanted`; where it would take more than is free, all of that. Its reference must be of its id and amount, so
    /// that what was made of it is found again.
    package func make(_ wanted: LedgerTransfer) async throws(StoreError) -> Outcome {
        var transfer = wanted
        for _ in 0..<Self.tries {
            switch try await store.transfer(transfer) {
            case .done(let balance, _): return .done(moved: transfer.amount, balance)
            case .insufficient(let balance):
                guard let free = quote.worth(quote.credits(balance.available)), free > .zero else {
                    return .nothingFree(balance)
                }
                transfer.amount = .zero - free
            case .contradicts: return try await earlier(wanted)
            }
        }
        throw .unavailable("the balance of \(wanted.user) does not hold still")
    }

    /// What an earlier call with the same id did, where that was less than it wanted.
    private func earlier(_ wanted: LedgerTransfer) async throws(StoreError) -> Outcome {
        for page in 0..<Self.pages {
            let lines = try await store.statement(
                of: wanted.user,
                offset: page * Self.pageLength,
                limit: Self.pageLength
            )
            if let line = lines.first(where: { $0.reference == wanted.reference }) {
                guard line.kind == wanted.kind, line.note == wanted.note else { return .contradicts }
                return .done(moved: line.amount, try await store.balance(of: wanted.user, on: wanted.at.day))
            }
            guard lines.count == Self.pageLength else { break }
        }
        return .contradicts
    }
}
