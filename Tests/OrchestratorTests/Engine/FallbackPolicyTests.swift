import Randomness
import Testing

@testable import Orchestrator

@Suite struct FallbackPolicyTests {
    private func policy(
        onRefusal: OnRefusal = .stop,
        onUnknown: OnUnknownOutcome = .fallback,
        mayFallBack: Bool = true
    ) -> FallbackPolicy {
        FallbackPolicy(
            retries: 2,
            maxAttempts: 6,
            mayFallBack: mayFallBack,
            onRefusal: onRefusal,
            onUnknownOutcome: onUnknown
        )
    }

    private static func history(_ adjust: (inout AttemptHistory) -> Void = { _ in }) -> AttemptHistory {
        var history = AttemptHistory(
            attempts: 1,
            attemptsHere: 1,
            unknowns: 0,
            hasFurtherCandidate: true,
            mayRetry: true,
            timeLeft: .seconds(100)
        )
        adjust(&history)
        return history
    }

    /// The step after a first failure, with somebody else to ask and with nobody; a jitter of one half.
    static let first: [(FailureKind, NextStep, NextStep)] = [
        (.rejected, .giveUp, .giveUp),
        (.refused, .giveUp, .giveUp),
        (.unusable, .fallBack, .giveUp),
        (
            .unavailable(.rateLimited(retryAfter: nil)), .retry(after: .milliseconds(125)),
            .retry(after: .milliseconds(125))
        ),
        (.unavailable(.rateLimited(retryAfter: .seconds(2))), .retry(after: .seconds(2)), .retry(after: .seconds(2))),
        (.unavailable(.rateLimited(retryAfter: .seconds(5))), .retry(after: .seconds(5)), .retry(after: .seconds(5))),
        (.unavailable(.rateLimited(retryAfter: .seconds(6))), .fallBack, .retry(after: .seconds(6))),
        (.unavailable(.rateLimited(retryAfter: .seconds(100))), .fallBack, .giveUp),
        (.unavailable(.quota), .fallBack, .giveUp),
        (.unavailable(.credential), .fallBack, .giveUp),
        (.unavailable(.model), .fallBack, .giveUp),
        (.unavailable(.unsupported), .fallBack, .giveUp),
        (.unavailable(.server(mayRepeat: true)), .retry(after: .milliseconds(125)), .retry(after: .milliseconds(125))),
        (.unavailable(.server(mayRepeat: false)), .fallBack, .giveUp),
        (.unavailable(.connection), .retry(after: .milliseconds(125)), .retry(after: .milliseconds(125))),
    ]

    @Test(arguments: first)
    func `each failure leads to the step the table promises`(failure: FailureKind, among: NextStep, alone: NextStep) {
        #expect(policy().step(after: failure, Self.history(), jitter: 0.5) == among)
        #expect(policy().step(after: failure, Self.history { $0.hasFurtherCandidate = false }, jitter: 0.5) == alone)
        #expect(policy(mayFallBack: false).step(after: failure, Self.history(), jitter: 0.5) == alone)
    }

    static let uncertain: [(FailureKind, Int, OnUnknownOutcome, NextStep)] = [
        (.unknown(.timeout), 1, .fallback, .fallBack), (.unknown(.cut), 1, .fallback, .fallBack),
        (.unknown(.crash), 1, .fallback, .fallBack), (.unknown(.timeout), 1, .fail, .giveUp),
        (.unknown(.timeout), 2, .fallback, .giveUp),
        // One further attempt was allowed after an unknown outcome, and this was it, however it ended.
        (.unavailable(.server(mayRepeat: true)), 1, .fallback, .giveUp), (.unavailable(.quota), 1, .fallback, .giveUp),
        (.unavailable(.rateLimited(retryAfter: .seconds(1))), 1, .fallback, .giveUp),
        (.unusable, 1, .fallback, .giveUp),
        (.refused, 1, .fallback, .giveUp), (.rejected, 1, .fallback, .giveUp),
    ]

    @Test(arguments: uncertain)
    func `an outcome that is unknown allows one further attempt, at another provider`(
        failure: FailureKind,
        unknowns: Int,
        rule: OnUnknownOutcome,
        expected: NextStep
    ) {
        let history = Self.history {
            $0.unknowns = unknowns
            $0.attempts = 2
        }
        #expect(policy(onUnknown: rule).step(after: failure, history, jitter: 0) == expected)
    }

    @Test func `a refusal moves on only where the operator says so`() {
        let policy = policy(onRefusal: .fallback)
        #expect(policy.step(after: .refused, Self.history(), jitter: 0) == .fallBack)
        #expect(policy.step(after: .refused, Self.history { $0.hasFurtherCandidate = false }, jitter: 0) == .giveUp)
    }

    static let allKinds = Array(FailureKind.scripted.values)

    @Test(arguments: allKinds)
    func `nothing follows when attempts or time are used up`(failure: FailureKind) {
        let permissive = policy(onRefusal: .fallback)
        #expect(permissive.step(after: failure, Self.history { $0.attempts = 6 }, jitter: 0) == .giveUp)
        #expect(permissive.step(after: failure, Self.history { $0.timeLeft = .zero }, jitter: 0) == .giveUp)
        #expect(permissive.step(after: failure, Self.history { $0.timeLeft = .seconds(-1) }, jitter: 0) == .giveUp)
    }

    @Test func `the same provider is asked again as often as its entry says, and while the budget allows`() {
        let failure = FailureKind.unavailable(.server(mayRepeat: true))
        for (here, retries) in [(1, true), (2, true), (3, false)] {
            let history = Self.history {
                $0.attempts = here
                $0.attemptsHere = here
            }
            let isRetry = policy().step(after: failure, history, jitter: 0) != .fallBack
            #expect(isRetry == retries, "after \(here)")
        }
        #expect(policy().step(after: failure, Self.history { $0.mayRetry = false }, jitter: 0) == .fallBack)
    }

    @Test func `the pause is anything from nothing to a ceiling that doubles to eight seconds`() {
        var patient = policy()
        patient.retries = 40
        patient.maxAttempts = 50
        patient.patience = .seconds(60)
        let failure = FailureKind.unavailable(.connection)
        var random = SeededRandom(seed: 41)
        for here in 1...40 {
            let history = Self.history { $0.attemptsHere = here }
            let ceiling = min(Duration.milliseconds(250) * (1 << min(here - 1, 10)), .seconds(8))
            for _ in 0..<50 {
                let jitter = Double.random(in: 0..<1, using: &random)
                guard case .retry(let pause) = patient.step(after: failure, history, jitter: jitter) else {
                    Issue.record("no retry after \(here)")
                    return
                }
                #expect(pause >= .zero && pause < ceiling)
            }
            #expect(patient.step(after: failure, history, jitter: 0) == .retry(after: .zero))
        }
    }

    @Test func `a pause that ends after the deadline is not begun`() {
        let failure = FailureKind.unavailable(.rateLimited(retryAfter: .seconds(3)))
        #expect(policy().step(after: failure, Self.history { $0.timeLeft = .seconds(3) }, jitter: 0) == .fallBack)
        #expect(
            policy().step(after: failure, Self.history { $0.timeLeft = .seconds(4) }, jitter: 0)
                == .retry(after: .seconds(3))
        )
    }
}
