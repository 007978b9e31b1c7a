/// What a user has.
package struct Balance: Sendable, Hashable {
    /// With what is held.
    package var posted: MicroUSD
    package var held: MicroUSD
    /// Free uses taken on the day that was asked for.
    package var freeUsed: Int

    package init(posted: MicroUSD, held: MicroUSD, freeUsed: Int) {
        self.posted = posted
        self.held = held
        self.freeUsed = freeUsed
    }

    package var available: MicroUSD { posted - held }
}

/// One line of a user's statement; each changes what is available.
package struct LedgerEntry: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case purchase, spend, refund, bonus
        case adminAdjustment = "admin_adjustment"
        case reserve, release, grant
    }

    package var id: LedgerEntryID
    package var user: UserID
    package var kind: Kind
    /// Negative where less is available after it.
    package var amount: MicroUSD
    /// What was available after it.
    package var availableAfter: MicroUSD
    package var note: String
    /// A job's id, a payment's.
    package var reference: String?
    package var at: Timestamp

    package init(
        id: LedgerEntryID,
        user: UserID,
        kind: Kind,
        amount: MicroUSD,
        availableAfter: MicroUSD,
        note: String,
        reference: String?,
        at: Timestamp
    ) {
        self.id = id
        self.user = user
        self.kind = kind
        self.amount = amount
        self.availableAfter = availableAfter
        self.note = note
        self.reference = reference
        self.at = at
    }
}

/// Names one line of a statement: the account's own count of its lines, so that the order is beyond doubt.
package struct LedgerEntryID: Sendable, Hashable {
    /// From 1 in each account.
    package var number: Int64

    package init(number: Int64) {
        self.number = number
    }
}

/// Money that moves between a user and the house for another reason than a job.
package struct LedgerTransfer: Sendable, Hashable {
    /// Made from the cause, so that a repeat collides with itself: `purchase:ID`, `adjust:KEY`, `refund:PURCHASE:REVISION`.
    package var id: String
    package var user: UserID
    /// Negative: from the user to the house.
    package var amount: MicroUSD
    package var kind: LedgerEntry.Kind
    package var note: String
    package var reference: String?
    package var at: Timestamp

    package init(
        id: String,
        user: UserID,
        amount: MicroUSD,
        kind: LedgerEntry.Kind,
        note: String,
        reference: String?,
        at: Timestamp
    ) {
        self.id = id
        self.user = user
        self.amount = amount
        self.kind = kind
        self.note = note
        self.reference = reference
        self.at = at
    }

    /// The house's account that stands on the other side.
    package var houseAccount: String {
        switch kind {
        case .purchase, .refund: "house:payments"
        case .bonus, .grant, .adminAdjustment: "house:grants"
        case .spend, .reserve, .release: "house:revenue"
        }
    }
}

/// What all accounts come to; `posted = purchased + granted - charged`.
package struct LedgerTotals: Sendable, Hashable {
    package var users = 0
    /// Of all users, with what is held.
    package var posted = MicroUSD.zero
    package var held = MicroUSD.zero
    /// Minus what stands on `house:payments`: bought, less what was given back.
    package var purchased = MicroUSD.zero
    /// Minus what stands on `house:grants`: given, less what was taken back.
    package var granted = MicroUSD.zero
    /// What stands on `house:revenue`.
    package var charged = MicroUSD.zero

    package init() {}
}

/// What a check of the books found.
package struct LedgerReport: Sendable, Hashable {
    package var accounts = 0
    package var transfers = 0
    /// Of the transfers, those that have their place in the chain.
    package var sealed = 0
    package var openHolds = 0
    package var jobs = 0
    /// What is wrong, a sentence each, at most 100; empty: all agrees.
    package var problems: [String] = []

    package init() {}
}
