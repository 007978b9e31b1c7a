/// What operators have been told is wrong, kept so that a restart does not tell them again.
package protocol AlertStore {
    func openAlerts() async throws(StoreError) -> [OpenAlert]
    /// Writes one down, or how far one has come.
    func keepAlert(_ alert: OpenAlert) async throws(StoreError)
    func forgetAlert(_ key: AlertKey) async throws(StoreError)
}

/// Names a condition.
package struct AlertKey: Sendable, Hashable {
    package enum Rule: String, Sendable, CaseIterable {
        case errorRate = "error_rate"
        case providerDown = "provider_down"
        case spendOfCap = "spend_of_cap"
        case lowDisk = "low_disk"
        case stuckJob = "stuck_job"
    }

    package var rule: Rule
    /// What it is about: a provider's id, `all`, a job's id.
    package var subject: String

    package init(_ rule: Rule, _ subject: String) {
        self.rule = rule
        self.subject = subject
    }
}

/// A condition that somebody is to be told of.
package struct OpenAlert: Sendable, Hashable {
    package enum Stage: String, Sendable, CaseIterable {
        /// It holds, and nobody has been told yet.
        case fresh
        /// It holds, and that was told.
        case told
        /// It does not hold any more, which nobody has been told yet.
        case over
    }

    package var key: AlertKey
    package var since: Timestamp
    package var stage: Stage

    package init(key: AlertKey, since: Timestamp, stage: Stage) {
        self.key = key
        self.since = since
        self.stage = stage
    }
}
