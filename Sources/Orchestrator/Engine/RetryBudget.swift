/// Bounds retries to a share of the calls under way, so that an outage is not multiplied by everybody trying again.
package struct RetryBudget: Sendable {
    /// Retries allowed however little is going on.
    package static let least = 3
    /// One retry for so many active calls.
    package static let callsPerRetry = 5

    package var activeCalls = 0
    package var activeRetries = 0

    package init() {}

    package var allowsOneMore: Bool {
        activeRetries < max(Self.least, activeCalls / Self.callsPerRetry)
    }
}
