import Orchestrator

/// What a device that asks for its key is answered, by what is on record; pure.
enum DevicePoll: Hashable {
    /// Nobody has decided; to be noted with the interval that holds from now on.
    case pending(interval: Int)
    /// As `pending`, and the device asks too often.
    case slowDown(interval: Int)
    /// Somebody let it in.
    case letIn(UserID)
    case denied
    case expired
    /// There is nothing to be had for this code, or not by this client.
    case invalid
    /// The client did not say who it is, as it did when it began.
    case anonymous

    /// Seconds that the interval grows by with each poll too many (RFC 8628 section 3.5).
    private static let growth = 5
    /// Clocks and networks are not as exact as a client that waits to the second.
    private static let tolerance = Duration.milliseconds(250)

    init(_ grant: DeviceGrant, clientID: String?, now: Timestamp) {
        if let owner = grant.clientID {
            guard let clientID else {
                self = .anonymous
                return
            }
            guard clientID == owner else {
                self = .invalid
                return
            }
        }
        switch (grant.state, grant.user) {
        case (.redeemed, _): self = .invalid
        case _ where grant.expires <= now: self = .expired
        case (.denied, _): self = .denied
        case (.approved, let user?): self = .letIn(user)
        case (.approved, nil): self = .invalid
        case (.pending, _):
            let isEarly = grant.polled.map { now + Self.tolerance < $0 + .seconds(grant.interval) } ?? false
            self = isEarly ? .slowDown(interval: grant.interval + Self.growth) : .pending(interval: grant.interval)
        }
    }
}
