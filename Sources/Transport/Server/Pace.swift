/// Judges how long a client may still be waited for: no silence beyond `timeout`, and not for ever at a trickle.
struct Pace {
    private let timeout: UInt64  // nanoseconds
    private let minimumRate: UInt64  // bytes per second of waiting
    private var waited: UInt64 = 0
    private var moved: UInt64 = 0

    init(timeout: Duration, minimumRate: Int) {
        self.timeout = timeout.timerNanoseconds
        self.minimumRate = UInt64(max(minimumRate, 1))
    }

    mutating func count(bytes: Int) { moved &+= UInt64(clamping: bytes) }

    mutating func count(waited nanoseconds: UInt64) { waited &+= nanoseconds }

    /// Nanoseconds that the next wait may last; 0 when the client has been too slow.
    var allowance: UInt64 {
        // Only waiting for the client counts: a handler that takes its time is not the client's fault.
        let (scaled, overflow) = moved.multipliedReportingOverflow(by: 1_000_000_000)
        let earned = overflow ? UInt64(Int64.max) : scaled / minimumRate
        let total = timeout &+ min(earned, UInt64(Int64.max) - timeout)
        return waited >= total ? 0 : min(timeout, total - waited)
    }
}
