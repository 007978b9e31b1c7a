/// What a job's attempts did, as it will be recorded; shared by the lanes that run at the same time.
final class AttemptJournal: Sendable {
    private struct State: Sendable {
        /// Those without an outcome are intended or under way; at the end, they were never made.
        var attempts: [AttemptRecord]
        /// What would have been attempts, had nothing stood in the way.
        var skipped: [AttemptRecord] = []
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

    /// All that came to nothing or to a picture, made or not: what the verdict is about.
    var tries: [AttemptRecord] { state.withLock { $0.attempts.filter { $0.outcome != nil } + $0.skipped } }

    /// Whether the caller has seen an early picture, which no later attempt can take back.
    var hasShownPartials: Bool { state.withLock(\.hasShownPartials) }

    func noteShownPartial() {
        state.withLock { $0.hasShownPartials = true }
    }

    /// Writes all that is known into the job's record.
    func write(to job: inout JobRecord) {
        let state = state.withLock { $0 }
        job.attempts = state.attempts.filter { $0.outcome != nil }
        job.adapted = state.adapted
        job.answer.usage = state.usage
        job.answer.tier = state.tier
    }

    /// The record for a lane's next attempt: the one that was intended when the job was accepted, one in its place where
    /// that was never made, or a new one.
    func open(for lane: Lane, _ candidate: Candidate) -> AttemptRecord {
        state.withLock { state in
            if lane.isIntended, let intent = lane.intent { return state.attempts[intent - 1] }
            let record = record(lane.intent ?? state.attempts.count + 1, candidate, count: lane.slots.count)
            if let intent = lane.intent {
                state.attempts[intent - 1] = record
            } else {
                state.attempts.append(record)
            }
            return record
        }
    }

    /// Notes what kept an attempt from being made: nothing was sent, so there is none, but the verdict is to know.
    func skip(_ candidate: Candidate, because obstacle: ProviderFailure) {
        var record = record(0, candidate, count: 0)
        record.outcome = obstacle.kind.outcome
        record.label = obstacle.kind.label
        record.ended = record.started
        log("attempt not made", record, obstacle)
        state.withLock { [record] in $0.skipped.append(record) }
    }

    private func record(_ n: Int, _ candidate: Candidate, count: Int) -> AttemptRecord {
        AttemptRecord(
            n: n,
            provider: candidate.provider.id,
            model: candidate.model.id,
            tier: candidate.offer.tier,
            count: count,
            started: services.time.now()
        )
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
        log("attempt failed", record, failure)
    }

    private func log(_ message: StaticString, _ record: AttemptRecord, _ failure: ProviderFailure) {
        services.log.log(
            .warning,
            message,
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
