/// Keeps this process's jobs its own, and takes over those whose process works on them no more.
package final class JobRecovery: Sendable {
    private static let renewalInterval = Duration.seconds(10)
    private static let claimInterval = Duration.seconds(3)
    private static let claimsAtOnce = 32
    /// Clocks that are kept right by the network move by less at once.
    private static let smallStep = Duration.seconds(1)

    private let services: EngineServices
    private let runner: JobRunner
    private let registry: @Sendable () -> Registry
    private let rhythm: Lock<Rhythm>

    /// When leases were renewed last.
    private struct Rhythm: Sendable {
        /// On the monotonic clock.
        var renewed: Duration
        /// What the wall clock was ahead of the monotonic one then.
        var lead: Duration
    }

    package init(services: EngineServices, runner: JobRunner, registry: @escaping @Sendable () -> Registry) {
        self.services = services
        self.runner = runner
        self.registry = registry
        rhythm = Lock(Self.rhythm(of: services.time))
    }

    private static func rhythm(of time: any TimeSource) -> Rhythm {
        let now = time.monotonic()
        return Rhythm(renewed: now, lead: .milliseconds(time.now().milliseconds) - now)
    }

    /// Looks after jobs until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await look()
            guard (try? await services.time.sleep(for: Self.claimInterval)) != nil else { return }
        }
    }

    /// Renews when that is due, and claims; while the runner drains, only renews.
    package func look() async {
        let now = Self.rhythm(of: services.time)
        let isDue = rhythm.withLock { last in
            let step = now.lead - last.lead
            guard
                now.renewed - last.renewed >= Self.renewalInterval || step > Self.smallStep
                    || step < .zero - Self.smallStep
            else { return false }
            last = now
            return true
        }
        // Before claiming, so that after a time without the record, or a step of the wall clock, our own jobs are not
        // taken for abandoned ones.
        if isDue { await renew() }
        if !runner.isDraining { await claim() }
    }

    // MARK: - Leases

    /// Renews the leases of all running jobs; stops those that are another's now or that somebody wants cancelled.
    package func renew() async {
        let running = runner.accepted
        do throws(StoreError) {
            let held = try await services.store.renewLeases(
                of: runner.daemon,
                for: JobRunner.lease,
                now: services.time.now()
            )
            let byJob = Dictionary(held.map { ($0.lease.job, $0) }) { first, _ in first }
            for job in running {
                guard let lease = job.lease else { continue }
                if let mine = byJob[lease.job], mine.lease.fence == lease.fence {
                    if mine.isCancelRequested { job.cancel() }
                } else {
                    job.lose()
                }
            }
            guard !runner.isDraining else { return }
            for mine in held where runner.running(mine.lease.job) == nil { await takeUp(mine) }
        } catch {
            services.log.log(.warning, "leases could not be renewed", [("why", "\(error)")])
        }
    }

    /// Takes over jobs whose lease has run out, and goes on with each.
    package func claim() async {
        let claimed: [ClaimedJob]
        do throws(StoreError) {
            claimed = try await services.store.claimJobs(
                by: runner.daemon,
                for: JobRunner.lease,
                now: services.time.now(),
                limit: Self.claimsAtOnce
            )
        } catch {
            services.log.log(.warning, "jobs could not be taken over", [("why", "\(error)")])
            return
        }
        for job in claimed { await takeOver(job) }
    }

    /// Goes on with a job of ours that nobody works on, as the record was away when it was let in, taken over or ended.
    private func takeUp(_ held: HeldJob) async {
        // Most have ended since they were renewed.
        guard let job = try? await services.store.job(held.lease.job), !job.status.isFinal else { return }
        await takeOver(
            ClaimedJob(job: job, lease: held.lease, claims: 1, isCancelRequested: held.isCancelRequested)
        )
    }

    // MARK: - Taking over

    private func takeOver(_ claimed: ClaimedJob) async {
        let job = claimed.job
        if let running = runner.running(job.id), !running.isLost {
            // Our own, whose lease ran out while the record was away.
            running.adopt(claimed.lease)
            if claimed.isCancelRequested { running.cancel() }
            return
        }
        let registry = registry()
        let step = RecoveryStep(for: claimed) { attempt in
            registry.provider(attempt.provider)?.adapter is any LocalAdapter
        }
        services.log.log(
            .info,
            "a job was taken over",
            [("job.id", job.id.text), ("step", "\(step)"), ("claims", "\(claimed.claims)")]
        )
        do throws(APIError) {
            switch step {
            case .cancel:
                stopVendors(of: job, registry)
                await end(claimed, .canceled, .serverStopped)
            case .giveUp: await end(claimed, .failed, .serverStopped)
            case .run:
                let terms = try await terms(of: job, registry)
                runner.resume(job, JobExecution(terms), claimed.lease)
            case .resume(let numbers):
                let execution = try await execution(of: job, numbers, registry)
                runner.resume(job, execution, claimed.lease)
            }
        } catch {
            await end(claimed, .failed, error)
        }
    }

    /// What the job is served by from now on; throws where nobody can serve it any more.
    private func terms(of job: JobRecord, _ registry: Registry) async throws(APIError) -> JobTerms {
        let request = try await request(of: job)
        let snapshot = services.health.snapshot(
            of: registry,
            at: services.time.monotonic(),
            spent: await services.spend.today()
        )
        let plan = try Planner(registry: registry, health: snapshot, today: services.time.now().day)
            .plan(request, for: CallerTerms(policy: job.policy, ownKeys: registry.server.requireOwnKey ? [] : nil))
        guard !plan.candidates.isEmpty else { throw plan.refusal(at: services.time.now()) }
        return await terms(of: job, plan, registry)
    }

    private func request(of job: JobRecord) async throws(APIError) -> ImageRequest {
        try await ImageRequest(job.operation, recorded: job.request) { [services] digest throws(ArtifactError) in
            try await services.storage.open(digest)
        }
    }

    private func terms(of job: JobRecord, _ plan: Plan, _ registry: Registry) async -> JobTerms {
        var cap: MicroUSD?
        if let key = job.key, let keys = try? await services.store.keys(of: job.owner) {
            cap = keys.first { $0.id == key }?.spendPerDay
        }
        return JobTerms(
            id: job.id,
            owner: job.owner,
            key: job.key,
            keyCap: cap,
            plan: plan,
            registry: registry,
            ownKeys: [:],
            services: services,
            isForGallery: job.work.isForGallery
        )
    }

    // MARK: - Attempts under way

    /// Goes on with the attempts of these numbers; the others that were under way are lost, at their worst cost.
    private func execution(
        of job: JobRecord,
        _ numbers: [Int],
        _ registry: Registry
    ) async throws(APIError) -> JobExecution {
        // Who has the work under way has its pictures too.
        var request = try await ImageRequest(job.operation, recorded: job.request) { [services] digest in
            (try? await services.storage.open(digest)) ?? .bytes([])
        }
        // The vendors have the request already: what may be asked of the route today is no matter.
        request.routing.maxCost = nil
        request.routing.minScore = nil
        var plan = Plan(of: request, job, registry)
        var lanes: [Lane] = []
        var lost: [ProviderFailure] = []
        var slot = 0
        var attempts = job.attempts
        for index in attempts.indices where attempts[index].outcome == nil {
            let attempt = attempts[index]
            let count = min(attempt.count, request.count - slot)
            guard numbers.contains(attempt.n), count > 0, let candidate = plan.index(of: attempt, request, registry)
            else {
                lost.append(ProviderFailure(.unknown(.crash), "the server stopped"))
                attempts[index].markLost(at: services.time.now())
                continue
            }
            let opening: Lane.Opening =
                attempt.handle.map { .underWay(attempt.n, $0) } ?? .intended(attempt.n, hasPlace: false)
            lanes.append(Lane(slots: slot..<slot + count, opening, candidate: candidate))
            slot += count
        }
        guard !lanes.isEmpty else { throw .serverStopped }
        plan.mayFallBack = false
        return JobExecution(await terms(of: job, plan, registry), attempts, lanes: lanes, lost: lost)
    }

    // MARK: - Ending

    /// Ends a job that nobody can go on with.
    private func end(_ claimed: ClaimedJob, _ status: JobStatus, _ error: APIError) async {
        var job = claimed.job
        job.status = status
        job.finished = services.time.now()
        job.error = error
        for index in job.attempts.indices where job.attempts[index].outcome == nil {
            job.attempts[index].markLost(at: services.time.now())
        }
        do throws(StoreError) {
            _ = try await services.store.finish(JobEnd(job: job, lease: claimed.lease))
            services.spend.forget()
            services.ended(job.id)
        } catch {
            // The lease runs out, and the job is claimed again.
            services.log.log(
                .error,
                "a job's end could not be recorded",
                [("job.id", job.id.text), ("why", "\(error)")]
            )
        }
    }

    /// Has the vendors stop what is under way for a job.
    private func stopVendors(of job: JobRecord, _ registry: Registry) {
        for attempt in job.attempts where attempt.outcome == nil && !attempt.isPaidByCaller {
            guard let handle = attempt.handle, let provider = registry.provider(attempt.provider) else { continue }
            VendorConversation(
                services: services,
                provider: provider,
                request: ProviderRequest(
                    model: attempt.model,
                    operation: job.operation,
                    prompt: "",
                    tier: attempt.tier,
                    timeLimit: provider.timeout
                ),
                credential: provider.credential,
                deadline: .zero,
                keepHandle: { _ in }
            ).cancelSoon(handle)
        }
    }
}

extension AttemptRecord {
    /// Notes that its outcome will never be known; it counts at its worst.
    fileprivate mutating func markLost(at now: Timestamp) {
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
