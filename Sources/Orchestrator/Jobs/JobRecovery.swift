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
    /// Jobs that the record says are ours and that nobody here worked on at the last renewal.
    private let strays = Lock(Set<JobID>())
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
            if !runner.isDraining { await adopt(strays(among: held)) }
        } catch {
            services.log.log(.warning, "leases could not be renewed", [("why", "\(error)")])
        }
    }

    /// Those that nobody here works on, and did not a renewal ago either: the record's answer was lost when they were let in
    /// or taken over, and as long as their lease is renewed nobody else takes them.
    private func strays(among held: [HeldJob]) -> [HeldJob] {
        let idle = held.filter { runner.running($0.lease.job) == nil }
        return strays.withLock { known in
            defer { known = Set(idle.map(\.lease.job)) }
            return idle.filter { known.contains($0.lease.job) }
        }
    }

    private func adopt(_ held: [HeldJob]) async {
        for stray in held {
            do throws(StoreError) {
                guard let job = try await services.store.job(stray.lease.job), !job.status.isFinal,
                    runner.running(job.id) == nil
                else { continue }
                let cancels = stray.isCancelRequested
                await takeOver(ClaimedJob(job: job, lease: stray.lease, claims: 1, isCancelRequested: cancels))
            } catch {
                services.log.log(.warning, "jobs could not be taken over", [("why", "\(error)")])
                return
            }
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
                await end(claimed, .canceled, .jobCanceled)
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
        let plan = try await plan(for: try await request(of: job), of: job, registry)
        guard !plan.candidates.isEmpty else { throw plan.refusal(at: services.time.now()) }
        return await terms(of: job, plan, registry)
    }

    /// Who could serve the request from now on; the plan may be empty.
    private func plan(
        for request: ImageRequest,
        of job: JobRecord,
        _ registry: Registry
    ) async throws(APIError) -> Plan {
        let snapshot = services.health.snapshot(
            of: registry,
            at: services.time.monotonic(),
            spent: await services.spend.today()
        )
        return try Planner(registry: registry, health: snapshot, today: services.time.now().day)
            .plan(request, for: CallerTerms(policy: job.policy, ownKeys: registry.server.requireOwnKey ? [] : nil))
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

    /// Goes on with the attempts of these numbers, and with pictures whose last attempt had ended; the other attempts that
    /// were under way are lost, at their worst cost.
    private func execution(
        of job: JobRecord,
        _ numbers: [Int],
        _ registry: Registry
    ) async throws(APIError) -> JobExecution {
        var isWhole = true
        // Who has the work under way has its pictures too; only to ask somebody else they must be here.
        let request = try await ImageRequest(job.operation, recorded: job.request) { [services] digest in
            if let source = try? await services.storage.open(digest) { return source }
            isWhole = false
            return .bytes([])
        }
        let isOurs = isWhole && job.work.ownKeys.isEmpty
        let onward = isOurs ? try? await plan(for: request, of: job, registry) : nil
        var resumed = ResumedJob(job, request, onward, registry)
        resumed.goOn(with: numbers, at: services.time.now())
        if isOurs { resumed.goOnWithTheRest() }
        guard !resumed.lanes.isEmpty else { throw .serverStopped }
        // Once an outcome is in doubt nobody else is asked: the owner is not to wait, nor the house to pay, for what may
        // come to nothing in the end.
        resumed.plan.mayFallBack = resumed.plan.mayFallBack && onward != nil && resumed.lost.isEmpty
        return JobExecution(
            await terms(of: job, resumed.plan, registry),
            resumed.attempts,
            lanes: resumed.lanes,
            lost: resumed.lost
        )
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
                keepHandle: { _ in true }
            ).cancelSoon(handle)
        }
    }
}
