internal import Orchestrator

/// What the holder of a job's lease writes, and how leases change hands.
extension Connection {
    func begin(_ attempt: AttemptRecord, of lease: JobLease, caps: [SpendCap]) throws(DatabaseError) -> AttemptAdmission
    {
        guard let job = try leased(lease), job.isOpen else { return .lost }
        var tally = SpendTally()
        try remove(attempt.n, of: lease.job, key: job.key, from: &tally)
        tally.add(attempt, key: job.key)
        if let subject = try capPassed(by: tally, of: caps) { return .capped(subject) }
        try put(attempt, of: lease.job)
        try count(tally)
        try setRunning(lease.job, from: attempt.started)
        return .begun
    }

    func update(_ attempt: AttemptRecord, of lease: JobLease) throws(DatabaseError) -> Bool {
        guard let job = try leased(lease) else { return false }
        try put(attempt, of: lease.job, key: job.key)
        return true
    }

    func setRunning(_ job: JobID, from time: Timestamp) throws(DatabaseError) {
        try statement(
            "UPDATE jobs SET status = 'running', started_ms = coalesce(started_ms, ?) WHERE id = ? AND status = 'queued'"
        )
        .bind(time).bind(job).run()
    }

    /// What a lease's holder has to know to write; nil when the lease is lost.
    private func leased(_ lease: JobLease) throws(DatabaseError) -> (key: KeyID?, isOpen: Bool)? {
        try statement("SELECT key_id, status IN ('queued', 'running') FROM jobs WHERE id = ? AND fence = ?")
            .bind(lease.job).bind(lease.fence).first { (key: $0.optionalID(0), isOpen: $0.bool(1)) }
    }

    func claimJobs(
        by daemon: DaemonID,
        until: Timestamp,
        now: Timestamp,
        limit: Int
    ) throws(DatabaseError) -> [ClaimedJob] {
        let claims = try statement(
            """
            UPDATE jobs SET fence = fence + 1, claims = claims + 1, lease_owner = ?, lease_until_ms = ?
            WHERE id IN (SELECT id FROM jobs INDEXED BY jobs_by_lease
                WHERE status IN ('queued', 'running') AND lease_until_ms <= ? ORDER BY id LIMIT ?)
            RETURNING id, fence, claims, cancel_requested
            """
        )
        .bind(daemon).bind(until).bind(now).bind(limit).all { row in
            (
                lease: JobLease(job: row.id(0), fence: row.integer(1)), claims: Int(row.integer(2)),
                isCancelRequested: row.bool(3)
            )
        }
        var jobs: [ClaimedJob] = []
        for claim in claims.sorted(by: { $0.lease.job < $1.lease.job }) {
            guard let job = try job(claim.lease.job) else { continue }
            jobs.append(
                ClaimedJob(
                    job: job,
                    lease: claim.lease,
                    claims: claim.claims,
                    isCancelRequested: claim.isCancelRequested
                )
            )
        }
        return jobs
    }

    func renewLeases(of daemon: DaemonID, until: Timestamp) throws(DatabaseError) -> [HeldJob] {
        try statement(
            """
            UPDATE jobs SET lease_until_ms = ? WHERE lease_owner = ? AND status IN ('queued', 'running')
            RETURNING id, fence, cancel_requested
            """
        )
        .bind(until).bind(daemon).all { row in
            HeldJob(lease: JobLease(job: row.id(0), fence: row.integer(1)), isCancelRequested: row.bool(2))
        }
        .sorted { $0.lease.job < $1.lease.job }
    }

    func requestCancel(_ job: JobID) throws(DatabaseError) -> Bool {
        try statement("UPDATE jobs SET cancel_requested = 1 WHERE id = ? AND status IN ('queued', 'running')")
            .bind(job).run()
        return changes == 1
    }

    /// Ends every lease: whoever held one is gone, as one process at a time has the file open.
    func endLeases() throws(DatabaseError) {
        try statement(
            "UPDATE jobs SET lease_until_ms = 0 WHERE status IN ('queued', 'running') AND lease_until_ms > 0"
        )
        .run()
    }
}
