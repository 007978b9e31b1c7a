/// What spend can be grouped by.
package enum SpendColumn: String, Sendable, CaseIterable {
    case provider, model, tier, key, day
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
