internal import Orchestrator

extension Connection {
    /// Removes what has run out, a thousand rows of each kind: other writers wait meanwhile.
    func sweep(now: Timestamp) throws(DatabaseError) {
        try statement(
            """
            DELETE FROM idempotency WHERE (owner, key) IN (
                SELECT kept.owner, kept.key FROM idempotency AS kept LEFT JOIN jobs ON jobs.id = kept.job_id
                WHERE kept.expires_ms <= ?
                    AND (kept.status IS NOT NULL OR jobs.status IN ('succeeded', 'failed', 'canceled'))
                ORDER BY kept.expires_ms LIMIT 1000)
            """
        )
        .bind(now).run()
        try statement(
            """
            DELETE FROM sessions WHERE token_hash IN (
                SELECT token_hash FROM sessions WHERE expires_ms <= ? ORDER BY expires_ms LIMIT 1000)
            """
        )
        .bind(now).run()
        try statement(
            """
            DELETE FROM rate_windows WHERE subject IN (
                SELECT subject FROM rate_windows WHERE end_ms <= ? ORDER BY end_ms LIMIT 1000)
            """
        )
        .bind(now).run()
        try statement(
            """
            DELETE FROM sign_ins WHERE state_hash IN (
                SELECT state_hash FROM sign_ins WHERE expires_ms <= ? ORDER BY expires_ms LIMIT 1000)
            """
        )
        .bind(now).run()
        try statement(
            """
            DELETE FROM device_grants WHERE code_hash IN (
                SELECT code_hash FROM device_grants WHERE expires_ms <= ? ORDER BY expires_ms LIMIT 1000)
            """
        )
        .bind(now + (.zero - DeviceGrant.memory)).run()
    }
}
