internal import Orchestrator

extension Connection {
    /// Notes where a job's end shall be announced.
    func insert(_ target: WebhookTarget, of job: JobID) throws(DatabaseError) {
        try statement("INSERT INTO webhooks (id, job_id, url, secret, state, tries) VALUES (?, ?, ?, ?, 'waiting', 0)")
            .bind(target.id).bind(job).bind(target.url).bind(target.secret).run()
    }

    /// Makes the announcement of a job that has ended due.
    func releaseWebhook(of job: JobID, at time: Timestamp) throws(DatabaseError) {
        try statement(
            "UPDATE webhooks SET state = 'due', ready_ms = ?, next_ms = ? WHERE job_id = ? AND state = 'waiting'"
        )
        .bind(time).bind(time).bind(job).run()
    }

    /// Who takes a delivery over makes it due again for the time when it should be done: that is the lease.
    func claimWebhooks(until: Timestamp, now: Timestamp, limit: Int) throws(DatabaseError) -> [WebhookDelivery] {
        try statement(
            """
            UPDATE webhooks SET next_ms = ?
            WHERE id IN (SELECT id FROM webhooks WHERE state = 'due' AND next_ms <= ? ORDER BY next_ms, id LIMIT ?)
            RETURNING id, url, secret, job_id, tries, ready_ms
            """
        )
        .bind(until).bind(now).bind(limit).all { row in
            WebhookDelivery(
                target: WebhookTarget(id: row.id(0), url: row.text(1), secret: row.text(2)),
                job: row.id(3),
                tries: Int(row.integer(4)),
                ready: row.time(5)
            )
        }
        .sorted { ($0.ready, $0.target.id) < ($1.ready, $1.target.id) }
    }

    /// A delivery that was made stays so, whatever a slower try says.
    func settleWebhook(
        _ id: WebhookID,
        tries: Int,
        next: Timestamp?,
        isDelivered: Bool
    ) throws(DatabaseError) {
        let next = isDelivered ? nil : next
        try statement("UPDATE webhooks SET state = ?, tries = ?, next_ms = ? WHERE id = ? AND state = 'due'")
            .bind(isDelivered ? "delivered" : next == nil ? "abandoned" : "due").bind(tries).bind(next).bind(id).run()
    }

    func nextWebhook() throws(DatabaseError) -> Timestamp? {
        try statement("SELECT next_ms FROM webhooks WHERE state = 'due' ORDER BY next_ms LIMIT 1").first { $0.time(0) }
    }
}
