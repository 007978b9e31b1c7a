/// What one job is served by: fixed when this process takes the job on, whatever the registry says later.
package final class JobTerms: Sendable {
    package let id: JobID
    package let owner: UserID
    let key: KeyID?
    /// What may be spent in a day on the job's key.
    let keyCap: MicroUSD?
    let plan: Plan
    let server: ServerSettings
    let routing: RoutingSettings
    let spendPerDay: MicroUSD
    /// On the monotonic clock.
    let deadline: Duration
    /// Keys that the caller brought, by provider.
    let ownKeys: [String: Secret]
    /// Whether the pictures go to the public gallery, which makes them public.
    let isForGallery: Bool
    let showPartial: (@Sendable (any ArtifactSink, Int) async -> Void)?
    /// Looks at finished pictures.
    let review: ContentReview
    /// What is otherwise than asked, whoever serves.
    let adapted: [Adaptation]
    let services: EngineServices

    package init(
        id: JobID,
        owner: UserID,
        key: KeyID? = nil,
        keyCap: MicroUSD? = nil,
        plan: Plan,
        registry: Registry,
        ownKeys: [String: Secret],
        services: EngineServices,
        isForGallery: Bool = false,
        showPartial: (@Sendable (any ArtifactSink, Int) async -> Void)? = nil
    ) {
        self.id = id
        self.owner = owner
        self.key = key
        self.keyCap = keyCap
        self.plan = plan
        self.services = services
        self.ownKeys = ownKeys
        self.isForGallery = isForGallery
        review = ContentReview(services: services, settings: registry.moderation)
        // An early view cannot wait for the check of the finished picture.
        let hidesPartials = review.checks(.result)
        self.showPartial = hidesPartials ? nil : showPartial
        var adapted = plan.adapted
        if hidesPartials, showPartial != nil, plan.request.partialImages > 0 {
            adapted.append(
                Adaptation(
                    field: "partial_images",
                    asked: "\(plan.request.partialImages)",
                    given: "0",
                    why: "pictures are shown once the content check has cleared them"
                )
            )
        }
        self.adapted = adapted
        server = registry.server
        routing = registry.routing
        spendPerDay = registry.limits.spendPerDay
        deadline = services.time.monotonic() + registry.routing.deadline
    }

    func credential(at provider: Provider) -> Secret? { ownKeys[provider.id] ?? provider.credential }

    /// Whether a call is paid by the caller's own vendor key.
    func isPaidByCaller(_ provider: Provider) -> Bool { ownKeys[provider.id] != nil }

    /// The caps that a call at a provider counts against.
    func caps(at provider: Provider) -> [SpendCap] {
        guard !isPaidByCaller(provider) else { return [] }
        var caps = [SpendCap(.all, limit: spendPerDay)]
        if let cap = provider.spendPerDay { caps.append(SpendCap(.provider(provider.id), limit: cap)) }
        if let key, let keyCap { caps.append(SpendCap(.key(key), limit: keyCap)) }
        return caps
    }

    func call(_ candidate: Candidate, _ slots: [Int]) -> ProviderRequest {
        candidate.providerRequest(
            for: plan.request,
            slots: slots[0]..<slots[0] + slots.count,
            timeLimit: candidate.provider.timeout
        )
    }

    /// The record of an attempt before it is made: until its outcome is known, the worst cost counts, so that a crash
    /// leaves the caps on the safe side.
    func intent(_ n: Int, _ candidate: Candidate, _ slots: [Int]) -> AttemptRecord {
        var record = AttemptRecord(
            n: n,
            provider: candidate.provider.id,
            model: candidate.model.id,
            tier: candidate.offer.tier,
            count: slots.count,
            started: services.time.now()
        )
        record.cost = candidate.worstCost(of: call(candidate, slots))
        record.isPaidByCaller = isPaidByCaller(candidate.provider)
        return record
    }
}
