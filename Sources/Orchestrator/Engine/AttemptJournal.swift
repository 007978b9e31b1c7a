/// What a job's attempts did, in this process and on record; shared by the lanes that run at the same time.
final class AttemptJournal: Sendable {
    private struct State: Sendable {
        var attempts: [AttemptRecord]
        /// What would have been attempts, had nothing stood in the way.
        var skipped: [AttemptRecord] = []
        /// Numbers whose attempts the record did not take.
        var freeNumbers: [Int] = []
        var adapted: [Adaptation]
        var usage: TokenUsage?
        var tier: Tier?
        var hasShownPartials = false
        /// Nothing may be begun any more.
        var isClosed = false
        var isLost = false
        var lease: JobLease
        var onChange: (@Sendable ([AttemptRecord]) -> Void)?

        mutating func put(_ record: AttemptRecord) {
            guard let index = attempts.firstIndex(where: { $0.n == record.n }) else { return }
            attempts[index] = record
        }
    }

    /// Marks the failure that no other provider can mend: a cap over all of them.
    static let capCode = "spend_per_day"
    /// Marks the end of this process's part: somebody else works on the job, or will.
    static let lostCode = "lost"

    private let job: JobID
    private let services: EngineServices
    private let state: Lock<State>

    init(of job: JobID, attempts: [AttemptRecord] = [], adapted: [Adaptation], services: EngineServices) {
        self.job = job
        self.services = services
        state = Lock(State(attempts: attempts, adapted: adapted, lease: .first(of: job)))
    }

    var attempts: [AttemptRecord] { state.withLock(\.attempts) }

    /// All that came to nothing or to a picture, made or not: what the verdict is about.
    var tries: [AttemptRecord] { state.withLock { $0.attempts.filter { $0.outcome != nil } + $0.skipped } }

    /// Whether the caller has seen an early picture, which no later attempt can take back.
    var hasShownPartials: Bool { state.withLock(\.hasShownPartials) }

    func noteShownPartial() {
        state.withLock { $0.hasShownPartials = true }
    }

    // MARK: - The right to write

    var lease: JobLease { state.withLock(\.lease) }

    /// Whether another process has the job.
    var isLost: Bool { state.withLock(\.isLost) }

    /// Whether it was closed before anything was begun.
    var isClosed: Bool { state.withLock(\.isClosed) }

    /// Goes on under another lease of the same job.
    func adopt(_ lease: JobLease) {
        state.withLock { $0.lease = lease }
    }

    /// Has every change of the attempts told from now on.
    func observe(_ onChange: (@Sendable ([AttemptRecord]) -> Void)?) {
        state.withLock { $0.onChange = onChange }
    }

    /// Keeps anything from being begun; false, and nothing changed, once something has been.
    func close() -> Bool {
        state.withLock { state in
            if state.attempts.isEmpty { state.isClosed = true }
            return state.isClosed
        }
    }

    // MARK: - Attempts

    /// Takes over the attempts that are recorded with the job's acceptance.
    func intend(_ attempts: [AttemptRecord]) {
        state.withLock { $0.attempts = attempts }
    }

    func attempt(_ n: Int) -> AttemptRecord? {
        state.withLock { state in state.attempts.first { $0.n == n } }
    }

    /// Puts the intent of an attempt on record, its worst cost taken out of the caps; from then on the vendor may be called.
    func begin(_ intent: AttemptRecord, caps: [SpendCap]) async throws(ProviderFailure) -> AttemptRecord {
        let record: AttemptRecord? = state.withLock { [intent] state in
            guard !state.isClosed else { return nil }
            var record = intent
            record.n = state.freeNumbers.popLast() ?? (state.attempts.map(\.n).max() ?? 0) + 1
            state.attempts.append(record)
            return record
        }
        guard var record else { throw Self.lost }
        defer { services.spend.forget() }
        let admission: AttemptAdmission
        do throws(StoreError) {
            admission = try await services.store.begin(record, of: lease, caps: caps)
        } catch {
            // It may be on record all the same, so it stays; nothing is sent.
            let failure = ProviderFailure(.unavailable(.quota), "store: \(error)", code: PictureIntake.storageCode)
            close(&record, with: failure, cost: .zero)
            throw failure
        }
        switch admission {
        case .begun:
            tell()
            return record
        case .capped(let subject):
            withdraw(record)
            throw Self.failure(of: subject)
        case .lost:
            withdraw(record)
            state.withLock { $0.isLost = true }
            throw Self.lost
        }
    }

    /// Makes what has become known of an attempt durable before anything is done about it.
    func keep(_ record: AttemptRecord) async throws(ProviderFailure) {
        state.withLock { $0.put(record) }
        let isOurs: Bool
        do throws(StoreError) {
            isOurs = try await services.store.update(record, of: lease)
        } catch {
            throw ProviderFailure(.unavailable(.quota), "store: \(error)", code: PictureIntake.storageCode)
        }
        guard isOurs else {
            state.withLock { $0.isLost = true }
            throw Self.lost
        }
        services.spend.forget()
        tell()
    }

    /// Notes what kept an attempt from being made: nothing was sent, so there is none, but the verdict is to know.
    func skip(_ candidate: Candidate, because obstacle: ProviderFailure) {
        var record = AttemptRecord(
            n: 0,
            provider: candidate.provider.id,
            model: candidate.model.id,
            tier: candidate.offer.tier,
            count: 0,
            started: services.time.now()
        )
        record.outcome = obstacle.kind.outcome
        record.label = obstacle.kind.label
        record.ended = record.started
        log("attempt not made", record, obstacle)
        state.withLock { [record] in $0.skipped.append(record) }
    }

    /// Ends an attempt that failed, at what it is taken to have cost.
    func close(_ record: inout AttemptRecord, with failure: ProviderFailure, cost: MicroUSD) {
        record.outcome = failure.kind.outcome
        record.label = failure.kind.label
        record.cost = cost
        end(&record)
        log("attempt failed", record, failure)
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

    /// Writes all that is known into the job's record; what was intended and never sent came to nothing, for nothing.
    func write(to job: inout JobRecord) {
        let state = state.withLock { $0 }
        job.attempts = state.attempts.sorted { $0.n < $1.n }
        for index in job.attempts.indices where job.attempts[index].outcome == nil {
            job.attempts[index].outcome = .unavailable
            job.attempts[index].label = FailureKind.unavailable(.connection).label
            job.attempts[index].cost = .zero
            job.attempts[index].ended = job.finished
        }
        job.adapted = state.adapted
        job.answer.usage = state.usage
        job.answer.tier = state.tier
    }

    // MARK: - Inside

    private static let lost = ProviderFailure(
        .unavailable(.server(mayRepeat: false)),
        "another process has the job",
        code: lostCode
    )

    private static func failure(of subject: SpendSubject) -> ProviderFailure {
        switch subject {
        case .provider: ProviderFailure(.unavailable(.quota), "the provider's spend_per_day is used up")
        case .all: ProviderFailure(.unavailable(.quota), "limits.spend_per_day is used up", code: capCode)
        case .key: ProviderFailure(.unavailable(.quota), "the key's spend_per_day is used up", code: capCode)
        }
    }

    private func withdraw(_ record: AttemptRecord) {
        state.withLock { state in
            state.attempts.removeAll { $0.n == record.n }
            state.freeNumbers.append(record.n)
        }
    }

    private func end(_ record: inout AttemptRecord) {
        record.ended = services.time.now()
        var ended = record
        state.withLock { state in
            // The conversation may have learned a handle that this copy of the record does not know.
            ended.handle = state.attempts.first { $0.n == ended.n }?.handle
            state.put(ended)
        }
        record = ended
        tell()
    }

    private func tell() {
        let (onChange, attempts) = state.withLock { ($0.onChange, $0.attempts) }
        onChange?(attempts)
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
}
