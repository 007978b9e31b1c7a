internal import Orchestrator

extension Connection {
    /// Who works on a job from its acceptance on.
    struct FirstLease {
        var owner: DaemonID
        var until: Timestamp
    }

    /// Writes a job with its attempts, pictures and announcement.
    func insert(_ job: JobRecord, lease: FirstLease, webhook: WebhookTarget?) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO jobs (id, owner, key_id, request_id, operation, status, model, policy, created_ms, started_ms,
                finished_ms, cost_micro_usd, request, answer, adapted, error, fence, lease_owner, lease_until_ms, quote,
                credits_reserved, credits_charged, credits_refunded, free_reserved, free_used, free_day)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        .bind(job.id).bind(job.owner).bind(job.key?.text).bind(job.requestID).bind(word: job.operation)
        .bind(word: job.status).bind(job.request["model"]?.string ?? "").bind(job.policy).bind(job.created)
        .bind(job.started).bind(job.finished).bind(job.cost).bind(.object(job.request)).bind(job.answer.json)
        .bind(Connection.json(job.adapted)).bind(job.error?.record)
        .bind(JobLease.first(of: job.id).fence).bind(lease.owner).bind(lease.until).bind(job.quote?.json)
        .bind(job.credits.reserved).bind(job.credits.charged).bind(job.credits.refunded)
        .bind(job.credits.freeReserved).bind(job.credits.freeUsed).bind(job.credits.freeDay)
        .run()
        for attempt in job.attempts { try insert(attempt, of: job.id) }
        try count(SpendTally(of: job))
        for image in job.images { try insert(image) }
        if let webhook { try insert(webhook, of: job.id) }
    }

    /// Writes the end of a job that has none yet, once; what was fixed at its acceptance stays. Nil: somebody else has the
    /// job, or it has ended.
    func finish(_ end: JobEnd) throws(DatabaseError) -> JobRecord? {
        guard let open = try openJob(end.job.id), open.fence == end.lease.fence else { return nil }
        var job = end.job
        let isCharged = job.status == .succeeded
        let at = job.finished ?? job.created
        job.credits = open.credits
        if let hold = try resolveHold(of: job.id, charge: isCharged ? end.charge : .zero, at: at) {
            job.credits.charged = hold.creditsCharged
        }
        job.credits.refunded = job.credits.reserved - job.credits.charged
        if let day = job.credits.freeDay {
            job.credits.freeUsed = isCharged ? min(max(0, end.freeUsed), job.credits.freeReserved) : 0
            try giveBack(job.credits.freeReserved - job.credits.freeUsed, to: open.owner, on: day)
        }
        guard try writeEnd(of: job, fence: open.fence) else {
            throw .unreadable("job '\(job.id)' changed while it was ended")
        }
        try replaceAttempts(by: job.attempts, of: job.id, key: open.key)
        for image in job.images {
            try insert(image)
            if end.inGallery { try hang(image.id, at: job.finished ?? image.created) }
        }
        try releaseWebhook(of: job.id, at: at)
        return job
    }

    private func writeEnd(of job: JobRecord, fence: Int64) throws(DatabaseError) -> Bool {
        try statement(
            """
            UPDATE jobs SET status = ?, policy = ?, started_ms = ?, finished_ms = ?, cost_micro_usd = ?, answer = ?,
                adapted = ?, error = ?, credits_charged = ?, credits_refunded = ?, free_used = ?
            WHERE id = ? AND fence = ? AND status IN ('queued', 'running')
            """
        )
        .bind(word: job.status).bind(job.policy).bind(job.started).bind(job.finished).bind(job.cost)
        .bind(job.answer.json).bind(Connection.json(job.adapted)).bind(job.error?.record)
        .bind(job.credits.charged).bind(job.credits.refunded).bind(job.credits.freeUsed)
        .bind(job.id).bind(fence).run()
        return changes == 1
    }

    /// What the writing of an end has to know of a job that has none.
    private struct OpenJob {
        var owner: UserID
        var key: KeyID?
        var fence: Int64
        var credits: JobCredits
    }

    private func openJob(_ id: JobID) throws(DatabaseError) -> OpenJob? {
        try statement(
            """
            SELECT owner, key_id, fence, credits_reserved, free_reserved, free_day FROM jobs
            WHERE id = ? AND status IN ('queued', 'running')
            """
        )
        .bind(id).first { row in
            var credits = JobCredits()
            credits.reserved = Int(row.integer(3))
            credits.freeReserved = Int(row.integer(4))
            credits.freeDay = row.optionalDay(5)
            return OpenJob(owner: row.id(0), key: row.optionalID(1), fence: row.integer(2), credits: credits)
        }
    }

    private static func json(_ adapted: [Adaptation]) -> JSON? {
        adapted.isEmpty ? nil : .array(adapted.map(\.json))
    }
}
