/// Serves one job: attempt by attempt, as the fallback policy orders, until its pictures are there or nobody is left.
package final class JobExecution: Sendable {
    package let id: JobID
    private let owner: UserID
    private let services: EngineServices
    private let plan: Plan
    private let server: ServerSettings
    private let routing: RoutingSettings
    private let spendPerDay: MicroUSD
    /// On the monotonic clock.
    private let deadline: Duration
    /// Keys that the caller brought, by provider.
    private let ownKeys: [String: Secret]
    /// Whether the pictures go to the public gallery, which makes them public.
    package let isForGallery: Bool
    private let showPartial: (@Sendable (any ArtifactSink, Int) async -> Void)?
    private let review: ContentReview
    private let firstLanes: [Lane]
    private let journal: AttemptJournal

    package init(
        id: JobID,
        owner: UserID,
        plan: Plan,
        registry: Registry,
        ownKeys: [String: Secret],
        services: EngineServices,
        isForGallery: Bool = false,
        showPartial: (@Sendable (any ArtifactSink, Int) async -> Void)? = nil
    ) {
        self.id = id
        self.owner = owner
        self.plan = plan
        self.services = services
        self.ownKeys = ownKeys
        self.isForGallery = isForGallery
        review = ContentReview(services: services, settings: registry.moderation)
        // An early view cannot wait for the check of the finished picture.
        let hidesPartials = review.checks(.result)
        self.showPartial = hidesPartials ? nil : showPartial
        server = registry.server
        routing = registry.routing
        spendPerDay = registry.limits.spendPerDay
        deadline = services.time.monotonic() + registry.routing.deadline
        let first = plan.candidates[0]
        let calls = first.calls(for: 0..<plan.request.count)
        let now = services.time.now()
        firstLanes = calls.enumerated().map { Lane(slots: $1, intent: $0 + 1) }
        let intents = calls.enumerated().map { index, slots in
            var record = AttemptRecord(
                n: index + 1,
                provider: first.provider.id,
                model: first.model.id,
                tier: first.offer.tier,
                count: slots.count,
                started: now
            )
            // Until the outcome is known, the worst is on record: a crash leaves the caps on the safe side.
            record.cost = first.worstCost(
                of: first.providerRequest(for: plan.request, slots: slots, timeLimit: first.provider.timeout)
            )
            return record
        }
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
        journal = AttemptJournal(of: id, intents: intents, adapted: adapted, services: services)
    }

    /// The attempts that will be made first; recorded with the job before anything is sent.
    package var intents: [AttemptRecord] { journal.attempts }

    /// Runs to the end and returns the job as it shall be recorded, with the bytes of its pictures.
    package func run(_ accepted: JobRecord) async -> (job: JobRecord, sources: [ByteSource]) {
        let end = await serve(firstLanes)
        var job = accepted
        job.finished = services.time.now()
        let delivered = end.delivered.sorted { $0.key < $1.key }.map(\.value)
        journal.write(to: &job)
        let complete = delivered.count == plan.request.count
        if complete || (!delivered.isEmpty && routing.partialResults) {
            job.status = .succeeded
            job.images = delivered.enumerated().map { index, picture in
                var record = picture.record
                record.index = index
                return record
            }
            job.cost = job.images.reduce(.zero) { $0 + $1.cost }
            if !complete {
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
            return (job, delivered.map(\.source))
        }
        job.status = Task.isCancelled ? .canceled : .failed
        job.error = FailureVerdict(last: end.failures, attempts: journal.tries).error
        return (job, [])
    }

    // MARK: - Lanes

    private func serve(_ lanes: [Lane]) async -> LaneEnd {
        guard lanes.count > 1 else { return lanes.isEmpty ? LaneEnd() : await serve(lanes[0]) }
        return await withTaskGroup(of: LaneEnd.self) { group in
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
                let parts = stride(from: 0, to: lane.slots.count, by: perCall).map { start in
                    var part = lane
                    part.slots = Array(lane.slots[start..<min(start + perCall, lane.slots.count)])
                    if start > 0 { part.intent = nil }
                    return part
                }
                end.merge(await serve(parts))
                return end
            }
            let result = await attempt(&lane, candidate)
            for (slot, picture) in zip(lane.slots, result.delivered) { end.delivered[slot] = picture }
            lane.slots.removeFirst(min(result.delivered.count, lane.slots.count))
            guard !lane.slots.isEmpty, let failure = result.failure else { return end }
            switch nextStep(after: failure, lane, candidate) {
            case .retry(let pause):
                guard (try? await services.time.sleep(for: pause)) != nil else {
                    end.failures.append(failure)
                    return end
                }
            case .fallBack:
                guard let next = lane.next(after: failure.kind, in: plan.candidates) else {
                    end.failures.append(failure)
                    return end
                }
                lane.fallBack(to: next, after: failure.kind, in: plan.candidates)
            case .giveUp:
                end.failures.append(failure)
                return end
            }
        }
    }

    private func nextStep(after failure: ProviderFailure, _ lane: Lane, _ candidate: Candidate) -> NextStep {
        // What was shown cannot be taken back: after a partial picture the stream ends with an error.
        if Task.isCancelled || [PictureIntake.storageCode, Self.capCode].contains(failure.code)
            || failure.isWithheld || journal.hasShownPartials
        {
            return .giveUp
        }
        let policy = FallbackPolicy(
            retries: candidate.provider.retries,
            maxAttempts: plan.maxAttempts,
            mayFallBack: plan.mayFallBack,
            onRefusal: routing.onRefusal,
            onUnknownOutcome: routing.onUnknownOutcome
        )
        let history = AttemptHistory(
            attempts: lane.attempts,
            attemptsHere: lane.attemptsHere,
            unknowns: lane.unknowns,
            hasFurtherCandidate: lane.next(after: failure.kind, in: plan.candidates) != nil,
            mayRetry: services.health.allowsRetry,
            timeLeft: deadline - services.time.monotonic()
        )
        return policy.step(after: failure.kind, history, jitter: services.time.jitter())
    }

    // MARK: - One attempt

    /// Marks the failure that no other provider can mend: the cap over all of them.
    static let capCode = "spend_per_day"

    private struct AttemptResult {
        var delivered: [DeliveredPicture] = []
        var failure: ProviderFailure?
    }

    private func attempt(_ lane: inout Lane, _ candidate: Candidate) async -> AttemptResult {
        let isRetry = lane.attemptsHere > 0
        var call = candidate.providerRequest(
            for: plan.request,
            slots: lane.slots[0]..<lane.slots[0] + lane.slots.count,
            timeLimit: candidate.provider.timeout
        )
        let hold = candidate.worstCost(of: call)
        let day = services.time.now().day
        if let obstacle = await enter(candidate, hold, day: day, isRetry: isRetry) {
            journal.skip(candidate, because: obstacle)
            return AttemptResult(failure: obstacle)
        }
        var record = journal.open(for: lane, candidate)
        record.cost = hold
        let isRecorded = lane.isIntended
        lane.noteAttempt()
        // What was spent waiting for a place is no time of the vendor's.
        let began = services.time.monotonic()
        let attemptDeadline = min(began + candidate.provider.timeout, deadline)
        call.timeLimit = attemptDeadline - began
        record.started = services.time.now()
        var result = AttemptResult()
        var success: Bool? = true
        do throws(ProviderFailure) {
            if !isRecorded { try await journal.keep(record) }
            try await prepareMask(&call, candidate)
            let conversation = conversation(with: candidate, call, record: record, deadline: attemptDeadline)
            let delivery = try await conversation.create()
            result = try await take(delivery, call, candidate, hold: hold, deadline: attemptDeadline, &record)
        } catch {
            if case .unknown = error.kind { lane.unknowns += 1 }
            result.failure = error
            success = verdict(of: error, on: candidate)
            journal.close(&record, with: error, cost: error.kind.isTakenAsBilled ? hold : .zero)
        }
        services.health.gate(of: candidate.provider).leave()
        services.health.settle(hold, as: record.cost, of: candidate.provider, on: day)
        let now = services.time.monotonic()
        services.health.end(candidate.reference, isRetry: isRetry, success: success, took: now - began, at: now)
        return result
    }

    /// What a failed attempt says of its model: false, or nil where the fault may lie elsewhere.
    private func verdict(of failure: ProviderFailure, on candidate: Candidate) -> Bool? {
        // Who hangs up, and our own disk, are no faults of the vendor's.
        guard !Task.isCancelled, failure.code != PictureIntake.storageCode else { return nil }
        return failure.kind.speaksAgainstModel(hasOwnKey: ownKeys[candidate.provider.id] != nil) ? false : nil
    }

    /// Passes breaker, cap, retry budget and gate, in this order; says what stood in the way.
    private func enter(
        _ candidate: Candidate,
        _ hold: MicroUSD,
        day: Day,
        isRetry: Bool
    ) async -> ProviderFailure? {
        let (health, provider) = (services.health, candidate.provider)
        // The last candidate is tried even while it rests: a failing vendor is better than none.
        let isLast = candidate.reference == plan.candidates.last?.reference
        guard health.admits(candidate.reference, at: services.time.monotonic()) || isLast else {
            return ProviderFailure(.unavailable(.server(mayRepeat: false)), "the breaker is open")
        }
        switch health.reserve(hold, of: provider, capOfAll: spendPerDay, on: day) {
        case nil: break
        case .provider:
            return ProviderFailure(.unavailable(.quota), "the provider's spend_per_day is used up")
        case .everything:
            return ProviderFailure(.unavailable(.quota), "limits.spend_per_day is used up", code: Self.capCode)
        }
        guard await health.gate(of: provider).enter(owner, until: deadline, services.time) else {
            health.settle(hold, as: .zero, of: provider, on: day)
            return ProviderFailure(
                .unavailable(.server(mayRepeat: false)),
                "no place at the provider came free in time",
                code: FailureVerdict.busyCode
            )
        }
        guard health.begin(isRetry: isRetry) else {
            health.gate(of: provider).leave()
            health.settle(hold, as: .zero, of: provider, on: day)
            return ProviderFailure(.unavailable(.server(mayRepeat: false)), "the retry budget is used up")
        }
        return nil
    }

    private func conversation(
        with candidate: Candidate,
        _ call: ProviderRequest,
        record: AttemptRecord,
        deadline: Duration
    ) -> VendorConversation {
        let keepHandle: @Sendable (VendorHandle) async throws(ProviderFailure) -> Void = {
            [self] handle async throws(ProviderFailure) in
            var record = record
            record.handle = handle
            try await journal.keep(record)
        }
        var onPartial: (@Sendable (any ArtifactSink, Int) async -> Void)?
        if let showPartial {
            onPartial = { [self] sink, index in
                journal.noteShownPartial()
                await showPartial(sink, index)
            }
        }
        return VendorConversation(
            services: services,
            provider: candidate.provider,
            request: call,
            credential: ownKeys[candidate.provider.id] ?? candidate.provider.credential,
            deadline: deadline,
            keepHandle: keepHandle,
            onPartial: onPartial
        )
    }

    /// Turns the caller's mask, transparent where to paint, into the model's.
    private func prepareMask(_ call: inout ProviderRequest, _ candidate: Candidate) async throws(ProviderFailure) {
        let polarity = candidate.model.capabilities.maskPolarity
        guard polarity != .alpha, let mask = call.mask else { return }
        do throws(ImagingError) {
            let bytes = try await services.imaging.mask(of: mask.source, polarity: polarity, size: nil)
            call.mask?.source = .bytes(bytes)
            call.mask?.hasAlpha = false
        } catch {
            throw ProviderFailure(.unavailable(.unsupported), "the mask cannot be converted: \(error.detail)")
        }
    }

    // MARK: - Results

    /// Checks, converts and stores what was delivered; pictures that are no good are left out and count as billed.
    private func take(
        _ delivery: VendorConversation.Delivery,
        _ call: ProviderRequest,
        _ candidate: Candidate,
        hold: MicroUSD,
        deadline: Duration,
        _ record: inout AttemptRecord
    ) async throws(ProviderFailure) -> AttemptResult {
        let intake = PictureIntake(
            services: services,
            provider: candidate.provider,
            credential: ownKeys[candidate.provider.id] ?? candidate.provider.credential,
            deadline: deadline,
            allowsPrivateURLs: server.allowPrivateURLs
        )
        let finisher = PictureFinisher(
            services: services,
            request: plan.request,
            rendition: candidate.rendition,
            fidelity: plan.fidelity
        )
        var finished: [(PictureFinisher.Finished, VendorPicture)] = []
        var failure: ProviderFailure?
        for (picture, blobs) in delivery.pictures.prefix(call.count) {
            do throws(ProviderFailure) {
                finished.append((try await finisher.finish(try await intake.take(picture, from: blobs)), picture))
            } catch {
                failure = error
            }
        }
        guard !finished.isEmpty else { throw failure ?? ProviderFailure(.unusable, "no picture in the reply") }
        let (cleared, objection) = await review.clear(finished, \.0.artifact)
        try await publish(cleared.map(\.0.artifact))
        record.usage = delivery.usage
        record.delivered = cleared.count
        record.cost = candidate.settledCost(
            sizes: finished.map(\.0.nativeSize)
                + Array(repeating: finished[0].0.nativeSize, count: delivery.pictures.count - finished.count),
            usage: delivery.usage,
            atMost: hold
        )
        if let objection, cleared.isEmpty {
            journal.close(&record, with: objection, cost: record.cost)
            return AttemptResult(failure: objection)
        }
        let pictures = deliveries(cleared, candidate, cost: record.cost, made: delivery.pictures.count)
        journal.finish(&record, candidate.rendition.adapted + cleared.flatMap(\.0.adapted))
        if let objection { return AttemptResult(delivered: pictures, failure: objection) }
        if finished.count < call.count, failure == nil {
            failure = ProviderFailure(.unusable, "\(finished.count) of \(call.count) pictures")
        }
        return AttemptResult(delivered: pictures, failure: failure)
    }

    private func publish(_ artifacts: [StagedArtifact]) async throws(ProviderFailure) {
        do throws(ArtifactError) {
            try await services.storage.publish(artifacts)
        } catch {
            throw ProviderFailure(.unusable, "storage: \(error)", code: PictureIntake.storageCode)
        }
    }

    /// Shares the cost of a call among the pictures made, the odd micro-dollars to the first.
    private func deliveries(
        _ finished: [(PictureFinisher.Finished, VendorPicture)],
        _ candidate: Candidate,
        cost: MicroUSD,
        made: Int
    ) -> [DeliveredPicture] {
        let now = services.time.now()
        return finished.enumerated().map { index, element in
            let (finished, picture) = element
            let odd = index < Int(cost.micros % Int64(max(made, 1))) ? 1 as Int64 : 0
            var record = ImageRecord(
                id: services.time.makeID(),
                job: id,
                owner: owner,
                index: index,
                created: now,
                digest: finished.artifact.digest,
                facts: finished.artifact.facts,
                size: finished.size,
                provider: candidate.provider.id,
                model: candidate.model.id,
                tier: candidate.offer.tier,
                cost: MicroUSD(micros: cost.micros / Int64(max(made, 1)) + odd),
                isPublic: server.imagesPublic || isForGallery
            )
            record.seed = picture.seed
            record.revisedPrompt = picture.revisedPrompt
            return DeliveredPicture(record: record, source: finished.artifact.source)
        }
    }
}

extension FailureKind {
    /// Whether a failed attempt is counted at its worst cost.
    fileprivate var isTakenAsBilled: Bool {
        switch self {
        case .unknown, .unusable: true
        case .rejected, .refused, .unavailable: false
        }
    }
}
