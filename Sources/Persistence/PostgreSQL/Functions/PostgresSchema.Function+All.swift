extension PostgresSchema.Function {
    /// The operations of several steps, those that others call first.
    ///
    /// Locks are taken in one order, so that no two operations wait for each other: the job that is worked on, the key of
    /// repeats, windows of rates by subject, counters of spend by day and subject, the user's account, its allowance, the
    /// house's account, the gallery. What an operation refuses is undone by its inner block, of which nothing remains.
    static let all = [
        clock, known, takeKey, fullRate, takeRates, places, fullCap, count, accepted, accept, attempt, finish,
        claimJobs,
        transfer,
        seal,
        identify, removeUser,
        amend, give, expire,
    ]

    /// The state by which an inner block says that all it did shall be undone.
    static let refusal = "ORREF"

    /// Two numbers each, as the schema's own lock is one: operations that happen one at a time.
    static let galleryLock = "1332896616, 1"
    static let sealLock = "1332896616, 2"

    /// What leases and windows are judged by: the server's clock, as those of daemons differ.
    static let clock = PostgresSchema.Function(
        name: "orchestrator_clock",
        version: 1,
        text: """
            CREATE OR REPLACE FUNCTION orchestrator_clock() RETURNS bigint LANGUAGE sql VOLATILE AS $$
                SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
            $$
            """
    )
}

/// A table's columns, as statements name them.
enum PostgresColumns {
    static let job = [
        "id", "owner", "key_id", "request_id", "operation", "status", "model", "policy", "created_ms", "started_ms",
        "finished_ms", "cost_micro_usd", "request", "answer", "adapted", "error", "fence", "lease_owner",
        "lease_until_ms",
        "quote", "credits_reserved", "credits_charged", "credits_refunded", "free_reserved", "free_used", "free_day",
    ]

    static let attempt = [
        "job_id", "n", "provider", "model", "tier", "count", "started_ms", "ended_ms", "outcome", "label",
        "cost_micro_usd", "delivered", "handle", "usage", "paid_by_caller",
        "quoted_micro_usd", "billed_micro_usd",
    ]

    static let image = [
        "id", "job_id", "owner", "position", "created_ms", "digest", "byte_count", "format", "width", "height",
        "has_alpha", "provider", "model", "tier", "cost_micro_usd", "seed_bits", "revised_prompt", "is_public",
        "provenance", "original_digest", "original_format",
    ]

    static func list(_ columns: [String]) -> String { columns.joined(separator: ", ") }

    /// Adds the rows of a JSON array, the members named like the columns.
    static func insertion(into table: String, _ columns: [String], from rows: String) -> String {
        """
        INSERT INTO \(table) (\(list(columns))) SELECT \(list(columns))
        FROM jsonb_populate_recordset(NULL::\(table), \(rows))
        """
    }

    /// The same for attempts, over what stands under their numbers.
    static func attemptsPut(from rows: String) -> String {
        let changes = attempt.dropFirst(2).map { "\($0) = EXCLUDED.\($0)" }
        return insertion(into: "attempts", attempt, from: rows)
            + " ON CONFLICT (job_id, n) DO UPDATE SET " + changes.joined(separator: ", ")
    }
}
