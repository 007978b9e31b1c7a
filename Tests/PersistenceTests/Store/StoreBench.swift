import Orchestrator
import Testing

/// One daemon, one user and one clock at a store, with short ways to let jobs in and end them.
struct StoreBench: Sendable {
    let store: any Store
    var generator: JobGenerator
    let daemon: DaemonID
    var user: UserID
    var now = Timestamp(milliseconds: 1_800_000_000_000)
    static let lease = Duration.seconds(30)

    init(_ store: any Store, seed: Int) {
        self.store = store
        generator = JobGenerator(seed: seed)
        daemon = generator.id()
        user = generator.id()
    }

    /// A job without pictures that runs with an attempt of each cost, or is queued where there are none.
    mutating func job(costs: [Int64] = [], provider: String = "openai", key: KeyID? = nil) -> JobRecord {
        var job = generator.job(owner: user, status: costs.isEmpty ? .queued : .running)
        (job.images, job.started, job.finished, job.error) = ([], costs.isEmpty ? nil : now, nil, nil)
        (job.key, job.cost) = (key, .zero)
        job.attempts = costs.enumerated().map { attempt($0 + 1, cost: $1, provider: provider) }
        return job
    }

    func attempt(_ n: Int, cost: Int64, provider: String = "openai") -> AttemptRecord {
        var attempt = AttemptRecord(n: n, provider: provider, model: "m", tier: .low, count: 1, started: now)
        attempt.cost = MicroUSD(micros: cost)
        return attempt
    }

    func acceptance(_ job: JobRecord, holds: [Int64] = [], freePerDay: Int = 0, credit: Int64 = 100) -> Acceptance {
        var acceptance = Acceptance(job: job, daemon: daemon, lease: StoreBench.lease, now: now)
        if !holds.isEmpty {
            acceptance.credits = CreditClaim(
                holds: holds.map(MicroUSD.init(micros:)),
                freePerDay: freePerDay,
                credit: MicroUSD(micros: credit)
            )
        }
        return acceptance
    }

    /// Lets a job in that nothing may refuse.
    @discardableResult
    func accept(_ acceptance: Acceptance) async throws -> JobRecord {
        let outcome = try await store.accept(acceptance)
        guard case .accepted(let job, _) = outcome else {
            Issue.record("not accepted: \(outcome)")
            return acceptance.job
        }
        return job
    }

    /// Gives the user money.
    func give(_ micros: Int64, to user: UserID? = nil) async throws {
        let user = user ?? self.user
        let outcome = try await store.transfer(transfer("grant:\(user):\(micros)", micros, user: user))
        guard case .done(_, false) = outcome else {
            Issue.record("not given: \(outcome)")
            return
        }
    }

    func transfer(
        _ id: String,
        _ micros: Int64,
        kind: LedgerEntry.Kind = .grant,
        user: UserID? = nil
    ) -> LedgerTransfer {
        LedgerTransfer(
            id: id,
            user: user ?? self.user,
            amount: MicroUSD(micros: micros),
            kind: kind,
            note: "note of \(id)",
            reference: "ref",
            at: now
        )
    }

    func end(
        _ job: JobRecord,
        _ status: JobStatus = .succeeded,
        charge: Int64 = 0,
        freeUsed: Int = 0,
        lease: JobLease? = nil
    ) -> JobEnd {
        var job = job
        (job.status, job.finished) = (status, now)
        var end = JobEnd(job: job, lease: lease ?? .first(of: job.id))
        (end.charge, end.freeUsed) = (MicroUSD(micros: charge), freeUsed)
        return end
    }

    /// Posted, held and free uses taken today.
    func funds() async throws -> [Int64] {
        let balance = try await store.balance(of: user, on: now.day)
        return [balance.posted.micros, balance.held.micros, Int64(balance.freeUsed)]
    }

    /// Kind and amount of the user's statement, oldest first.
    func lines(of job: JobRecord? = nil) async throws -> [String] {
        try await store.statement(of: user, offset: 0, limit: 100).reversed()
            .filter { job == nil || $0.reference == job?.id.text }
            .map { "\($0.kind.rawValue) \($0.amount.micros)" }
    }

    func spent() async throws -> [String: Int64] {
        let spent = try await store.spent(on: now.day)
        return Dictionary(uniqueKeysWithValues: spent.map { ($0.key.text, $0.value.micros) })
    }

    /// Has the books checked.
    func expectCleanBooks(_ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let report = try await store.verifyLedger()
        #expect(report.problems == [], comment, sourceLocation: sourceLocation)
    }
}

extension AcceptanceOutcome {
    /// The outcome as one word, for tables.
    var word: String {
        switch self {
        case .accepted: "accepted"
        case .repeated: "repeated"
        case .rateLimited(let index, _): "rate \(index)"
        case .capped(let subject): "capped \(subject.text)"
        case .insufficientCredits(let needed, let available): "needs \(needed.micros) of \(available.micros)"
        }
    }
}
