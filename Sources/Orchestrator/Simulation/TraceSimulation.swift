/// Plays a trace against a registry, one policy at a time: the planner chooses, the fallback policy and the breakers decide
/// what follows a failure, and chance stands in for the vendors.
///
/// A call takes the model's latency times a log-normal factor of median 1, and fails with the model's failure rate, unbilled,
/// as an overloaded server does. One that takes longer than its provider's timeout or the request's deadline is of unknown
/// outcome, and billed. Requests are taken in the order of their time, and what is learned from one holds for the next;
/// that calls wait for each other at a provider's limits is left out.
package struct TraceSimulation: Sendable {
    package var registry: Registry
    package var seed: UInt64
    /// For models of which the file says nothing, by provider or by `PROVIDER/MODEL`; it comes before the file.
    package var failureRates: [String: Double]

    /// Of a model that states no latency.
    package static let usualLatency = Duration.seconds(10)
    /// Of the logarithm: one call in twenty takes 1.8 times the usual time, and more.
    private static let spread = 0.35

    package init(registry: Registry, seed: UInt64, failureRates: [String: Double] = [:]) {
        self.registry = registry
        self.seed = seed
        self.failureRates = failureRates
    }

    /// What `trace` comes to under a policy of the registry, which replaces those that requests name.
    package func outcome(of trace: Trace, under policy: String) -> PolicyOutcome {
        var world = World(policy: policy)
        for (number, entry) in trace.entries.enumerated() { play(entry, number, &world) }
        return world.outcome
    }

    /// What one policy has brought about so far.
    private struct World {
        let policy: String
        var outcome: PolicyOutcome
        let health = Health()
        /// By provider, on `day`.
        var spent: [SpendSubject: MicroUSD] = [:]
        var day: Day?

        init(policy: String) {
            self.policy = policy
            outcome = PolicyOutcome(policy: policy)
        }
    }

    private func play(_ entry: Trace.Entry, _ number: Int, _ world: inout World) {
        if world.day != entry.at.day {
            world.day = entry.at.day
            world.spent = [:]
        }
        world.outcome.requests += 1
        var request = entry.request
        request.routing.policy = world.policy
        let start = Duration.milliseconds(entry.at.milliseconds)
        let snapshot = world.health.snapshot(of: registry, at: start, spent: world.spent)
        let planner = Planner(registry: registry, health: snapshot, today: entry.at.day)
        guard let plan = try? planner.plan(request, for: CallerTerms()), let first = plan.candidates.first else {
            world.outcome.failed += 1
            world.outcome.unserved += 1
            world.outcome.missing += request.count
            return
        }
        var (made, longest) = (0, Duration.zero)
        for slots in first.calls(for: 0..<plan.request.count) {
            let lane = run(slots, of: plan, number, start, &world)
            made += lane.made
            longest = max(longest, lane.took)
        }
        world.outcome.missing += plan.request.count - made
        if made > 0 { world.outcome.add(latency: longest) } else { world.outcome.failed += 1 }
    }

    /// Tries to make the pictures of some slots, one attempt after the other.
    private func run(
        _ slots: Range<Int>,
        of plan: Plan,
        _ number: Int,
        _ start: Duration,
        _ world: inout World
    ) -> (made: Int, took: Duration) {
        let deadline = registry.routing.deadline
        var candidates = plan.candidates[...]
        var history = AttemptHistory(
            attempts: 0,
            attemptsHere: 0,
            unknowns: 0,
            hasFurtherCandidate: false,
            mayRetry: true,
            timeLeft: deadline
        )
        var time = Duration.zero
        while let candidate = candidates.first {
            history.attempts += 1
            history.attemptsHere += 1
            var chance = SimulatedChance(
                seed: seed,
                request: number,
                slot: slots.lowerBound,
                attempt: history.attempts,
                model: candidate.reference
            )
            let limit = min(candidate.provider.timeout, deadline - time)
            let (failure, took) = attempt(candidate.model, of: candidate.provider, limit, &chance)
            time += took
            world.outcome.attempts += 1
            note(failure, candidate, slots, took: took, at: start + time, &world)
            guard let failure else { return (slots.count, time) }
            if case .unknown = failure { history.unknowns += 1 }
            history.hasFurtherCandidate = candidates.count > 1
            history.timeLeft = deadline - time
            switch Self.policy(of: registry, plan, candidate).step(after: failure, history, jitter: chance.unit()) {
            case .retry(let pause): time += pause
            case .fallBack:
                candidates = candidates.dropFirst()
                history.attemptsHere = 0
            case .giveUp: return (0, time)
            }
        }
        return (0, time)
    }

    private static func policy(of registry: Registry, _ plan: Plan, _ candidate: Candidate) -> FallbackPolicy {
        FallbackPolicy(
            retries: candidate.provider.retries,
            maxAttempts: plan.maxAttempts,
            mayFallBack: plan.mayFallBack,
            onRefusal: registry.routing.onRefusal,
            onUnknownOutcome: registry.routing.onUnknownOutcome
        )
    }

    /// How a call goes, and how long it takes.
    private func attempt(
        _ model: Model,
        of provider: Provider,
        _ limit: Duration,
        _ chance: inout SimulatedChance
    ) -> (FailureKind?, Duration) {
        let rate =
            failureRates["\(provider.id)/\(model.id)"] ?? failureRates[provider.id] ?? model.failureRate ?? 0
        let hasFailed = chance.unit() < rate
        let factor = Self.exponential(Self.spread * chance.normal())
        let took = (model.latency ?? Self.usualLatency) * factor
        guard took < limit else { return (.unknown(.timeout), max(limit, .zero)) }
        return (hasFailed ? .unavailable(.server(mayRepeat: true)) : nil, took)
    }

    /// Books what a call costs, and tells the breakers.
    private func note(
        _ failure: FailureKind?,
        _ candidate: Candidate,
        _ slots: Range<Int>,
        took: Duration,
        at time: Duration,
        _ world: inout World
    ) {
        var isBilled = failure == nil
        if case .unknown? = failure { isBilled = true }
        if isBilled, let cost = candidate.unitPrice.multiplied(by: slots.count) {
            world.outcome.cost += cost
            if failure != nil { world.outcome.wasted += cost }
            world.spent[.provider(candidate.provider.id), default: .zero] += cost
        }
        if failure == nil { world.outcome.add(pictures: slots.count, by: candidate) }
        _ = world.health.begin(isRetry: false)
        world.health.end(candidate.reference, isRetry: false, success: failure == nil, took: took, at: time)
    }

    /// e to the power of `x`, for `x` of a few units, without the mathematics library: its series at a sixteenth, squared
    /// four times. Good to ten digits, and the same on every machine.
    private static func exponential(_ x: Double) -> Double {
        let part = x / 16
        var (term, sum) = (1.0, 1.0)
        for n in 1...12 {
            term *= part / Double(n)
            sum += term
        }
        for _ in 0..<4 { sum *= sum }
        return sum
    }
}
