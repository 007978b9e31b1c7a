@testable import Orchestrator

/// What a record in a test of the engine need not have.
extension Store {
    private func unasked() -> StoreError { .unavailable("the engine does not ask for this") }
    func sweep(now: Timestamp) async throws(StoreError) { throw unasked() }
    func accept(_ acceptance: Acceptance) async throws(StoreError) -> AcceptanceOutcome { throw unasked() }
    func begin(_ attempt: AttemptRecord, of lease: JobLease, caps: [SpendCap]) async throws(StoreError)
        -> AttemptAdmission
    { throw unasked() }
    func update(_ attempt: AttemptRecord, of lease: JobLease) async throws(StoreError) -> Bool {
        throw unasked()
    }
    func finish(_ end: JobEnd) async throws(StoreError) -> JobRecord? { throw unasked() }
    func claimJobs(by daemon: DaemonID, for duration: Duration, now: Timestamp, limit: Int)
        async throws(StoreError) -> [ClaimedJob]
    { throw unasked() }
    func renewLeases(of daemon: DaemonID, for duration: Duration, now: Timestamp) async throws(StoreError)
        -> [HeldJob]
    { throw unasked() }
    func requestCancel(_ job: JobID) async throws(StoreError) -> Bool { throw unasked() }
    func spent(on day: Day) async throws(StoreError) -> [SpendSubject: MicroUSD] { throw unasked() }
    func repeats(of owner: UserID, key: String, now: Timestamp) async throws(StoreError)
        -> IdempotencyRecord?
    { throw unasked() }
    func claimKey(_ claim: IdempotencyClaim, now: Timestamp) async throws(StoreError) -> IdempotencyRecord? {
        throw unasked()
    }
    func keepAnswer(_ answer: KeptAnswer, owner: UserID, key: String) async throws(StoreError) {
        throw unasked()
    }
    func releaseKey(owner: UserID, key: String) async throws(StoreError) { throw unasked() }
    func addUser(_ user: UserRecord, passwordHash: String) async throws(StoreError) { throw unasked() }
    func credentials(email: String) async throws(StoreError) -> (user: UserRecord, passwordHash: String?)? {
        throw unasked()
    }
    func setPassword(_ passwordHash: String, of user: UserID) async throws(StoreError) -> Bool {
        throw unasked()
    }
    func setAdmin(_ isAdmin: Bool, of user: UserID) async throws(StoreError) -> Bool { throw unasked() }
    func users(after: UserID?, limit: Int) async throws(StoreError) -> [UserRecord] { throw unasked() }
    func addSession(_ session: SessionRecord) async throws(StoreError) { throw unasked() }
    func session(tokenHash: String, now: Timestamp) async throws(StoreError)
        -> (session: SessionRecord, user: UserRecord)?
    { throw unasked() }
    func endSession(tokenHash: String) async throws(StoreError) { throw unasked() }
    func endSessions(of user: UserID, butFor tokenHash: String?) async throws(StoreError) { throw unasked() }
    func audit(_ entry: AuditEntry) async throws(StoreError) { throw unasked() }
    func auditTrail(after: AuditID?, limit: Int) async throws(StoreError) -> [AuditEntry] { throw unasked() }
    func balance(of user: UserID, on day: Day) async throws(StoreError) -> Balance { throw unasked() }
    func transfer(_ transfer: LedgerTransfer) async throws(StoreError) -> TransferOutcome { throw unasked() }
    func statement(of user: UserID, offset: Int, limit: Int) async throws(StoreError) -> [LedgerEntry] {
        throw unasked()
    }
    func ledgerTotals() async throws(StoreError) -> LedgerTotals { throw unasked() }
    func seal(limit: Int) async throws(StoreError) -> Int { throw unasked() }
    func verifyLedger() async throws(StoreError) -> LedgerReport { throw unasked() }
    func usage(_ query: UsageQuery) async throws(StoreError) -> [UsageRow] { throw unasked() }
    func drift(since: Timestamp, until: Timestamp?, by columns: [SpendColumn]) async throws(StoreError) -> [DriftRow] {
        throw unasked()
    }
    func unreferenced(_ digests: [String]) async throws(StoreError) -> [String] { throw unasked() }
    func claimWebhooks(for duration: Duration, now: Timestamp, limit: Int) async throws(StoreError)
        -> [WebhookDelivery]
    { throw unasked() }
    func settleWebhook(_ id: WebhookID, tries: Int, next: Timestamp?, isDelivered: Bool)
        async throws(StoreError)
    { throw unasked() }
    func nextWebhook() async throws(StoreError) -> Timestamp? { throw unasked() }
    func addDeviceGrant(_ grant: DeviceGrant) async throws(StoreError) { throw unasked() }
    func deviceGrant(codeHash: String) async throws(StoreError) -> DeviceGrant? { throw unasked() }
    func deviceGrant(userCode: String) async throws(StoreError) -> DeviceGrant? { throw unasked() }
    func notePoll(of grant: DeviceGrant, at now: Timestamp, interval: Int) async throws(StoreError) -> Bool {
        throw unasked()
    }
    func decideDevice(userCode: String, by user: UserID, isApproved: Bool, now: Timestamp) async throws(StoreError)
        -> Bool
    { throw unasked() }
    func redeemDevice(codeHash: String, for key: KeyRecord, now: Timestamp) async throws(StoreError) -> Bool {
        throw unasked()
    }
    func addSignIn(_ signIn: PendingSignIn) async throws(StoreError) { throw unasked() }
    func takeSignIn(stateHash: String, now: Timestamp) async throws(StoreError) -> PendingSignIn? {
        throw unasked()
    }
    func identify(_ identity: ProvenIdentity, orAdd newUser: UserRecord, owner: UserID?, now: Timestamp)
        async throws(StoreError) -> IdentifiedUser
    { throw unasked() }
    func removeUser(_ user: UserID) async throws(StoreError) -> UserRemoval { throw unasked() }
    func addPurchase(_ purchase: Purchase) async throws(StoreError) { throw unasked() }
    func purchase(_ id: PurchaseID) async throws(StoreError) -> Purchase? { throw unasked() }
    func purchase(paidBy payment: String, _ method: PaymentMethod) async throws(StoreError) -> Purchase? {
        throw unasked()
    }
    func purchases(of user: UserID?, after: PurchaseID?, limit: Int) async throws(StoreError) -> [Purchase] {
        throw unasked()
    }
    func duePurchases(now: Timestamp, limit: Int) async throws(StoreError) -> [Purchase] { throw unasked() }
    func amend(_ amendment: PurchaseAmendment) async throws(StoreError) -> Bool { throw unasked() }
    func purchaseTotals() async throws(StoreError) -> PurchaseTotals { throw unasked() }
    func paymentProduct(_ name: String) async throws(StoreError) -> String? { throw unasked() }
    func setPaymentProduct(_ product: String, for name: String) async throws(StoreError) { throw unasked() }
    func give(_ grant: CreditGrant) async throws(StoreError) -> Bool { throw unasked() }
    func expiringGrants(of user: UserID) async throws(StoreError) -> [CreditGrant] { throw unasked() }
    func dueGrants(now: Timestamp, limit: Int) async throws(StoreError) -> [CreditGrant] { throw unasked() }
    func expire(_ grant: CreditGrant, transfer: LedgerTransfer?, lines: Int64, next: Timestamp?)
        async throws(StoreError) -> Bool
    { throw unasked() }
    func usersWithoutGrant(
        _ kind: CreditGrant.Kind,
        period: String,
        since: Timestamp,
        buyersOnly: Bool,
        limit: Int
    ) async throws(StoreError) -> [UserRecord] { throw unasked() }
    func statementLines(of user: UserID, after number: Int64, limit: Int) async throws(StoreError)
        -> [LedgerEntry]
    { throw unasked() }
    func openAlerts() async throws(StoreError) -> [OpenAlert] { throw unasked() }
    func keepAlert(_ alert: OpenAlert) async throws(StoreError) { throw unasked() }
    func forgetAlert(_ key: AlertKey) async throws(StoreError) { throw unasked() }
}
