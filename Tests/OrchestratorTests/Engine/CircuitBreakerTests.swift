import Testing

@testable import Orchestrator

@Suite struct CircuitBreakerTests {
    private func opened(at now: Duration = .zero) -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<CircuitBreaker.threshold { breaker.record(success: false, at: now) }
        return breaker
    }

    @Test func `it opens at the fifth failure in a row`() {
        var breaker = CircuitBreaker()
        for _ in 0..<4 { breaker.record(success: false, at: .zero) }
        #expect(breaker.state == .closed && !breaker.isResting(at: .zero))
        breaker.record(success: true, at: .zero)
        for _ in 0..<4 { breaker.record(success: false, at: .zero) }
        #expect(breaker.state == .closed)
        breaker.record(success: false, at: .zero)
        #expect(breaker.state == .open && breaker.isResting(at: .zero))
    }

    @Test func `one probe goes through each cool-down, whether the last has come back or not`() {
        var breaker = opened()
        var admitted: [Duration] = []
        for tick in 0..<50 {
            let now = Duration.milliseconds(tick * 100)
            if breaker.admits(at: now) { admitted.append(now) }
        }
        #expect(admitted == [1000, 2000, 3000, 4000].map { .milliseconds($0) })
    }

    @Test func `a probe that succeeds closes it, one that fails keeps it open`() {
        var breaker = opened()
        #expect(allows(&breaker, at: .seconds(1)) && breaker.state == .probing)
        breaker.record(success: false, at: .milliseconds(1500))
        #expect(breaker.state == .open && !allows(&breaker, at: .milliseconds(2400)))
        #expect(allows(&breaker, at: .milliseconds(2500)))
        breaker.record(success: true, at: .milliseconds(2600))
        #expect(breaker.state == .closed && breaker.failures == 0 && allows(&breaker, at: .milliseconds(2600)))
    }

    private func allows(_ breaker: inout CircuitBreaker, at now: Duration) -> Bool { breaker.admits(at: now) }

    static let judged: [(FailureKind, Bool, Bool)] = [
        (.rejected, false, false), (.refused, false, false), (.unavailable(.unsupported), false, false),
        (.unavailable(.credential), true, false), (.unavailable(.quota), true, false),
        (.unavailable(.rateLimited(retryAfter: nil)), true, false), (.unavailable(.model), true, true),
        (.unavailable(.server(mayRepeat: true)), true, true), (.unavailable(.connection), true, true),
        (.unknown(.timeout), true, true), (.unknown(.cut), true, true), (.unusable, true, true),
    ]

    @Test(arguments: judged)
    func `a failure speaks against the model unless it lies in the request or the caller's own key`(
        kind: FailureKind,
        withHouseKey: Bool,
        withOwnKey: Bool
    ) {
        #expect(kind.speaksAgainstModel(hasOwnKey: false) == withHouseKey)
        #expect(kind.speaksAgainstModel(hasOwnKey: true) == withOwnKey)
    }
}

@Suite struct RetryBudgetTests {
    static let budgets: [(Int, Int, Bool)] = [
        (0, 0, true), (1, 2, true), (1, 3, false), (15, 3, false), (19, 3, false), (20, 3, true), (20, 4, false),
        (500, 99, true), (500, 100, false),
    ]

    @Test(arguments: budgets)
    func `three retries, or a fifth of the calls under way`(calls: Int, retries: Int, allowed: Bool) {
        var budget = RetryBudget()
        budget.activeCalls = calls
        budget.activeRetries = retries
        #expect(budget.allowsOneMore == allowed)
    }
}

@Suite struct LatencyEstimateTests {
    @Test func `the first answer counts whole, each later one a fifth`() {
        var estimate = LatencyEstimate()
        #expect(estimate.value == nil)
        estimate.add(.seconds(10))
        #expect(estimate.value == .seconds(10))
        estimate.add(.seconds(20))
        #expect(estimate.value == .seconds(12))
        for _ in 0..<200 { estimate.add(.seconds(2)) }
        #expect(estimate.value.map { abs($0.milliseconds - 2000) <= 1 } == true)
    }
}
