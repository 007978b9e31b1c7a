/// Serves one job: attempt by attempt, as the fallback policy orders, until its pictures are there or nobody is left.
package final class JobExecution: Sendable {
    package let terms: JobTerms
    private let services: EngineServices
    private let journal: AttemptJournal
    private let attempts: AttemptRunner
    private let lanes: Lock<[Lane]>
    /// What failed for good before this process took the job on.
    private let lost: [ProviderFailure]
    private var plan: Plan { terms.plan }

    /// How this process's part of a job ended.
    package enum Ending: Sendable {
        /// The job as it shall be recorded, with the bytes of its pictures.
        case ended(JobRecord, [ByteSource])
        /// Another process has the job: nothing may be written.
        case lost
        /// It was stopped before anything was begun, and waits for another process.
        case left
    }

    /// Serves a job from its beginning.
    package init(_ terms: JobTerms) {
        self.terms = terms
        services = terms.services
        lost = []
        journal = AttemptJournal(of: terms.id, adapted: terms.adapted, services: terms.services)
        attempts = AttemptRunner(terms, journal)
        lanes = Lock(terms.plan.candidates[0].calls(for: 0..<terms.plan.request.count).map { Lane(slots: $0) })
    }

    /// Goes on with a job whose attempts are on record.
    init(_ terms: JobTerms, _ recorded: [AttemptRecord], lanes: [Lane], lost: [ProviderFailure]) {
        self.terms = terms
        services = terms.services
        self.lost = lost
        journal = AttemptJournal(
            of: terms.id,
            attempts: recorded,
            adapted: terms.adapted,
            services: terms.services
        )
        attempts = AttemptRunner(terms, journal)
        self.lanes = Lock(lanes)
    }

    // MARK: - Acceptance

    /// The attempts that will be made first; recorded with the job before anything is sent.
    package var intents: [AttemptRecord] { journal.attempts }

    /// Takes the places of the first calls if they are free; the job is then accepted with their intents.
    package func enterAtOnce() -> Bool {
        lanes.withLock { lanes in
            let (first, health) = (plan.candidates[0], services.health)
            let isLast = first.reference == plan.candidates.last?.reference
            guard health.gate(of: first.provider).enterAtOnce(lanes.count) else { return false }
            guard health.admits(first.reference, at: services.time.monotonic()) || isLast else {
                for _ in lanes { health.gate(of: first.provider).leave() }
                return false
            }
            for index in lanes.indices { lanes[index].opening = .intended(index + 1, hasPlace: true) }
            journal.intend(lanes.enumerated().map { terms.intent($0 + 1, first, $1.slots) })
            return true
        }
    }

    /// Gives places back that are not needed, as the job was not accepted.
    package func leave() {
        lanes.withLock { lanes in
            for index in lanes.indices {
                guard case .intended(_, hasPlace: true) = lanes[index].opening else { continue }
                services.health.gate(of: plan.candidates[0].provider).leave()
                lanes[index].opening = .fresh
            }
            journal.intend([])
        }
    }

    /// The caps that the first calls count against.
    package var firstCaps: [SpendCap] { terms.caps(at: plan.candidates[0].provider) }

    // MARK: - The right to write

    package var lease: JobLease { journal.lease }

    /// Goes on under another lease of the same job.
    package func adopt(_ lease: JobLease) { journal.adopt(lease) }

    /// Keeps the job from beginning; false once it has begun.
    func close() -> Bool { journal.close() }

    // MARK: - To the end

    /// Runs to the end; `onChange` is told of every change of the attempts.
    package func run(
        _ accepted: JobRecord,
        onChange: @escaping @Sendable ([AttemptRecord]) -> Void = { _ in }
    ) async -> Ending {
        journal.observe(onChange)
        let end = await serve(lanes.withLock { $0 })
        // Who is told holds this execution in turn: both would stay for ever.
        journal.observe(nil)
        return conclude(accepted, end)
    }

    // Like others below not inlined: what it works with would take its place in the frame of every job that waits.
    @inline(never)
    private func conclude(_ accepted: JobRecord, _ laneEnd: LaneEnd) -> Ending {
        var end = laneEnd
        end.failures += lost
        guard !journal.isLost else { return .lost }
        guard !journal.isClosed else { return .left }
        var job = accepted
        job.finished = services.time.now()
        let delivered = end.delivered.sorted { $0.key < $1.key }.map(\.value)
        journal.write(to: &job)
        job.started = job.started ?? job.attempts.map(\.started).min()
        let complete = delivered.count == plan.request.count
        if complete || (!delivered.isEmpty && terms.routing.partialResults) {
            job.status = .succeeded
            job.images = delivered.enumerated().map { index, picture in
                var record = picture.record
                record.index = index
                return record
            }
            job.cost = job.images.reduce(.zero) { $0 + $1.cost }
            if !complete {
                job.answer.missing = (0..<plan.request.count).filter { end.delivered[$0] == nil }.map { slot in
                    MissingPicture(slot: slot, label: (end.missing[slot] ?? end.failures.last)?.kind.label ?? "failed")
                }
                job.adapted.append(
                    Adaptation(
                        field: "n",
                        asked: "\(plan.request.count)",
                        given: "\(delivered.count)",
                        why: end.failures.contains(where: \.isWithheld)
                            ? "the content check withheld the rest" : "no provider made the rest"
                    )
                )
            }
            return .ended(job, delivered.map(\.source))
        }
        job.status = Task.isCancelled ? .canceled : .failed
        job.error =
            Task.isCancelled
            ? .jobCanceled : FailureVerdict(last: end.failures, attempts: journal.tries).error
        return .ended(job, [])
    }

    // MARK: - Lanes

    private func serve(_ lanes: [Lane]) async -> LaneEnd {
        guard lanes.count > 1 else { return lanes.isEmpty ? LaneEnd() : await serve(lanes[0]) }
        return await serveTogether(lanes)
    }

    @inline(never)
    private func serveTogether(_ lanes: [Lane]) async -> LaneEnd {
        await withTaskGroup(of: LaneEnd.self) { group in
            for lane in lanes { group.addTask { await self.serve(lane) } }
            var end = LaneEnd()
            for await part in group { end.merge(part) }
            return end
        }
    }

    private func serve(_ lane: Lane) async -> LaneEnd {
        var lane = lane
        var end = LaneEnd()
        while true {
            let candidate = plan.candidates[lane.candidate]
            let perCall = max(1, candidate.model.capabilities.maxImages)
            if lane.slots.count > perCall {
                end.merge(await serve(lane.parts(of: perCall)))
                return end
            }
            let failure: ProviderFailure
            var attempt: Int?
            if case .failed(let earlier) = lane.opening {
                failure = earlier
                lane.opening = .fresh
            } else {
                let result = await attempts.run(&lane, candidate)
                end.take(result.delivered, of: &lane)
                guard !lane.slots.isEmpty, let latest = result.failure else { return end }
                (failure, attempt) = (latest, result.attempt)
            }
            let step = nextStep(after: failure, lane, candidate)
            if step != .giveUp, let attempt { await settle(attempt) }
            switch step {
            case .retry(let pause):
                guard (try? await services.time.sleep(for: pause)) != nil else {
                    end.fail(lane.slots, failure)
                    return end
                }
            case .fallBack:
                guard let next = lane.next(after: failure.kind, in: plan.candidates) else {
                    end.fail(lane.slots, failure)
                    return end
                }
                lane.fallBack(to: next, after: failure.kind, in: plan.candidates)
            case .giveUp:
                end.fail(lane.slots, failure)
                return end
            }
        }
    }

    /// Puts a failed attempt's end on record before the next one: what it did not cost is free for that one under the caps.
    private func settle(_ n: Int) async {
        guard let attempt = journal.attempt(n), attempt.outcome != .ok else { return }
        // Where the record cannot be written, the next attempt's intent is not written either, and that ends the lane.
        do throws(ProviderFailure) { try await journal.keep(attempt) } catch {}
    }

    @inline(never)
    private func nextStep(after failure: ProviderFailure, _ lane: Lane, _ candidate: Candidate) -> NextStep {
        let isFinal = [PictureIntake.storageCode, AttemptJournal.capCode, AttemptJournal.lostCode]
            .contains(failure.code)
        // What was shown cannot be taken back: after a partial picture the stream ends with an error.
        if isFinal || failure.isWithheld || Task.isCancelled || journal.isLost || journal.hasShownPartials {
            return .giveUp
        }
        let policy = FallbackPolicy(
            retries: candidate.provider.retries,
            maxAttempts: plan.maxAttempts,
            mayFallBack: plan.mayFallBack,
            onRefusal: terms.routing.onRefusal,
            onUnknownOutcome: terms.routing.onUnknownOutcome
        )
        let history = AttemptHistory(
            attempts: lane.attempts,
            attemptsHere: lane.attemptsHere,
            unknowns: lane.unknowns,
            hasFurtherCandidate: lane.next(after: failure.kind, in: plan.candidates) != nil,
            mayRetry: services.health.allowsRetry,
            timeLeft: terms.deadline - services.time.monotonic()
        )
        return policy.step(after: failure.kind, history, jitter: services.time.jitter())
    }
}
