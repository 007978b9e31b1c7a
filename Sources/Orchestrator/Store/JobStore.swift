/// Jobs, from acceptance to their end.
///
/// Whoever works on a job holds its lease; every later write names the lease's fence and does nothing once another
/// process has taken the job over.
package protocol JobStore {
    /// Takes a request in: the key of its repeats, limits, caps, credits, and the job with its first intents and its lease;
    /// all of it or nothing. Throws `.conflict` when the job's id is taken.
    func accept(_ acceptance: Acceptance) async throws(StoreError) -> AcceptanceOutcome

    /// Writes the intent of an attempt, with its worst cost taken out of the caps; a queued job is running from then on.
    func begin(_ attempt: AttemptRecord, of lease: JobLease, caps: [SpendCap]) async throws(StoreError)
        -> AttemptAdmission

    /// Writes what has become known of an attempt: its handle, or how it ended. False when the lease is lost.
    func update(_ attempt: AttemptRecord, of lease: JobLease) async throws(StoreError) -> Bool

    /// Writes a job's end with its attempts, pictures, charge and announcement; returns the job as it stands then, with
    /// what it was charged. Attempts that the end does not have were never made, and are forgotten. Nil when the lease is
    /// lost or the job has ended: nothing was written.
    func finish(_ end: JobEnd) async throws(StoreError) -> JobRecord?

    /// Takes over at most `limit` unfinished jobs whose lease has run out, oldest first; each lease is good for `duration`.
    func claimJobs(
        by daemon: DaemonID,
        for duration: Duration,
        now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [ClaimedJob]

    /// Renews every lease of a daemon, and names the jobs it still holds, with those that somebody asked to cancel.
    func renewLeases(
        of daemon: DaemonID,
        for duration: Duration,
        now: Timestamp
    ) async throws(StoreError) -> [HeldJob]

    /// Notes that a job shall be cancelled, for the daemon that works on it; false when it has ended or does not exist.
    func requestCancel(_ job: JobID) async throws(StoreError) -> Bool

    func job(_ id: JobID) async throws(StoreError) -> JobRecord?

    /// Newest first.
    func jobs(_ query: JobQuery) async throws(StoreError) -> [JobRecord]

    /// Sums over attempts begun in `since..<until`, grouped by the given columns in that order and sorted by them. A day
    /// is written `YYYY-MM-DD`; the key of a job without one is the empty text.
    func spend(since: Timestamp, until: Timestamp?, by columns: [SpendColumn]) async throws(StoreError) -> [SpendRow]

    /// What has been taken out of the caps on a day, reservations included.
    func spent(on day: Day) async throws(StoreError) -> [SpendSubject: MicroUSD]
}

/// Names one run of one daemon process.
package struct DaemonID: RecordID {
    package static let prefix = "dmn"
    package let text: String
    package init(trusted text: String) { self.text = text }
}

/// The right to work on a job: good as long as no one else has taken the job, which makes the fence one higher.
package struct JobLease: Sendable, Hashable {
    package var job: JobID
    package var fence: Int64

    package init(job: JobID, fence: Int64) {
        self.job = job
        self.fence = fence
    }

    /// The lease that comes with a job's acceptance.
    package static func first(of job: JobID) -> JobLease { JobLease(job: job, fence: 1) }
}

/// A job taken over from a process that no longer works on it.
package struct ClaimedJob: Sendable {
    package var job: JobRecord
    package var lease: JobLease
    /// How often it has been taken over, this time included.
    package var claims: Int
    /// Whether somebody asked to cancel it.
    package var isCancelRequested: Bool

    package init(job: JobRecord, lease: JobLease, claims: Int, isCancelRequested: Bool) {
        self.job = job
        self.lease = lease
        self.claims = claims
        self.isCancelRequested = isCancelRequested
    }
}

/// One job that a daemon holds the lease of.
package struct HeldJob: Sendable, Hashable {
    package var lease: JobLease
    package var isCancelRequested: Bool

    package init(lease: JobLease, isCancelRequested: Bool) {
        self.lease = lease
        self.isCancelRequested = isCancelRequested
    }
}

/// What became of an attempt's intent.
package enum AttemptAdmission: Sendable, Hashable {
    /// On record: the vendor may be called.
    case begun
    /// It would pass a cap; nothing was written.
    case capped(SpendSubject)
    /// Another process has the job; nothing was written.
    case lost
}

/// A job's end, as it shall be recorded.
package struct JobEnd: Sendable {
    /// With its final status.
    package var job: JobRecord
    package var lease: JobLease
    /// What the pictures cost their owner; zero unless the job succeeded. At most what was held: the rest goes back.
    package var charge = MicroUSD.zero
    /// Free uses that the pictures took; the others go back to the day they came from.
    package var freeUsed = 0
    /// Each picture gets its place in the gallery as well: the time of the job's end, or the millisecond after the last
    /// place that was ever given, whichever is later.
    package var inGallery = false

    package init(job: JobRecord, lease: JobLease) {
        self.job = job
        self.lease = lease
    }
}
