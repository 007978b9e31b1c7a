/// What a job's attempts did, as it will be recorded; shared by the lanes that run at the same time.
final class AttemptJournal: Sendable {
    private struct State: Sendable {
        var attempts: [AttemptRecord]
        var adapted: [Adaptation]
        var usage: TokenUsage?
        var tier: Tier?
        var hasShownPartials = false
    }

    private let job: JobID
    private let services: EngineServices
    private let state: Lock<State>

    init(of job: JobID, intents: [AttemptRecord], adapted: [Adaptation], services: EngineServices) {
        self.job = job
        self.services = services
        state = Lock(State(attempts: intents, adapted: adapted))
    }

    var attempts: [AttemptRecord] { state.withLock(\.attempts) }

    /// Whether the caller has seen an early picture, which no later attempt can take back.
    var hasShownPartials: Bool { state.withLock(\.hasShownPartials) }

    func noteShownPartial() {
        state.withLock { $0.hasShownPartials = true }
    }

    /// Writes all that is known into the job's record.
    func write(to job: inout JobRecord) {
        let state = state.withLock { $0 }
        job.attempts = state.attempts
        job.adapted = state.adapted
        job.answer.usage = state.usage
        job.answer.tier = state.tier
    }

    /// The record for a lane's next attempt: the one that was intended when the job was accepted, or a new one.
    func open(for lane: Lane, _ candidate: Candidate) -> AttemptRecord {
        state.withLock { state in
            if let intent = lane.intent { return state.attempts[intent - 1] }
            let record = AttemptRecord(
                n: state.attempts.count + 1,
                provider: candidate.provider.id,
                model: candidate.model.id,
                tier: candidate.offer.tier,
                count: lane.slots.count,
                started: services.time.now()
            )
            state.attempts.append(record)
            return record
        }
    }

    /// Makes an attempt durable before what it intends is done.
    func keep(_ record: AttemptRecord) async throws(ProviderFailure) {
        state.withLock { $0.attempts[record.n - 1] = record }
        do throws(StoreError) {
            try await services.store.record(record, of: job)
        } catch {
            throw ProviderFailure(.unavailable(.quota), "store: \(error)", code: PictureIntake.storageCode)
        }
    }

    /// Ends an attempt that failed, at what it is taken to have cost.
    func close(_ record: inout AttemptRecord, with failure: ProviderFailure, cost: MicroUSD) {
        record.outcome = failure.kind.outcome
        record.label = failure.kind.label
        record.cost = cost
        end(&record)
        services.log.log(
            .warning,
            "attempt failed",
            [
                ("job.id", job.text), ("provider", record.provider), ("model", record.model),
                ("outcome", failure.kind.label), ("code", failure.code ?? ""), ("why", failure.detail),
            ]
        )
    }

    /// Ends an attempt that delivered.
    func finish(_ record: inout AttemptRecord, _ adapted: [Adaptation]) {
        record.outcome = .ok
        end(&record)
        let (tier, usage) = (record.tier, record.usage)
        state.withLock { state in
            state.tier = state.tier ?? tier
            if let usage { state.usage = (state.usage ?? .zero) + usage }
        }
        note(adapted)
    }

    /// Adds changes that the caller is to be told of, each once.
    func note(_ adapted: [Adaptation]) {
        state.withLock { state in
            for change in adapted where !state.adapted.contains(change) { state.adapted.append(change) }
        }
    }

    private func end(_ record: inout AttemptRecord) {
        record.ended = services.time.now()
        var ended = record
        state.withLock { state in
            // The conversation may have learned a handle that this copy of the record does not know.
            ended.handle = state.attempts[ended.n - 1].handle
            state.attempts[ended.n - 1] = ended
        }
        record = ended
    }
}
