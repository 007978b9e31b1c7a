internal import Orchestrator

extension Connection {
    /// What is known of a key. One that has run out is as good as absent once its answer, or its job's end, is there.
    func repeats(of owner: UserID, key: String, now: Timestamp) throws(DatabaseError) -> IdempotencyRecord? {
        let found = try statement(
            "SELECT fingerprint, job_id, status, body, expires_ms FROM idempotency WHERE owner = ? AND key = ?"
        )
        .bind(owner).bind(key).first { row in
            let answer = row.optionalInteger(2).map { KeptAnswer(status: Int($0), body: row.text(3)) }
            return (
                record: IdempotencyRecord(fingerprint: row.text(0), job: row.optionalID(1), answer: answer),
                expires: row.time(4)
            )
        }
        guard let found else { return nil }
        guard found.expires <= now else { return found.record }
        if found.record.answer != nil { return nil }
        guard let job = found.record.job else { return found.record }
        let hasEnded = try statement("SELECT 1 FROM jobs WHERE id = ? AND status NOT IN ('queued', 'running')")
            .bind(job).first { _ in true }
        return hasEnded == true ? nil : found.record
    }

    func claim(_ claim: IdempotencyClaim, now: Timestamp) throws(DatabaseError) -> IdempotencyRecord? {
        if let known = try repeats(of: claim.owner, key: claim.key, now: now) { return known }
        try insert(claim, job: nil)
        return nil
    }

    /// Takes a key of which nothing is known any more.
    func insert(_ claim: IdempotencyClaim, job: JobID?) throws(DatabaseError) {
        try statement(
            """
            INSERT OR REPLACE INTO idempotency (owner, key, fingerprint, job_id, expires_ms) VALUES (?, ?, ?, ?, ?)
            """
        )
        .bind(claim.owner).bind(claim.key).bind(claim.fingerprint).bind(job?.text).bind(claim.expires).run()
    }

    func keep(_ answer: KeptAnswer, owner: UserID, key: String) throws(DatabaseError) {
        try statement(
            "UPDATE idempotency SET status = ?, body = ? WHERE owner = ? AND key = ? AND job_id IS NULL AND status IS NULL"
        )
        .bind(answer.status).bind(answer.body).bind(owner).bind(key).run()
    }

    /// Only what is merely claimed can be given back: an answer or a job stays.
    func releaseKey(owner: UserID, key: String) throws(DatabaseError) {
        try statement("DELETE FROM idempotency WHERE owner = ? AND key = ? AND job_id IS NULL AND status IS NULL")
            .bind(owner).bind(key).run()
    }
}
