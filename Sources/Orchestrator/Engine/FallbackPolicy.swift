/// Decides what follows a failed attempt: no clock, no randomness, no I/O.
package struct FallbackPolicy: Sendable {
    /// Further tries at the same provider.
    package var retries: Int
    /// Attempts for one picture, retries and fallbacks together.
    package var maxAttempts: Int
    package var mayFallBack: Bool
    package var onRefusal: OnRefusal
    package var onUnknownOutcome: OnUnknownOutcome
    package var backoffBase = Duration.milliseconds(250)
    package var backoffLimit = Duration.seconds(8)
    /// A vendor that asks for a longer pause is left for the next candidate, if there is one.
    package var patience = Duration.seconds(5)

    package init(
        retries: Int,
        maxAttempts: Int,
        mayFallBack: Bool,
        onRefusal: OnRefusal,
        onUnknownOutcome: OnUnknownOutcome
    ) {
        self.retries = retries
        self.maxAttempts = maxAttempts
        self.mayFallBack = mayFallBack
        self.onRefusal = onRefusal
        self.onUnknownOutcome = onUnknownOutcome
    }

    /// Chooses the next step after `failure`; `jitter` is in `0..<1` and drawn by the caller.
    package func step(after failure: FailureKind, _ history: AttemptHistory, jitter: Double) -> NextStep {
        precondition((0..<1).contains(jitter))
        let canFallBack = mayFallBack && history.hasFurtherCandidate
        let onward: NextStep = canFallBack ? .fallBack : .giveUp
        guard history.timeLeft > .zero, history.unknowns <= 1, maxAttempts > history.attempts else { return .giveUp }
        switch failure {
        case .rejected: return .giveUp
        case .refused: return onRefusal == .fallback ? onward : .giveUp
        case .unknown:
            // The one further attempt has been had: whatever comes now, a third picture must not be paid for.
            return history.unknowns == 1 && onUnknownOutcome == .fallback ? onward : .giveUp
        case .unusable: return history.unknowns == 0 ? onward : .giveUp
        case .unavailable(let why):
            // After an unknown outcome there is one further attempt in all, and this was it.
            guard history.unknowns == 0 else { return .giveUp }
            guard let pause = pause(for: why, history, jitter: jitter), history.mayRetry else { return onward }
            if pause > patience, canFallBack { return .fallBack }
            return pause < history.timeLeft ? .retry(after: pause) : onward
        }
    }

    /// How long to wait before the same provider is asked again; nil where asking again cannot help.
    private func pause(for why: Unavailability, _ history: AttemptHistory, jitter: Double) -> Duration? {
        guard history.attemptsHere <= retries else { return nil }
        switch why {
        case .quota, .credential, .model, .unsupported, .server(mayRepeat: false): return nil
        case .rateLimited(let retryAfter?): return retryAfter
        case .rateLimited(nil), .server(mayRepeat: true), .connection:
            let ceiling = min(backoffBase * (1 << min(history.attemptsHere - 1, 16)), backoffLimit)
            return ceiling * jitter
        }
    }
}

/// What has been tried for the pictures in question.
package struct AttemptHistory: Sendable {
    /// Attempts so far, the failed one included; one that was stopped before anything was sent is none.
    package var attempts: Int
    /// Of those, at the present provider.
    package var attemptsHere: Int
    /// Attempts whose outcome is unknown.
    package var unknowns: Int
    package var hasFurtherCandidate: Bool
    /// Whether the retry budget of the whole process allows one more.
    package var mayRetry: Bool
    package var timeLeft: Duration

    package init(
        attempts: Int,
        attemptsHere: Int,
        unknowns: Int,
        hasFurtherCandidate: Bool,
        mayRetry: Bool,
        timeLeft: Duration
    ) {
        self.attempts = attempts
        self.attemptsHere = attemptsHere
        self.unknowns = unknowns
        self.hasFurtherCandidate = hasFurtherCandidate
        self.mayRetry = mayRetry
        self.timeLeft = timeLeft
    }
}

/// What the engine does next.
package enum NextStep: Sendable, Hashable {
    case retry(after: Duration)
    case fallBack
    case giveUp
}
