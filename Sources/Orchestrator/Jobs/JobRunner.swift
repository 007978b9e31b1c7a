/// Takes requests in as durable jobs and runs them to their end, whoever still listens, and lets callers wait for, watch
/// and cancel them.
package final class JobRunner: Sendable {
    private struct State: Sendable {
        var running: [JobID: RunningJob] = [:]
        var isDraining = false
        var idle: [CheckedContinuation<Void, Never>] = []

        /// Why no further job is taken in; nil where one is.
        func refusal(limit: Int) -> APIError? {
            if isDraining { return .draining }
            return running.count >= limit ? .overloaded("too many jobs are waiting; try again") : nil
        }
    }

    /// How long a lease is good; renewed well before.
    package static let lease = Duration.seconds(30)

    /// Names this process in leases.
    package let daemon: DaemonID
    private let services: EngineServices
    private let recorder: EndRecorder
    private let state = Lock(State())

    package init(services: EngineServices) {
        self.services = services
        daemon = services.time.makeID()
        recorder = EndRecorder(services: services)
    }

    /// Jobs that this process works on.
    package var count: Int { state.withLock { $0.running.count } }

    package var isDraining: Bool { state.withLock { $0.isDraining } }

    package func running(_ id: JobID) -> RunningJob? {
        state.withLock { $0.running[id] }
    }

    /// Jobs that were accepted and have not ended.
    var accepted: [RunningJob] { state.withLock { $0.running.values.filter { $0.lease != nil } } }

    // MARK: - Acceptance

    /// Throws where no further job is taken in, so that what cannot be served need not be read; jobs in work are at most
    /// `limit`.
    package func requireRoom(limit: Int) throws(APIError) {
        if let refusal = state.withLock({ $0.refusal(limit: limit) }) { throw refusal }
    }

    /// Takes a request in: with its first calls about to be made where there are places for them, else queued.
    ///
    /// Throws what the caller is told: `overloaded` over the registry's `queue`, `draining` while stopping, a limit, a cap,
    /// too few credits, or that nobody can serve it.
    package func accept(_ order: JobOrder) async throws(APIError) -> JobAdmission {
        let id: JobID = services.time.makeID()
        var full: Set<String> = []
        let plan = try await usable(order, without: full)
        let running = RunningJob(order.record(plan, id))
        try reserve(running, id, limit: order.registry.limits.queue)
        do throws(APIError) {
            var (plan, arePicturesKept) = (plan, false)
            while true {
                let (outcome, execution) = try await offer(plan, order, id, &arePicturesKept)
                switch outcome {
                case .accepted(let job, let verdicts):
                    services.spend.forget()
                    start(job, execution, running, uploads: order.uploads)
                    return .started(running, verdicts.tightest)
                case .repeated(let record):
                    remove(id)
                    return .repeated(record)
                case .capped(.provider(let provider)) where full.insert(provider).inserted:
                    services.spend.forget()
                    plan = try await usable(order, without: full)
                case .capped(let subject): throw refusal(of: subject)
                case .rateLimited(let index, let verdict): throw order.rates[index].refusal(verdict)
                case .insufficientCredits(let needed, let available):
                    throw refusal(order, plan, needed: needed, available: available)
                }
            }
        } catch {
            remove(id)
            throw error
        }
    }

    @inline(never)
    private func usable(_ order: JobOrder, without full: Set<String>) async throws(APIError) -> Plan {
        let plan = try await order.plan(full)
        guard !plan.candidates.isEmpty else { throw plan.refusal(at: services.time.now()) }
        return plan
    }

    private func reserve(_ running: RunningJob, _ id: JobID, limit: Int) throws(APIError) {
        let refusal = state.withLock { state in
            let refusal = state.refusal(limit: limit)
            if refusal == nil { state.running[id] = running }
            return refusal
        }
        if let refusal { throw refusal }
    }

    /// Asks the record to take the job in.
    private func offer(
        _ plan: Plan,
        _ order: JobOrder,
        _ id: JobID,
        _ arePicturesKept: inout Bool
    ) async throws(APIError) -> (AcceptanceOutcome, JobExecution) {
        let (execution, job) = begin(plan, order, id)
        do throws(APIError) {
            if job.status == .queued || order.isAsync, !arePicturesKept {
                try await order.keepPictures()
                arePicturesKept = true
            }
            let outcome = try await accept(acceptance(of: job, plan, order, execution))
            if case .accepted = outcome {} else { execution.leave() }
            return (outcome, execution)
        } catch {
            execution.leave()
            throw error
        }
    }

    // Like others here not inlined: what it works with would take its place in the frame of every caller that waits.
    @inline(never)
    private func begin(_ plan: Plan, _ order: JobOrder, _ id: JobID) -> (JobExecution, JobRecord) {
        let execution = JobExecution(
            JobTerms(
                id: id,
                owner: order.owner,
                key: order.key,
                keyCap: order.keyCap,
                plan: plan,
                registry: order.registry,
                ownKeys: order.ownKeys,
                services: services,
                isForGallery: order.isForGallery,
                showPartial: order.showPartial
            )
        )
        var job = order.record(plan, id)
        if execution.enterAtOnce() {
            job.status = .running
            job.attempts = execution.intents
            job.started = job.attempts.first?.started
        }
        return (execution, job)
    }

    @inline(never)
    private func acceptance(
        of job: JobRecord,
        _ plan: Plan,
        _ order: JobOrder,
        _ execution: JobExecution
    ) -> Acceptance {
        let credits = order.credits(plan)
        var job = job
        job.quote = credits?.quote
        var acceptance = Acceptance(job: job, daemon: daemon, lease: Self.lease, now: services.time.now())
        acceptance.repeats = order.repeats
        acceptance.rates = order.rates
        acceptance.caps = execution.firstCaps
        acceptance.credits = credits?.claim
        acceptance.webhook = order.webhook
        return acceptance
    }

    private func accept(_ acceptance: Acceptance) async throws(APIError) -> AcceptanceOutcome {
        do throws(StoreError) {
            return try await services.store.accept(acceptance)
        } catch {
            throw .record(error, "accept")
        }
    }

    @inline(never)
    private func refusal(of subject: SpendSubject) -> APIError {
        let now = services.time.now()
        return switch subject {
        case .all: .dailyBudgetExceeded("limits.spend_per_day is spent", at: now)
        case .key: .dailyBudgetExceeded("the key's spend_per_day is spent", at: now)
        case .provider: .dailyBudgetExceeded("every provider that could serve this has spent its daily cap", at: now)
        }
    }

    @inline(never)
    private func refusal(_ order: JobOrder, _ plan: Plan, needed: MicroUSD, available: MicroUSD) -> APIError {
        let credit = max(order.credits(plan)?.quote.credit.micros ?? 1, 1)
        return .insufficientCredits(
            needed: Int((needed.micros + credit - 1) / credit),
            available: Int(max(available.micros, 0) / credit)
        )
    }

    // MARK: - Work

    /// Serves a job that an earlier process had, under the lease that came with taking it over.
    func resume(_ job: JobRecord, _ execution: JobExecution, _ lease: JobLease) {
        execution.adopt(lease)
        let running = RunningJob(job)
        state.withLock { $0.running[job.id] = running }
        start(job, execution, running, uploads: [])
    }

    private func start(_ job: JobRecord, _ execution: JobExecution, _ running: RunningJob, uploads: [any Sendable]) {
        running.begin(job, execution)
        // Not a child of the caller's task: who hangs up must not end a job that may be billed. `drain` waits for it.
        let task = Task(executorPreference: services.executor()) { [self] in
            let ending = await execution.run(job) { running.show($0) }
            withExtendedLifetime(uploads) {}
            // What comes now must not be broken off: who cancels the job does not cancel the writing of its end.
            if case .ended(let job, let sources) = ending, !Task.isCancelled,
                await recorder.record(job, sources, execution, running)
            {
                remove(execution.terms.id)
            } else {
                settle(ending, execution, running)
            }
        }
        running.adopt(task)
        // A job that had not begun when draining did is another process's.
        if isDraining { _ = running.leave() }
    }

    /// Sees to an end that takes longer to be known.
    @inline(never)
    private func settle(_ ending: JobExecution.Ending, _ execution: JobExecution, _ running: RunningJob) {
        // As above; `drain` waits for it.
        Task(executorPreference: services.executor()) { [self] in
            switch ending {
            case .left: running.release(isLeft: true)
            case .lost: await recorder.follow(running, until: execution.terms.deadline)
            case .ended(let job, let sources): await recorder.insist(job, sources, execution, running)
            }
            remove(execution.terms.id)
        }
    }

    // MARK: - Stopping

    /// Refuses new jobs from now on, leaves those that have not begun to the next process, and returns when the last of
    /// the others has ended; false where `grace` was over before.
    @discardableResult
    package func drain(within grace: Duration? = nil) async -> Bool {
        let running = state.withLock { state in
            state.isDraining = true
            return Array(state.running.values)
        }
        for job in running { _ = job.leave() }
        recorder.stop()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.untilIdle() }
            if let grace {
                group.addTask {
                    guard (try? await self.services.time.sleep(for: grace)) != nil else { return }
                    self.stopWaiting()
                }
            }
            await group.next()
            group.cancelAll()
        }
        return count == 0
    }

    private func untilIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                guard !state.running.isEmpty else { return true }
                state.idle.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }

    private func stopWaiting() {
        let waiting = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for continuation in waiting { continuation.resume() }
    }

    private func remove(_ id: JobID) {
        let isIdle = state.withLock { state in
            state.running[id] = nil
            return state.isDraining && state.running.isEmpty
        }
        if isIdle { stopWaiting() }
    }
}
