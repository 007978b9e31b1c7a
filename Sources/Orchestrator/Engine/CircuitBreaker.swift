/// Keeps calls away from a model that fails every time: closed until `threshold` failures in a row, then open, letting one
/// probe through each `coolDown`; a success closes it.
package struct CircuitBreaker: Sendable {
    package enum State: String, Sendable {
        case closed
        case open
        /// Open, with a probe under way.
        case probing
    }

    /// Failures in a row that open it.
    package static let threshold = 5
    package static let coolDown = Duration.seconds(1)

    package private(set) var state = State.closed
    package private(set) var failures = 0
    /// When the next probe may go, on the monotonic clock.
    private var probeDue = Duration.zero

    package init() {}

    /// Whether the planner should leave the model out at `now`.
    package func isResting(at now: Duration) -> Bool {
        switch state {
        case .closed: false
        case .open, .probing: now < probeDue
        }
    }

    /// Asks to make a call at `now`; an open breaker lets one through each `coolDown`.
    package mutating func admits(at now: Duration) -> Bool {
        switch state {
        case .closed: return true
        case .open, .probing:
            // A probe that never reports back must not keep the breaker open for good, so time alone decides.
            guard now >= probeDue else { return false }
            state = .probing
            probeDue = now + Self.coolDown
            return true
        }
    }

    /// Notes how a call ended at `now`.
    package mutating func record(success: Bool, at now: Duration) {
        guard !success else {
            self = CircuitBreaker()
            return
        }
        failures += 1
        guard failures >= Self.threshold || state != .closed else { return }
        state = .open
        probeDue = now + Self.coolDown
    }
}

extension FailureKind {
    /// Whether the failure speaks against the model, whoever asks. What lies in one request does not, nor what lies in
    /// the key that a caller brought: neither may shut the model for others.
    package func speaksAgainstModel(hasOwnKey: Bool) -> Bool {
        switch self {
        case .rejected, .refused, .unavailable(.unsupported): false
        case .unavailable(.rateLimited), .unavailable(.quota), .unavailable(.credential): !hasOwnKey
        case .unavailable(.model), .unavailable(.server), .unavailable(.connection), .unknown, .unusable: true
        }
    }
}
