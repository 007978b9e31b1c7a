// TEMPORARY: stands in for operations that a backend does not have yet; deleted when all have them.
extension Store {
    private func pending() -> StoreError { .unavailable("not built yet") }
    package func sweep(now: Timestamp) async throws(StoreError) { throw pending() }
    package func accept(_ acceptance: Acceptance) async throws(StoreError) -> AcceptanceOutcome { throw pending() }
    package func begin(_ attempt: AttemptRecord, of lease: JobLease, caps: [SpendCap]) async throws(StoreError)
        -> AttemptAdmission
    { throw pending() }
    package func update(_ attempt: AttemptRecord, of lease: JobLease) async throws(StoreError) -> Bool {
        throw pending()
    }
    package func finish(_ end: JobEnd) async throws(StoreError) -> JobRecord? { throw pending() }
    package func claimJobs(by daemon: DaemonID, for duration: Duration, now: Timestamp, limit: Int)
        async throws(StoreError) -> [ClaimedJob]
    { throw pending() }
    package func renewLeases(of daemon: DaemonID, for duration: Duration, now: Timestamp) async throws(StoreError)
        -> [HeldJob]
    { throw pending() }
    package func requestCancel(_ job: JobID) async throws(StoreError) -> Bool { throw pending() }
    package func spent(on day: Day) async throws(StoreError) -> [SpendSubject: MicroUSD] { throw pending() }
    package func repeats(of owner: UserID, key: String, now: Timestamp) async throws(StoreError)
        -> IdempotencyRecord?
    { throw pending() }
    package func claimKey(_ claim: IdempotencyClaim, now: Timestamp) async throws(StoreError) -> IdempotencyRecord? {
        throw pending()
    }
    package func keepAnswer(_ answer: KeptAnswer, owner: UserID, key: String) async throws(StoreError) {
        throw pending()
    }
    package func releaseKey(owner: UserID, key: String) async throws(StoreError) { throw pending() }
    package func addUser(_ user: UserRecord, passwordHash: String) async throws(StoreError) { throw pending() }
    package func credentials(email: String) async throws(StoreError) -> (user: UserRecord, passwordHash: String?)? {
        throw pending()
    }
    package func setPassword(_ passwordHash: String, of user: UserID) async throws(StoreError) -> Bool {
        throw pending()
    }
    package func setAdmin(_ isAdmin: Bool, of user: UserID) async throws(StoreError) -> Bool { throw pending() }
    package func users(after: UserID?, limit: Int) async throws(StoreError) -> [UserRecord] { throw pending() }
    package func addSession(_ session: SessionRecord) async throws(StoreError) { throw pending() }
    package func session(tokenHash: String, now: Timestamp) async throws(StoreError)
        -> (session: SessionRecord, user: UserRecord)?
    { throw pending() }
    package func endSession(tokenHash: String) async throws(StoreError) { throw pending() }
    package func endSessions(of user: UserID, butFor tokenHash: String?) async throws(StoreError) { throw pending() }
    package func audit(_ entry: AuditEntry) async throws(StoreError) { throw pending() }
    package func auditTrail(after: AuditID?, limit: Int) async throws(StoreError) -> [AuditEntry] { throw pending() }
    package func balance(of user: UserID, on day: Day) async throws(StoreError) -> Balance { throw pending() }
    package func transfer(_ transfer: LedgerTransfer) async throws(StoreError) -> TransferOutcome { throw pending() }
    package func statement(of user: UserID, offset: Int, limit: Int) async throws(StoreError) -> [LedgerEntry] {
        throw pending()
    }
    package func ledgerTotals() async throws(StoreError) -> LedgerTotals { throw pending() }
    package func seal(limit: Int) async throws(StoreError) -> Int { throw pending() }
    package func verifyLedger() async throws(StoreError) -> LedgerReport { throw pending() }
    package func usage(_ query: UsageQuery) async throws(StoreError) -> [UsageRow] { throw pending() }
    package func unreferenced(_ digests: [String]) async throws(StoreError) -> [String] { throw pending() }
    package func claimWebhooks(for duration: Duration, now: Timestamp, limit: Int) async throws(StoreError)
        -> [WebhookDelivery]
    { throw pending() }
    package func settleWebhook(_ id: WebhookID, tries: Int, next: Timestamp?, isDelivered: Bool)
        async throws(StoreError)
    { throw pending() }
    package func nextWebhook() async throws(StoreError) -> Timestamp? { throw pending() }
}
