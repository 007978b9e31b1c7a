@testable import Orchestrator

/// A record in memory that keeps jobs as a database would, notes what was written when, and can be told to fail.
final class MemoryStore: Store {
    enum Entry: Sendable {
        case accept(JobRecord)
        case attempt(AttemptRecord)
        case finish(JobRecord)
    }

    struct Row: Sendable {
        var job: JobRecord
        var fence: Int64 = 1
        var daemon: DaemonID
        var leaseEnd: Timestamp
        var claims = 0
        var isCancelRequested = false
    }

    /// What outlives a process.
    struct State: Sendable {
        fileprivate var rows: [JobID: Row] = [:]
        fileprivate var repeats: [String: IdempotencyRecord] = [:]
        fileprivate var windows: [String: (end: Timestamp, count: Int)] = [:]
        var spent: [Day: [SpendSubject: MicroUSD]] = [:]
        /// In micro-dollars; a user that is not here has nothing.
        var available: [UserID: MicroUSD] = [:]
        fileprivate var holds: [JobID: MicroUSD] = [:]
        var keys: [KeyRecord] = []
        var entries: [Entry] = []
        var failsToAccept = false
        var failsToRecord = false
        /// So many ends cannot be written.
        var failuresToFinish = 0
        var tries = 0
        /// Digests that something refers to.
        var referenced: Set<String> = []
        var failsToLookUp = false
        var sweeps = 0
        /// Digests of pictures past their time, and the times before which they were asked for.
        var expired: [String] = []
        var expiries: [Timestamp] = []
    }

    let state: Lock<State>
    /// Writes until this process is no more; nil: it lives.
    private let writesLeft: Lock<Int?>

    init(writes: Int? = nil) {
        state = Lock(State())
        writesLeft = Lock(writes)
    }

    /// The same record, as the next process sees it.
    init(after other: MemoryStore) {
        state = other.state
        writesLeft = Lock(nil)
    }

    var entries: [Entry] { state.withLock { $0.entries } }

    var recordedAttempts: [AttemptRecord] {
        entries.compactMap { if case .attempt(let attempt) = $0 { attempt } else { nil } }
    }

    var finishedJobs: [JobRecord] {
        entries.compactMap { if case .finish(let job) = $0 { job } else { nil } }
    }

    var allJobs: [JobRecord] { state.withLock { $0.rows.values.map(\.job) } }

    func spentNow(_ subject: SpendSubject, on day: Day) -> MicroUSD {
        state.withLock { $0.spent[day]?[subject] ?? .zero }
    }

    private func write<T>(
        unless fails: KeyPath<State, Bool>? = nil,
        _ body: (inout State) -> T
    ) throws(StoreError) -> T {
        let isAlive = writesLeft.withLock { left in
            guard let count = left else { return true }
            left = count - 1
            return count > 0
        }
        let result: T? = state.withLock { state in
            guard isAlive, !(fails.map { state[keyPath: $0] } ?? false) else { return nil }
            return body(&state)
        }
        guard let result else { throw .unavailable("disk I/O error") }
        return result
    }

    // MARK: - Jobs

    func accept(_ acceptance: Acceptance) async throws(StoreError) -> AcceptanceOutcome {
        try write(unless: \.failsToAccept) { state in
            let (job, now) = (acceptance.job, acceptance.now)
            if let claim = acceptance.repeats, let known = state.repeats["\(claim.owner)/\(claim.key)"] {
                return .repeated(known)
            }
            var verdicts: [RateVerdict] = []
            for (index, claim) in acceptance.rates.enumerated() {
                var window = state.windows[claim.subject] ?? (end: now + claim.rate.window, count: 0)
                if window.end <= now { window = (end: now + claim.rate.window, count: 0) }
                let reset = Duration.milliseconds(window.end.milliseconds - now.milliseconds)
                let left = claim.rate.count - window.count
                let verdict = RateVerdict(limit: claim.rate.count, remaining: max(left - 1, 0), reset: reset)
                guard left > 0 else { return .rateLimited(index, verdict) }
                verdicts.append(verdict)
            }
            if let subject = Self.obstacle(&state, job.attempts, acceptance.caps) { return .capped(subject) }
            if let credits = acceptance.credits {
                let (needed, available) = (credits.holds[0], state.available[job.owner] ?? .zero)
                guard available >= needed else { return .insufficientCredits(needed: needed, available: available) }
                state.available[job.owner] = available - needed
                state.holds[job.id] = needed
            }
            for claim in acceptance.rates {
                let window = state.windows[claim.subject]
                let isOpen = window.map { $0.end > now } ?? false
                state.windows[claim.subject] =
                    isOpen ? (window?.end ?? now, (window?.count ?? 0) + 1) : (now + claim.rate.window, 1)
            }
            if let claim = acceptance.repeats {
                state.repeats["\(claim.owner)/\(claim.key)"] =
                    IdempotencyRecord(fingerprint: claim.fingerprint, job: job.id, answer: nil)
            }
            for attempt in job.attempts { Self.count(&state, attempt, attempt.cost, job.key) }
            state.rows[job.id] =
                Row(job: job, daemon: acceptance.daemon, leaseEnd: now + acceptance.lease)
            state.entries.append(.accept(job))
            return .accepted(job, verdicts)
        }
    }

    func begin(_ attempt: AttemptRecord, of lease: JobLease, caps: [SpendCap]) async throws(StoreError)
        -> AttemptAdmission
    {
        try write(unless: \.failsToRecord) { state in
            guard var row = Self.row(&state, lease) else { return .lost }
            if let subject = Self.obstacle(&state, [attempt], caps) { return .capped(subject) }
            Self.count(&state, attempt, attempt.cost, row.job.key)
            row.job.attempts.append(attempt)
            row.job.status = .running
            row.job.started = row.job.started ?? attempt.started
            state.rows[lease.job] = row
            state.entries.append(.attempt(attempt))
            return .begun
        }
    }

    func update(_ attempt: AttemptRecord, of lease: JobLease) async throws(StoreError) -> Bool {
        try write(unless: \.failsToRecord) { state in
            guard var row = Self.row(&state, lease) else { return false }
            Self.put(&state, attempt, &row.job)
            state.rows[lease.job] = row
            state.entries.append(.attempt(attempt))
            return true
        }
    }

    func finish(_ end: JobEnd) async throws(StoreError) -> JobRecord? {
        let fails = state.withLock { state in
            state.tries += 1
            state.failuresToFinish -= 1
            return state.failuresToFinish >= 0
        }
        guard !fails else { throw .unavailable("disk I/O error") }
        return try write { state in
            guard var row = Self.row(&state, end.lease) else { return nil }
            for attempt in end.job.attempts { Self.put(&state, attempt, &row.job) }
            row.job = end.job
            state.rows[end.lease.job] = row
            if let hold = state.holds.removeValue(forKey: end.job.id) {
                state.available[end.job.owner, default: .zero] += hold - end.charge
            }
            state.entries.append(.finish(end.job))
            return end.job
        }
    }

    func claimJobs(by daemon: DaemonID, for duration: Duration, now: Timestamp, limit: Int)
        async throws(StoreError) -> [ClaimedJob]
    {
        try write { state in
            let open = state.rows.values.filter { !$0.job.status.isFinal && $0.leaseEnd <= now }
            return open.sorted { $0.job.created < $1.job.created }.prefix(limit).map { row in
                var row = row
                row.fence += 1
                row.claims += 1
                row.daemon = daemon
                row.leaseEnd = now + duration
                state.rows[row.job.id] = row
                return ClaimedJob(
                    job: row.job,
                    lease: JobLease(job: row.job.id, fence: row.fence),
                    claims: row.claims,
                    isCancelRequested: row.isCancelRequested
                )
            }
        }
    }

    func renewLeases(of daemon: DaemonID, for duration: Duration, now: Timestamp) async throws(StoreError)
        -> [HeldJob]
    {
        try write { state in
            var held: [HeldJob] = []
            for var row in state.rows.values where row.daemon == daemon && !row.job.status.isFinal {
                row.leaseEnd = now + duration
                state.rows[row.job.id] = row
                held.append(
                    HeldJob(
                        lease: JobLease(job: row.job.id, fence: row.fence),
                        isCancelRequested: row.isCancelRequested
                    )
                )
            }
            return held
        }
    }

    func requestCancel(_ job: JobID) async throws(StoreError) -> Bool {
        try write { state in
            guard let row = state.rows[job], !row.job.status.isFinal else { return false }
            state.rows[job]?.isCancelRequested = true
            return true
        }
    }

    func job(_ id: JobID) async throws(StoreError) -> JobRecord? { state.withLock { $0.rows[id]?.job } }

    func spent(on day: Day) async throws(StoreError) -> [SpendSubject: MicroUSD] {
        state.withLock { $0.spent[day] ?? [:] }
    }

    func repeats(of owner: UserID, key: String, now: Timestamp) async throws(StoreError) -> IdempotencyRecord? {
        state.withLock { $0.repeats["\(owner)/\(key)"] }
    }

    func keys(of owner: UserID) async throws(StoreError) -> [KeyRecord] {
        state.withLock { $0.keys.filter { $0.owner == owner } }
    }

    func unreferenced(_ digests: [String]) async throws(StoreError) -> [String] {
        let found: [String]? = state.withLock { state in
            state.failsToLookUp ? nil : digests.filter { !state.referenced.contains($0) }
        }
        guard let found else { throw .unavailable("disk I/O error") }
        return found
    }

    func sweep(now: Timestamp) async throws(StoreError) { state.withLock { $0.sweeps += 1 } }

    // MARK: - What a database does inside

    private static func row(_ state: inout State, _ lease: JobLease) -> Row? {
        guard let row = state.rows[lease.job], row.fence == lease.fence, !row.job.status.isFinal else { return nil }
        return row
    }

    private static func subjects(of attempt: AttemptRecord, _ key: KeyID?) -> [SpendSubject] {
        attempt.isPaidByCaller ? [] : [.all, .provider(attempt.provider)] + (key.map { [.key($0)] } ?? [])
    }

    private static func count(_ state: inout State, _ attempt: AttemptRecord, _ amount: MicroUSD, _ key: KeyID?) {
        for subject in subjects(of: attempt, key) {
            state.spent[attempt.started.day, default: [:]][subject, default: .zero] += amount
        }
    }

    private static func put(_ state: inout State, _ attempt: AttemptRecord, _ job: inout JobRecord) {
        guard let index = job.attempts.firstIndex(where: { $0.n == attempt.n }) else {
            count(&state, attempt, attempt.cost, job.key)
            job.attempts.append(attempt)
            return
        }
        count(&state, attempt, attempt.cost - job.attempts[index].cost, job.key)
        job.attempts[index] = attempt
    }

    /// The first cap that these attempts would pass.
    private static func obstacle(
        _ state: inout State,
        _ attempts: [AttemptRecord],
        _ caps: [SpendCap]
    ) -> SpendSubject? {
        let sum = attempts.filter { !$0.isPaidByCaller }.reduce(MicroUSD.zero) { $0 + $1.cost }
        guard let day = attempts.first?.started.day else { return nil }
        return caps.first { (state.spent[day]?[$0.subject] ?? .zero) + sum > $0.limit }?.subject
    }

    // MARK: - What the engine never asks

    func jobs(_ query: JobQuery) async throws(StoreError) -> [JobRecord] { [] }
    func image(_ id: ImageID) async throws(StoreError) -> StoredImage? { nil }
    func images(_ query: ImageQuery) async throws(StoreError) -> [StoredImage] { [] }
    func imageCount(_ query: ImageQuery) async throws(StoreError) -> Int { 0 }
    func setVisibility(_ id: ImageID, isPublic: Bool) async throws(StoreError) -> Bool { false }
    func deleteImage(_ id: ImageID) async throws(StoreError) -> Bool { false }
    func deleteImages(createdBefore time: Timestamp, limit: Int) async throws(StoreError) -> [String] {
        state.withLock { state in
            let digests = state.expired.prefix(limit)
            state.expired.removeFirst(digests.count)
            if !digests.isEmpty { state.expiries.append(time) }
            return Array(digests)
        }
    }
    func gallery(before time: Timestamp?, limit: Int) async throws(StoreError) -> [GalleryEntry] { [] }
    func galleryEntry(at time: Timestamp) async throws(StoreError) -> GalleryEntry? { nil }
    func galleryEntry(of image: ImageID) async throws(StoreError) -> GalleryEntry? { nil }
    func ensureUser(email: String, isAdmin: Bool, now: Timestamp, id: UserID) async throws(StoreError) -> UserRecord {
        UserRecord(id: id, email: email, isAdmin: isAdmin, created: now)
    }
    func user(_ id: UserID) async throws(StoreError) -> UserRecord? { nil }
    func addKey(_ key: KeyRecord) async throws(StoreError) {}
    func key(hash: String) async throws(StoreError) -> KeyRecord? { nil }
    func revokeKey(_ id: KeyID, owner: UserID, now: Timestamp) async throws(StoreError) -> Bool { false }
    func spend(since: Timestamp, until: Timestamp?, by columns: [SpendColumn]) async throws(StoreError) -> [SpendRow] {
        []
    }
    func ping() async throws(StoreError) {}
}
