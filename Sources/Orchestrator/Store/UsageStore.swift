/// What was asked for and made, added up.
package protocol UsageStore {
    /// Sums over the jobs that were accepted in a window of time, a row a group: those with the most requests first, but
    /// days newest first. Ungrouped there is always one row.
    func usage(_ query: UsageQuery) async throws(StoreError) -> [UsageRow]

    /// Quotes and bills of the attempts that made pictures and began in a window of time, a row a group, ordered by it;
    /// without columns one row.
    func drift(since: Timestamp, until: Timestamp?, by columns: [SpendColumn]) async throws(StoreError) -> [DriftRow]
}

/// Which jobs to add up, and by what.
package struct UsageQuery: Sendable {
    /// Of this owner; nil: of everybody.
    package var owner: UserID?
    package var from: Timestamp
    /// Jobs from this moment on are left out.
    package var until: Timestamp
    package var group: UsageGroup
    /// 1...1000.
    package var limit = 100

    package init(of owner: UserID? = nil, from: Timestamp, until: Timestamp, by group: UsageGroup = .all) {
        self.owner = owner
        self.from = from
        self.until = until
        self.group = group
    }
}

/// What usage can be grouped by.
package enum UsageGroup: Sendable, CaseIterable {
    case all, operation
    /// `PROVIDER/MODEL` that made the pictures, or was asked last; empty where none was.
    case model
    /// In UTC, `YYYY-MM-DD`.
    case day
    case user
}

/// One group of jobs.
package struct UsageRow: Sendable, Hashable {
    package var group: String
    package var requests = 0
    package var failed = 0
    /// Requests that have ended, and the time from acceptance to end of all of them together.
    package var ended = 0
    package var time = Duration.zero
    /// Pictures that were delivered, also those that have been deleted since.
    package var images = 0
    /// What the delivered pictures cost at our prices.
    package var cost = MicroUSD.zero
    package var credits = 0
    /// As far as vendors told; no request counts for more than a thousand million of a kind.
    package var tokens = TokenUsage.zero
    /// Different owners.
    package var users = 0

    package init(group: String) {
        self.group = group
    }
}
