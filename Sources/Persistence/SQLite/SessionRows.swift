internal import Orchestrator

// MARK: - Sessions

extension Connection {
    func add(_ session: SessionRecord) throws(DatabaseError) {
        try statement(
            "INSERT INTO sessions (token_hash, user_id, csrf_token, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?)"
        )
        .bind(session.tokenHash).bind(session.user).bind(session.csrfToken).bind(session.created)
        .bind(session.expires).run()
    }

    func session(tokenHash: String, now: Timestamp) throws(DatabaseError) -> (
        session: SessionRecord, user: UserRecord
    )? {
        try statement(
            """
            SELECT users.id, email, is_admin, users.created_ms, token_hash, csrf_token, sessions.created_ms, expires_ms
            FROM sessions JOIN users ON users.id = user_id WHERE token_hash = ? AND expires_ms > ?
            """
        )
        .bind(tokenHash).bind(now).first { row in
            let user = UserRecord(row)
            let session = SessionRecord(
                tokenHash: row.text(4),
                user: user.id,
                csrfToken: row.text(5),
                created: row.time(6),
                expires: row.time(7)
            )
            return (session: session, user: user)
        }
    }

    func endSession(tokenHash: String) throws(DatabaseError) {
        try statement("DELETE FROM sessions WHERE token_hash = ?").bind(tokenHash).run()
    }

    func endSessions(of user: UserID, butFor tokenHash: String?) throws(DatabaseError) {
        // No token has an empty hash.
        try statement("DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?").bind(user).bind(tokenHash ?? "")
            .run()
    }
}

// MARK: - Audit trail

extension Connection {
    func add(_ entry: AuditEntry) throws(DatabaseError) {
        try statement("INSERT INTO audit (id, at_ms, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(entry.id).bind(entry.at).bind(entry.actor?.text).bind(entry.action).bind(entry.subject)
            .bind(.object(entry.detail)).run()
    }

    func auditTrail(after: AuditID?, limit: Int) throws(DatabaseError) -> [AuditEntry] {
        let filter = after == nil ? "" : " WHERE id < ?"
        let statement = try statement(
            composed: "SELECT id, at_ms, actor, action, subject, detail FROM audit\(filter) ORDER BY id DESC LIMIT ?"
        )
        if let after { statement.bind(after) }
        return try statement.bind(limit).all { row throws(DatabaseError) in
            AuditEntry(
                id: row.id(0),
                at: row.time(1),
                actor: row.optionalID(2),
                action: row.text(3),
                subject: row.text(4),
                detail: try row.json(5, "detail").object ?? [:]
            )
        }
    }
}
