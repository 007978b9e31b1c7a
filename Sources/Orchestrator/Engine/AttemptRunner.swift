/// Makes one attempt: a place at the vendor, the intent on record, the conversation, the pictures checked and stored.
struct AttemptRunner: Sendable {
    let terms: JobTerms
    let journal: AttemptJournal
    private var services: EngineServices { terms.services }

    init(_ terms: JobTerms, _ journal: AttemptJournal) {
        self.terms = terms
        self.journal = journal
    }

    struct Result: Sendable {
        /// The attempt's number; nil where none was made.
        var attempt: Int?
        var delivered: [DeliveredPicture] = []
        var failure: ProviderFailure?
    }

    // Some of what it calls is not inlined: it would take its place in the frame of every attempt that waits.
    func run(_ lane: inout Lane, _ candidate: Candidate) async -> Result {
        let isRetry = lane.isRetry
        if let obstacle = await enter(candidate, lane, isRetry: isRetry) {
            journal.skip(candidate, because: obstacle)
            return Result(failure: obstacle)
        }
        defer { services.health.gate(of: candidate.provider).leave() }
        let opened = await open(lane, candidate)
        var record: AttemptRecord
        switch opened {
        case .success(let attempt): record = attempt
        case .failure(let obstacle):
            services.health.end(candidate.reference, isRetry: isRetry, success: nil, took: .zero, at: .zero)
            if obstacle.code != AttemptJournal.lostCode { journal.skip(candidate, because: obstacle) }
            return Result(failure: obstacle)
        }
        let opening = lane.opening
        lane.noteAttempt()
        // What was spent waiting for a place is no time of the vendor's.
        let began = services.time.monotonic()
        let deadline = min(began + candidate.provider.timeout, terms.deadline)
        var call = terms.call(candidate, lane.slots)
        let hold = record.cost
        call.timeLimit = deadline - began
        var result = Result(attempt: record.n)
        var success: Bool? = true
        do throws(ProviderFailure) {
            try await prepareMask(&call, candidate)
            let conversation = conversation(with: candidate, call, record: record, deadline: deadline)
            let delivery =
                if case .underWay(_, let handle) = opening {
                    try await conversation.resume(handle)
                } else {
                    try await conversation.create()
                }
            result = try await take(delivery, call, candidate, hold: hold, deadline: deadline, &record)
        } catch {
            if case .unknown = error.kind { lane.unknowns += 1 }
            result.failure = error
            success = verdict(of: error, on: candidate)
            journal.close(&record, with: error, cost: error.isBilled ?? error.kind.isTakenAsBilled ? hold : .zero)
        }
        let now = services.time.monotonic()
        services.health.end(candidate.reference, isRetry: isRetry, success: success, took: now - began, at: now)
        return result
    }

    /// What a failed attempt says of its model: false, or nil where the fault may lie elsewhere.
    @inline(never)
    private func verdict(of failure: ProviderFailure, on candidate: Candidate) -> Bool? {
        // Who hangs up, and our own disk, are no faults of the vendor's.
        guard !Task.isCancelled, ![PictureIntake.storageCode, AttemptJournal.lostCode].contains(failure.code) else {
            return nil
        }
        return failure.kind.speaksAgainstModel(hasOwnKey: terms.isPaidByCaller(candidate.provider)) ? false : nil
    }

    // MARK: - Beginning

    /// Passes breaker, gate and retry budget, in this order; says what stood in the way.
    @inline(never)
    private func enter(_ candidate: Candidate, _ lane: Lane, isRetry: Bool) async -> ProviderFailure? {
        let (health, provider) = (services.health, candidate.provider)
        let gate = health.gate(of: provider)
        switch lane.opening {
        case .intended(_, hasPlace: true): break
        case .underWay: gate.enterRegardless()
        case .fresh, .failed, .intended(_, hasPlace: false):
            // The last candidate is tried even while it rests: a failing vendor is better than none.
            let isLast = candidate.reference == terms.plan.candidates.last?.reference
            guard health.admits(candidate.reference, at: services.time.monotonic()) || isLast else {
                return ProviderFailure(.unavailable(.server(mayRepeat: false)), "the breaker is open")
            }
            guard await gate.enter(terms.owner, until: terms.deadline, services.time) else {
                return ProviderFailure(
                    .unavailable(.server(mayRepeat: false)),
                    "no place at the provider came free in time",
                    code: FailureVerdict.busyCode
                )
            }
        }
        guard health.begin(isRetry: isRetry) else {
            gate.leave()
            return ProviderFailure(.unavailable(.server(mayRepeat: false)), "the retry budget is used up")
        }
        return nil
    }

    /// The attempt's record, durable.
    @inline(never)
    private func open(_ lane: Lane, _ candidate: Candidate) async -> Swift.Result<AttemptRecord, ProviderFailure> {
        let gone = ProviderFailure(.unavailable(.server(mayRepeat: false)), "cancelled before anything was sent")
        switch lane.opening {
        case .intended(let n, _), .underWay(let n, _):
            return journal.attempt(n).map { .success($0) } ?? .failure(gone)
        case .fresh, .failed:
            guard !Task.isCancelled else { return .failure(gone) }
            do throws(ProviderFailure) {
                let intent = terms.intent(0, candidate, lane.slots)
                return .success(try await journal.begin(intent, caps: terms.caps(at: candidate.provider)))
            } catch {
                return .failure(error)
            }
        }
    }

    @inline(never)
    private func conversation(
        with candidate: Candidate,
        _ call: ProviderRequest,
        record: AttemptRecord,
        deadline: Duration
    ) -> VendorConversation {
        let keepHandle: @Sendable (VendorHandle) async throws(ProviderFailure) -> Bool = {
            [journal, log = services.log] handle async throws(ProviderFailure) in
            var record = record
            record.handle = handle
            do throws(ProviderFailure) {
                try await journal.keep(record)
                return true
            } catch {
                guard error.code == PictureIntake.storageCode else { throw error }
                // The vendor works on it, and bills it, all the same; only who dies now loses it.
                log.log(.warning, "a vendor's handle is not on record yet", [("why", error.detail)])
                return false
            }
        }
        var onPartial: (@Sendable (any ArtifactSink, Int) async -> Void)?
        if let showPartial = terms.showPartial {
            onPartial = { [journal] sink, index in
                journal.noteShownPartial()
                await showPartial(sink, index)
            }
        }
        return VendorConversation(
            services: services,
            provider: candidate.provider,
            request: call,
            credential: terms.credential(at: candidate.provider),
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
            let bytes = try await services.imaging.mask(
                of: mask.source,
                polarity: polarity,
                size: call.references.first?.size
            )
            call.mask?.source = .bytes(bytes)
            call.mask?.hasAlpha = false
        } catch {
            throw ProviderFailure(.unavailable(.unsupported), "the mask cannot be converted: \(error.detail)")
        }
    }

    // MARK: - Results

    /// Checks, converts and stores what was delivered; pictures that are no good are left out and count as billed.
    @inline(never)
    private func take(
        _ delivery: VendorConversation.Delivery,
        _ call: ProviderRequest,
        _ candidate: Candidate,
        hold: MicroUSD,
        deadline: Duration,
        _ record: inout AttemptRecord
    ) async throws(ProviderFailure) -> Result {
        let intake = PictureIntake(
            services: services,
            provider: candidate.provider,
            credential: terms.credential(at: candidate.provider),
            deadline: deadline,
            allowsPrivateURLs: terms.server.allowPrivateURLs
        )
        let finisher = PictureFinisher(
            services: services,
            request: terms.plan.request,
            rendition: candidate.rendition,
            fidelity: terms.plan.fidelity,
            marking: terms.server.provenance
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
        guard finished.count == call.count || terms.plan.fidelity != .strict else {
            // The rest would have to come from another call, or another vendor.
            throw failure
                ?? ProviderFailure(.unusable, "\(finished.count) of \(call.count) pictures, and fidelity is strict")
        }
        let (cleared, objection) = await terms.review.clear(finished, \.0.artifact)
        try await publish(cleared.map(\.0.artifact) + cleared.compactMap(\.0.original))
        record.usage = delivery.usage
        record.delivered = cleared.count
        let bill = candidate.bill(
            sizes: finished.map(\.0.nativeSize)
                + Array(repeating: finished[0].0.nativeSize, count: delivery.pictures.count - finished.count),
            usage: delivery.usage
        )
        record.cost = min(bill, hold)
        record.reckoning = Reckoning(
            quoted: candidate.quote(for: delivery.pictures.count),
            billed: min(bill, Reckoning.most)
        )
        if bill > hold { warn(of: bill, over: hold, candidate) }
        if let objection, cleared.isEmpty {
            journal.close(&record, with: objection, cost: record.cost)
            return Result(attempt: record.n, failure: objection)
        }
        let pictures = deliveries(cleared, call, candidate, cost: record.cost, made: delivery.pictures.count)
        journal.finish(&record, candidate.rendition.adapted + cleared.flatMap(\.0.adapted))
        if let objection { return Result(attempt: record.n, delivered: pictures, failure: objection) }
        if finished.count < call.count, failure == nil {
            failure = ProviderFailure(.unusable, "\(finished.count) of \(call.count) pictures")
        }
        return Result(attempt: record.n, delivered: pictures, failure: failure)
    }

    /// The house bears what goes beyond the hold, so its operator is to know.
    private func warn(of bill: MicroUSD, over hold: MicroUSD, _ candidate: Candidate) {
        services.log.log(
            .warning,
            "a vendor's count comes to more than was held for it",
            [
                ("job.id", terms.id.text), ("provider", candidate.provider.id), ("model", candidate.model.id),
                ("billed_usd", "\(bill)"), ("held_usd", "\(hold)"),
            ]
        )
    }

    private func publish(_ artifacts: [StagedArtifact]) async throws(ProviderFailure) {
        do throws(ArtifactError) {
            try await services.storage.publish(artifacts)
        } catch {
            throw ProviderFailure(.unusable, "storage: \(error)", code: PictureIntake.storageCode)
        }
    }

    /// Shares the cost of a call among the pictures made, the odd micro-dollars to the first.
    @inline(never)
    private func deliveries(
        _ finished: [(PictureFinisher.Finished, VendorPicture)],
        _ call: ProviderRequest,
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
                job: terms.id,
                owner: terms.owner,
                index: index,
                created: now,
                digest: finished.artifact.digest,
                facts: finished.artifact.facts,
                size: finished.size,
                provider: candidate.provider.id,
                model: candidate.model.id,
                tier: candidate.offer.tier,
                cost: MicroUSD(micros: cost.micros / Int64(max(made, 1)) + odd),
                isPublic: terms.server.imagesPublic || terms.isForGallery
            )
            // Of several pictures drawn from one seed, it is the vendor's secret which has which.
            record.seed = picture.seed ?? (call.count == 1 ? call.seed.map(UInt64.init) : nil)
            record.revisedPrompt = picture.revisedPrompt
            record.original = finished.original.map { OriginalFile(digest: $0.digest, format: $0.facts.format) }
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
