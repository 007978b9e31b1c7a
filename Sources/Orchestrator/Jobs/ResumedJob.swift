/// A job of a process that is no more, taken apart into what can be gone on with.
struct ResumedJob {
    private let job: JobRecord
    /// As the vendors have it, who are at work already: what may be asked of the route today is no matter.
    private let request: ImageRequest
    private let registry: Registry
    /// Failed attempts, oldest first, with the candidates that made them where the registry still has those.
    private var failed: [(attempt: AttemptRecord, candidate: Int?, failure: FailureKind)] = []
    /// Candidates from this one on are those of earlier attempts alone.
    private let planned: Int
    private var slots = 0
    private(set) var lost: [ProviderFailure] = []
    private(set) var lanes: [Lane] = []
    private(set) var attempts: [AttemptRecord]
    var plan: Plan

    /// `onward` is who may be asked next; nil: nobody.
    init(_ job: JobRecord, _ request: ImageRequest, _ onward: Plan?, _ registry: Registry) {
        self.job = job
        self.registry = registry
        var relaxed = request
        relaxed.routing.maxCost = nil
        relaxed.routing.minScore = nil
        self.request = relaxed
        attempts = job.attempts
        plan = onward ?? Plan(of: relaxed, job, registry)
        planned = plan.candidates.count
        for attempt in job.attempts {
            guard let failure = FailureKind(of: attempt) else { continue }
            failed.append((attempt, plan.index(of: attempt, relaxed, registry), failure))
        }
    }

    /// Goes on with attempts that were under way; the others of them are lost.
    mutating func goOn(with numbers: [Int], at now: Timestamp) {
        var begun: [(slots: Range<Int>, opening: Lane.Opening, candidate: Int)] = []
        for index in attempts.indices where attempts[index].outcome == nil {
            let attempt = attempts[index]
            let count = min(attempt.count, request.count - slots)
            guard numbers.contains(attempt.n), count > 0, let candidate = plan.index(of: attempt, request, registry)
            else {
                lost.append(ProviderFailure(.unknown(.crash), "the server stopped"))
                attempts[index].markLost(at: now)
                continue
            }
            let opening: Lane.Opening =
                attempt.handle.map { .underWay(attempt.n, $0) } ?? .intended(attempt.n, hasPlace: false)
            begun.append((slots..<slots + count, opening, candidate))
            slots += count
        }
        for part in begun { add(part.slots, part.opening, candidate: part.candidate) }
    }

    /// Goes on with the pictures of which no attempt was under way.
    mutating func goOnWithTheRest() {
        let underWay = job.attempts.filter { $0.outcome == nil }.reduce(0) { $0 + $1.count }
        let rest = min(request.count - underWay, request.count - slots)
        guard rest > 0, let last = failed.last else { return }
        if let candidate = last.candidate {
            let failure = ProviderFailure(last.failure, "before the server stopped")
            add(slots..<slots + rest, .failed(failure), candidate: candidate)
        } else if planned > 0 {
            add(slots..<slots + rest, .fresh, candidate: 0)
        }
        slots += rest
    }

    /// Which of the failed attempts were a lane's own is not on record: each lane takes all of them for its own candidates,
    /// and its share of their number.
    private mutating func add(_ slots: Range<Int>, _ opening: Lane.Opening, candidate: Int) {
        let calls = max(1, (request.count + slots.count - 1) / slots.count)
        var lane = Lane(
            slots: slots,
            opening,
            candidate: candidate,
            tried: failed.compactMap { earlier in earlier.candidate.map { ($0, earlier.failure) } },
            attempts: (failed.count + calls - 1) / calls,
            in: plan.candidates
        )
        for index in plan.candidates.indices.dropFirst(planned) { lane.avoid(index) }
        lanes.append(lane)
    }
}

extension AttemptRecord {
    /// Notes that its outcome will never be known; it counts at its worst.
    mutating func markLost(at now: Timestamp) {
        outcome = .unknown
        label = FailureKind.unknown(.crash).label
        ended = now
    }
}

extension Plan {
    /// A plan without candidates yet, for a request that is being served.
    fileprivate init(of request: ImageRequest, _ job: JobRecord, _ registry: Registry) {
        self.init(
            policy: job.policy,
            fidelity: request.routing.fidelity ?? registry.routing.fidelity,
            candidates: [],
            excluded: [],
            maxAttempts: request.routing.maxAttempts ?? registry.routing.maxAttempts,
            mayFallBack: false,
            adapted: job.adapted,
            request: request
        )
    }

    /// The candidate that an attempt was made by, added if it is not there; nil where the registry has it no more.
    ///
    /// Caps, breakers and policies are not asked again: the work goes on at the vendor anyway.
    fileprivate mutating func index(of attempt: AttemptRecord, _ request: ImageRequest, _ registry: Registry) -> Int? {
        if let known = candidates.firstIndex(where: {
            $0.provider.id == attempt.provider && $0.model.id == attempt.model && $0.offer.tier == attempt.tier
        }) {
            return known
        }
        guard var provider = registry.provider(attempt.provider) else { return nil }
        provider.availability = .enabled
        provider.models = provider.models.filter { $0.id == attempt.model }
        var alone = registry
        alone.providers = [provider]
        alone.aliases = [:]
        alone.policies = ["cost": RoutingPolicy(.cost)]
        alone.routing.policy = "cost"
        var asked = request
        asked.model = ""
        asked.quality = .tier(attempt.tier)
        asked.routing = RoutingWishes()
        asked.routing.fidelity = fidelity
        let planner = Planner(registry: alone, health: HealthSnapshot(), today: Day(number: 0))
        guard let candidate = (try? planner.plan(asked, for: CallerTerms()))?.candidates.first else { return nil }
        candidates.append(candidate)
        return candidates.count - 1
    }
}
