/// The `alerts:` section; without a webhook nothing is sent.
package struct AlertSettings: Sendable {
    /// Where alerts are posted; its path may be as good as a password.
    package var webhook: Secret?
    /// Share of failed attempts, 0...1; nil: no such alert.
    package var errorRate: Double? = 0.2
    /// Share of a day's spending cap, 0...1; nil: no such alert.
    package var spendOfCap: Double? = 0.8
    /// How long a provider's breaker may stay open; nil: no such alert.
    package var providerDown: Duration? = .seconds(60)
    /// Bytes free under the data directory; nil: no such alert.
    package var lowDisk: Int? = 256 << 20
    /// How long a job may take; nil: no such alert.
    package var stuckJob: Duration? = .seconds(900)

    package init() {}
}
