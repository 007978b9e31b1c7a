/// What calls have cost so far, for the metrics; a loop counts for itself, and reading sums the loops.
package struct UpstreamCounters: Sendable, Equatable {
    /// Requests begun, redirects counted apart.
    package var requests = 0
    /// Requests that ended without a whole reply.
    package var failures = 0
    /// Requests on their way now.
    package var active = 0
    package var connectionsOpened = 0
    /// Bytes of bodies, heads and TLS not counted.
    package var bytesSent: Int64 = 0
    /// Bytes of bodies, heads and TLS not counted.
    package var bytesReceived: Int64 = 0

    package init() {}

    package static func += (sum: inout UpstreamCounters, other: UpstreamCounters) {
        sum.requests += other.requests
        sum.failures += other.failures
        sum.active += other.active
        sum.connectionsOpened += other.connectionsOpened
        sum.bytesSent += other.bytesSent
        sum.bytesReceived += other.bytesReceived
    }
}
