/// Credits given to a user without money: once, or once a month.
package struct CreditGrant: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case welcome, monthly
    }

    package var user: UserID
    package var kind: Kind
    /// The month, `2026-11`; empty for what is given once. A user has at most one grant of a kind and period.
    package var period: String
    /// The same for the same cause, so that nobody gets it twice; also the reference of every line about it.
    package var id: String
    package var amount: MicroUSD
    package var granted: Timestamp
    /// When what is unused of it goes back to the house; nil: never.
    package var expires: Timestamp?
    /// Gone back so far.
    package var expired = MicroUSD.zero

    package init(
        user: UserID,
        kind: Kind,
        period: String,
        id: String,
        amount: MicroUSD,
        granted: Timestamp,
        expires: Timestamp?
    ) {
        self.user = user
        self.kind = kind
        self.period = period
        self.id = id
        self.amount = amount
        self.granted = granted
        self.expires = expires
    }

    /// What brings it into the user's account.
    package var transfer: LedgerTransfer {
        let note =
            switch kind {
            case .welcome: "welcome"
            case .monthly: "credits for \(period)"
            }
        return LedgerTransfer(
            id: id,
            user: user,
            amount: amount,
            kind: kind == .welcome ? .bonus : .grant,
            note: note,
            reference: id,
            at: granted
        )
    }

    /// What takes the unused rest out again; `lines` makes it one for each state of the statement.
    package func expiry(of rest: MicroUSD, lines: Int64, at now: Timestamp) -> LedgerTransfer {
        LedgerTransfer(
            id: "expire:\(id):\(lines)",
            user: user,
            amount: .zero - rest,
            kind: kind == .welcome ? .bonus : .grant,
            note: "unused credits ran out",
            reference: id,
            at: now
        )
    }
}

/// Grants, and what becomes of them.
package protocol GrantStore {
    /// Gives a grant, with its transfer; false: the user has it already, or another has had it under this id, which is
    /// noted, so that it is not tried again.
    func give(_ grant: CreditGrant) async throws(StoreError) -> Bool

    /// A user's grants that may run out.
    func expiringGrants(of user: UserID) async throws(StoreError) -> [CreditGrant]

    /// Grants whose time is over and of which something may be left, to be looked at by `now`; the oldest first.
    func dueGrants(now: Timestamp, limit: Int) async throws(StoreError) -> [CreditGrant]

    /// Takes back what is unused of a grant, and says when to look at it again, nil: never. False: the user's statement has
    /// other than `lines` lines, and nothing was done.
    func expire(
        _ grant: CreditGrant,
        transfer: LedgerTransfer?,
        lines: Int64,
        next: Timestamp?
    ) async throws(StoreError) -> Bool

    /// Users who have no grant of a kind and period yet: of those who came at `since` or later, or of those who have bought
    /// something.
    func usersWithoutGrant(
        _ kind: CreditGrant.Kind,
        period: String,
        since: Timestamp,
        buyersOnly: Bool,
        limit: Int
    ) async throws(StoreError) -> [UserRecord]

    /// Lines of a user's statement after a number, in their order; `limit` is 1...1000.
    func statementLines(of user: UserID, after number: Int64, limit: Int) async throws(StoreError) -> [LedgerEntry]
}

extension GrantStore {
    /// What is left of everything that came into an account.
    package func creditLots(of user: UserID) async throws(StoreError) -> CreditLots {
        var expiries: [String: Timestamp] = [:]
        for grant in try await expiringGrants(of: user) { expiries[grant.id] = grant.expires }
        var lots = CreditLots(expiries: expiries)
        while true {
            let page = try await statementLines(of: user, after: lots.lines, limit: 1000)
            for line in page { lots.apply(line) }
            if page.count < 1000 { return lots }
        }
    }
}
