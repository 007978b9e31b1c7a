package import Orchestrator

// MARK: - Jobs

extension SQLiteStore {
    package func accept(_ acceptance: Acceptance) async throws(StoreError) -> AcceptanceOutcome {
        try await write { db throws(DatabaseError) in try db.accept(acceptance) }
    }

    package func begin(
        _ attempt: AttemptRecord,
        of lease: JobLease,
        caps: [SpendCap]
    ) async throws(StoreError) -> AttemptAdmission {
        try await write { db throws(DatabaseError) in try db.begin(attempt, of: lease, caps: caps) }
    }

    package func update(_ attempt: AttemptRecord, of lease: JobLease) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.update(attempt, of: lease) }
    }

    package func finish(_ end: JobEnd) async throws(StoreError) -> JobRecord? {
        try await write { db throws(DatabaseError) in try db.finish(end) }
    }

    package func claimJobs(
        by daemon: DaemonID,
        for duration: Duration,
        now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [ClaimedJob] {
        try await write { db throws(DatabaseError) in
            try db.claimJobs(by: daemon, until: now + duration, now: now, limit: limit)
        }
    }

    package func renewLeases(
        of daemon: DaemonID,
        for duration: Duration,
        now: Timestamp
    ) async throws(StoreError) -> [HeldJob] {
        try await write { db throws(DatabaseError) in try db.renewLeases(of: daemon, until: now + duration) }
    }

    package func requestCancel(_ job: JobID) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.requestCancel(job) }
    }

    package func job(_ id: JobID) async throws(StoreError) -> JobRecord? {
        try await read { db throws(DatabaseError) in try db.job(id) }
    }

    package func jobs(_ query: JobQuery) async throws(StoreError) -> [JobRecord] {
        try await read { db throws(DatabaseError) in try db.jobs(query) }
    }

    package func spend(
        since: Timestamp,
        until: Timestamp?,
        by columns: [SpendColumn]
    ) async throws(StoreError) -> [SpendRow] {
        try await read { db throws(DatabaseError) in try db.spend(since: since, until: until, by: columns) }
    }

    package func spent(on day: Day) async throws(StoreError) -> [SpendSubject: MicroUSD] {
        try await read { db throws(DatabaseError) in try db.spent(on: day) }
    }
}

// MARK: - Usage

extension SQLiteStore {
    package func usage(_ query: UsageQuery) async throws(StoreError) -> [UsageRow] {
        try await read { db throws(DatabaseError) in try db.usage(query) }
    }

    package func drift(
        since: Timestamp,
        until: Timestamp?,
        by columns: [SpendColumn]
    ) async throws(StoreError) -> [DriftRow] {
        try await read { db throws(DatabaseError) in try db.drift(since: since, until: until, by: columns) }
    }
}

// MARK: - Repeats

extension SQLiteStore {
    package func repeats(
        of owner: UserID,
        key: String,
        now: Timestamp
    ) async throws(StoreError) -> IdempotencyRecord? {
        try await read { db throws(DatabaseError) in try db.repeats(of: owner, key: key, now: now) }
    }

    package func claimKey(_ claim: IdempotencyClaim, now: Timestamp) async throws(StoreError) -> IdempotencyRecord? {
        try await write { db throws(DatabaseError) in try db.claim(claim, now: now) }
    }

    package func keepAnswer(_ answer: KeptAnswer, owner: UserID, key: String) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.keep(answer, owner: owner, key: key) }
    }

    package func releaseKey(owner: UserID, key: String) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.releaseKey(owner: owner, key: key) }
    }
}

// MARK: - Announcements

extension SQLiteStore {
    package func claimWebhooks(
        for duration: Duration,
        now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [WebhookDelivery] {
        try await write { db throws(DatabaseError) in
            try db.claimWebhooks(until: now + duration, now: now, limit: limit)
        }
    }

    package func settleWebhook(
        _ id: WebhookID,
        tries: Int,
        next: Timestamp?,
        isDelivered: Bool
    ) async throws(StoreError) {
        try await write { db throws(DatabaseError) in
            try db.settleWebhook(id, tries: tries, next: next, isDelivered: isDelivered)
        }
    }

    package func nextWebhook() async throws(StoreError) -> Timestamp? {
        try await read { db throws(DatabaseError) in try db.nextWebhook() }
    }
}
