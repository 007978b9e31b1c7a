package import Orchestrator

// MARK: - Repeats

extension PostgresStore {
    private static let knowing = PostgresStatement(
        "repeats",
        isRepeatable: true,
        "SELECT orchestrator_known($1, $2, $3)"
    )

    package func repeats(
        of owner: UserID,
        key: String,
        now: Timestamp
    ) async throws(StoreError) -> IdempotencyRecord? {
        try await ask(PostgresStore.knowing, [.id(owner), .text(key), .time(now)], PostgresStore.known)
    }

    private static func known(_ result: PostgresResult) throws(PostgresError) -> IdempotencyRecord? {
        let text = try result.first { row throws(PostgresError) in try row.optionalText(0) } ?? nil
        guard let text else { return nil }
        return try IdempotencyRecord(PostgresFields(text))
    }

    private static let taking = PostgresStatement(
        "claim-key",
        isRepeatable: true,
        "SELECT orchestrator_take_key($1, NULL, $2, $3)"
    )

    package func claimKey(_ claim: IdempotencyClaim, now: Timestamp) async throws(StoreError) -> IdempotencyRecord? {
        // A repeat of the statement finds its own claim, and no one else's.
        let name = Hex.text(SecureRandom().bytes(16))
        let values: [PostgresValue] = [.json(claim.json), .text(name), .time(now)]
        return try await ask(PostgresStore.taking, values, PostgresStore.known)
    }

    private static let keeping = PostgresStatement(
        "keep-answer",
        isRepeatable: true,
        """
        UPDATE idempotency SET status = $3, body = $4
        WHERE owner = $1 AND key = $2 AND job_id IS NULL AND status IS NULL
        """
    )

    package func keepAnswer(_ answer: KeptAnswer, owner: UserID, key: String) async throws(StoreError) {
        try await tell(PostgresStore.keeping, [.id(owner), .text(key), .count(answer.status), .text(answer.body)])
    }

    private static let releasing = PostgresStatement(
        "release-key",
        isRepeatable: true,
        "DELETE FROM idempotency WHERE owner = $1 AND key = $2 AND job_id IS NULL AND status IS NULL"
    )

    package func releaseKey(owner: UserID, key: String) async throws(StoreError) {
        try await tell(PostgresStore.releasing, [.id(owner), .text(key)])
    }
}

extension IdempotencyClaim {
    var json: JSONObject {
        [
            "owner": .string(owner.text), "key": .string(key), "fingerprint": .string(fingerprint),
            "expires": .time(expires),
        ]
    }
}

extension IdempotencyRecord {
    /// Reads what `orchestrator_known` says of a key.
    init(_ fields: PostgresFields) throws(PostgresError) {
        let status = try fields.optionalInteger("status")
        let body = try fields.optionalText("body") ?? ""
        self.init(
            fingerprint: try fields.text("fingerprint"),
            job: try fields.optionalID("job"),
            answer: status.map { KeptAnswer(status: Int($0), body: body) }
        )
    }
}

// MARK: - Announcements

extension PostgresStore {
    private static let dueWebhooks = PostgresStatement(
        "claim-webhooks",
        """
        WITH due AS (
            SELECT id FROM webhooks WHERE state = 'due' AND next_ms <= coalesce($3, orchestrator_clock())
            ORDER BY next_ms, id LIMIT $2 FOR UPDATE SKIP LOCKED
        ) UPDATE webhooks SET next_ms = coalesce($3, orchestrator_clock()) + $1 FROM due WHERE webhooks.id = due.id
        RETURNING row_to_json(webhooks)
        """
    )

    /// Who takes a delivery over makes it due again for the time when it should be done: that is the lease.
    package func claimWebhooks(
        for duration: Duration,
        now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [WebhookDelivery] {
        let values: [PostgresValue] = [.integer(duration.milliseconds), .count(limit), clock(at: now)]
        let claimed = try await ask(PostgresStore.dueWebhooks, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                let fields = try PostgresFields(row.text(0))
                return WebhookDelivery(
                    target: WebhookTarget(
                        id: try fields.id("id"),
                        url: try fields.text("url"),
                        secret: try fields.text("secret")
                    ),
                    job: try fields.id("job_id"),
                    tries: try fields.int("tries"),
                    ready: try fields.time("ready_ms")
                )
            }
        }
        return claimed.sorted { ($0.ready, $0.target.id) < ($1.ready, $1.target.id) }
    }

    /// A delivery that was made stays so, whatever a slower try says.
    private static let settling = PostgresStatement(
        "settle-webhook",
        isRepeatable: true,
        "UPDATE webhooks SET state = $2, tries = $3, next_ms = $4 WHERE id = $1 AND state = 'due'"
    )

    package func settleWebhook(
        _ id: WebhookID,
        tries: Int,
        next: Timestamp?,
        isDelivered: Bool
    ) async throws(StoreError) {
        let next = isDelivered ? nil : next
        let state = isDelivered ? "delivered" : next == nil ? "abandoned" : "due"
        try await tell(
            PostgresStore.settling,
            [.id(id), .text(state), .count(tries), .optional(next?.milliseconds)]
        )
    }

    private static let nextDue = PostgresStatement(
        "next-webhook",
        isRepeatable: true,
        "SELECT next_ms FROM webhooks WHERE state = 'due' ORDER BY next_ms LIMIT 1"
    )

    package func nextWebhook() async throws(StoreError) -> Timestamp? {
        try await ask(PostgresStore.nextDue, []) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in Timestamp(milliseconds: try row.integer(0)) }
        }
    }
}
