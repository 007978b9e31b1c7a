/// What spend can be grouped by.
package enum SpendColumn: String, Sendable, CaseIterable {
    case provider, model, tier, key, day
}

/// How far the bills of one group of attempts are from what was quoted for them.
package struct DriftRow: Sendable, Hashable {
    /// One value for each column asked, in that order.
    package var group: [String]
    /// Those that made pictures.
    package var attempts: Int
    package var images: Int
    package var quoted: MicroUSD
    package var billed: MicroUSD
    /// The most by which one bill was over its quote; zero or less where none was.
    package var mostOver: MicroUSD
    /// The most by which one bill was under its quote; zero or less where none was.
    package var mostUnder: MicroUSD

    package init(
        group: [String],
        attempts: Int,
        images: Int,
        quoted: MicroUSD,
        billed: MicroUSD,
        mostOver: MicroUSD,
        mostUnder: MicroUSD
    ) {
        self.group = group
        self.attempts = attempts
        self.images = images
        self.quoted = quoted
        self.billed = billed
        self.mostOver = mostOver
        self.mostUnder = mostUnder
    }
}

/// One group of attempts.
package struct SpendRow: Sendable {
    /// One value for each column asked, in that order.
    package var group: [String]
    package var requests: Int
    package var images: Int
    /// Attempts whose outcome is known.
    package var cost: MicroUSD
    /// Attempts whose outcome is not, at their worst.
    package var unresolved: MicroUSD

    package init(group: [String], requests: Int, images: Int, cost: MicroUSD, unresolved: MicroUSD) {
        self.group = group
        self.requests = requests
        self.images = images
        self.cost = cost
        self.unresolved = unresolved
    }
}
