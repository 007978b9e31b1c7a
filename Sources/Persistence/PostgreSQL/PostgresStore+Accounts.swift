package import Orchestrator

// MARK: - Users

extension PostgresStore {
    private static let ensuring = PostgresStatement(
        "ensure-user",
        isRepeatable: true,
        """
        INSERT INTO users (id, email, is_admin, created_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (email) DO UPDATE SET email = EXCLUDED.email RETURNING row_to_json(users)
        """
    )

    package func ensureUser(
        email: String,
        isAdmin: Bool,
        now: Timestamp,
        id: UserID
    ) async throws(StoreError) -> UserRecord {
        let values: [PostgresValue] = [.id(id), .text(email), .flag(isAdmin), .time(now)]
        let user = try await ask(PostgresStore.ensuring, values) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try UserRecord(PostgresFields(row.text(0))) }
        }
        guard let user else { throw .corrupt("the user just made is not there") }
        return user
    }

    private static let adding = PostgresStatement(
        "add-user",
        "INSERT INTO users (id, email, is_admin, created_ms, password_hash) VALUES ($1, $2, $3, $4, $5)"
    )

    package func addUser(_ user: UserRecord, passwordHash: String) async throws(StoreError) {
        try await tell(
            PostgresStore.adding,
            [.id(user.id), .text(user.email), .flag(user.isAdmin), .time(user.created), .text(passwordHash)]
        )
    }

    private static let users = "SELECT row_to_json(users) FROM users"
    private static let userOf = PostgresStatement("user", isRepeatable: true, users + " WHERE id = $1")
    private static let userAt = PostgresStatement("user-at", isRepeatable: true, users + " WHERE email = $1")

    package func user(_ id: UserID) async throws(StoreError) -> UserRecord? {
        try await ask(PostgresStore.userOf, [.id(id)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try UserRecord(PostgresFields(row.text(0))) }
        }
    }

    package func credentials(
        email: String
    ) async throws(StoreError) -> (user: UserRecord, passwordHash: String?)? {
        // No address holds what the database cannot look for.
        if email.utf8.contains(0) { return nil }
        return try await ask(PostgresStore.userAt, [.text(email)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in
                let fields = try PostgresFields(row.text(0))
                return (user: try UserRecord(fields), passwordHash: try fields.optionalText("password_hash"))
            }
        }
    }

    private static let passwords = PostgresStatement(
        "set-password",
        isRepeatable: true,
        "UPDATE users SET password_hash = $2 WHERE id = $1"
    )
    private static let administrators = PostgresStatement(
        "set-admin",
        isRepeatable: true,
        "UPDATE users SET is_admin = $2 WHERE id = $1"
    )

    package func setPassword(_ passwordHash: String, of user: UserID) async throws(StoreError) -> Bool {
        try await ask(PostgresStore.passwords, [.id(user), .text(passwordHash)]) { result throws(PostgresError) in
            result.changes == 1
        }
    }

    package func setAdmin(_ isAdmin: Bool, of user: UserID) async throws(StoreError) -> Bool {
        try await ask(PostgresStore.administrators, [.id(user), .flag(isAdmin)]) { result throws(PostgresError) in
            result.changes == 1
        }
    }

    package func users(after: UserID?, limit: Int) async throws(StoreError) -> [UserRecord] {
        var list = PostgresList("users", PostgresStore.users)
        list.filter("after", after.map { .id($0) }) { "id < \($0)" }
        let (statement, values) = list.finish(" ORDER BY id DESC", limit: limit)
        return try await ask(statement, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try UserRecord(PostgresFields(row.text(0))) }
        }
    }
}

// MARK: - Keys

extension PostgresStore {
    private static let addingKey = PostgresStatement(
        "add-key",
        isRepeatable: true,
        """
        INSERT INTO keys (id, owner, name, prefix, hash, created_ms, expires_ms, revoked_ms, scopes, policy,
            spend_per_day_micro_usd, rate_count, rate_window_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (hash) DO NOTHING
        """
    )

    package func addKey(_ key: KeyRecord) async throws(StoreError) {
        try await tell(
            PostgresStore.addingKey,
            [
                .id(key.id), .id(key.owner), .text(key.name), .text(key.prefix), .text(key.hash), .time(key.created),
                .optional(key.expires?.milliseconds), .optional(key.revoked?.milliseconds),
                .text(JSON.array(key.scopes.map(JSON.string)).text), .optional(key.policy),
                .optional(key.spendPerDay?.micros), .optional(key.rate.map { Int64($0.count) }),
                .optional(key.rate?.window.milliseconds),
            ]
        )
    }

    private static let keyOf = PostgresStatement(
        "key",
        isRepeatable: true,
        "SELECT row_to_json(keys) FROM keys WHERE hash = $1"
    )
    private static let keysOf = PostgresStatement(
        "keys",
        isRepeatable: true,
        "SELECT row_to_json(keys) FROM keys WHERE owner = $1 ORDER BY id DESC"
    )

    package func key(hash: String) async throws(StoreError) -> KeyRecord? {
        try await ask(PostgresStore.keyOf, [.text(hash)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try KeyRecord(PostgresFields(row.text(0))) }
        }
    }

    package func keys(of owner: UserID) async throws(StoreError) -> [KeyRecord] {
        try await ask(PostgresStore.keysOf, [.id(owner)]) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try KeyRecord(PostgresFields(row.text(0))) }
        }
    }

    private static let revoking = PostgresStatement(
        "revoke-key",
        "UPDATE keys SET revoked_ms = $3 WHERE id = $1 AND owner = $2 AND revoked_ms IS NULL"
    )

    package func revokeKey(_ id: KeyID, owner: UserID, now: Timestamp) async throws(StoreError) -> Bool {
        try await ask(PostgresStore.revoking, [.id(id), .id(owner), .time(now)]) { result throws(PostgresError) in
            result.changes == 1
        }
    }
}

// MARK: - Sessions and the audit trail

extension PostgresStore {
    private static let addingSession = PostgresStatement(
        "add-session",
        "INSERT INTO sessions (token_hash, user_id, csrf_token, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5)"
    )

    package func addSession(_ session: SessionRecord) async throws(StoreError) {
        try await tell(
            PostgresStore.addingSession,
            [
                .text(session.tokenHash), .id(session.user), .text(session.csrfToken), .time(session.created),
                .time(session.expires),
            ]
        )
    }

    private static let sessionOf = PostgresStatement(
        "session",
        isRepeatable: true,
        """
        SELECT row_to_json(sessions), row_to_json(users) FROM sessions JOIN users ON users.id = user_id
        WHERE token_hash = $1 AND expires_ms > $2
        """
    )

    package func session(tokenHash: String, now: Timestamp) async throws(StoreError) -> (
        session: SessionRecord, user: UserRecord
    )? {
        try await ask(PostgresStore.sessionOf, [.text(tokenHash), .time(now)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in
                let fields = try PostgresFields(row.text(0))
                let user = try UserRecord(PostgresFields(row.text(1)))
                let session = SessionRecord(
                    tokenHash: try fields.text("token_hash"),
                    user: user.id,
                    csrfToken: try fields.text("csrf_token"),
                    created: try fields.time("created_ms"),
                    expires: try fields.time("expires_ms")
                )
                return (session: session, user: user)
            }
        }
    }

    private static let ending = PostgresStatement(
        "end-session",
        isRepeatable: true,
        "DELETE FROM sessions WHERE token_hash = $1"
    )
    private static let endingAll = PostgresStatement(
        "end-sessions",
        isRepeatable: true,
        "DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2"
    )

    package func endSession(tokenHash: String) async throws(StoreError) {
        try await tell(PostgresStore.ending, [.text(tokenHash)])
    }

    package func endSessions(of user: UserID, butFor tokenHash: String?) async throws(StoreError) {
        // No token has an empty hash.
        try await tell(PostgresStore.endingAll, [.id(user), .text(tokenHash ?? "")])
    }

    private static let noting = PostgresStatement(
        "audit",
        "INSERT INTO audit (id, at_ms, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)"
    )

    package func audit(_ entry: AuditEntry) async throws(StoreError) {
        try await tell(
            PostgresStore.noting,
            [
                .id(entry.id), .time(entry.at), .optional(entry.actor?.text), .text(entry.action),
                .text(entry.subject), .json(entry.detail),
            ]
        )
    }

    package func auditTrail(after: AuditID?, limit: Int) async throws(StoreError) -> [AuditEntry] {
        var list = PostgresList("audit-trail", "SELECT row_to_json(audit) FROM audit")
        list.filter("after", after.map { .id($0) }) { "id < \($0)" }
        let (statement, values) = list.finish(" ORDER BY id DESC", limit: limit)
        return try await ask(statement, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                let fields = try PostgresFields(row.text(0))
                return AuditEntry(
                    id: try fields.id("id"),
                    at: try fields.time("at_ms"),
                    actor: try fields.optionalID("actor"),
                    action: try fields.text("action"),
                    subject: try fields.text("subject"),
                    detail: try fields.json("detail").object ?? [:]
                )
            }
        }
    }
}

extension UserRecord {
    init(_ fields: PostgresFields) throws(PostgresError) {
        self.init(
            id: try fields.id("id"),
            email: try fields.text("email"),
            isAdmin: try fields.flag("is_admin"),
            created: try fields.time("created_ms")
        )
    }
}

extension KeyRecord {
    fileprivate init(_ fields: PostgresFields) throws(PostgresError) {
        self.init(
            id: try fields.id("id"),
            owner: try fields.id("owner"),
            name: try fields.text("name"),
            prefix: try fields.text("prefix"),
            hash: try fields.text("hash"),
            created: try fields.time("created_ms")
        )
        expires = try fields.optionalTime("expires_ms")
        revoked = try fields.optionalTime("revoked_ms")
        scopes = try fields.json("scopes").array?.compactMap(\.string) ?? []
        policy = try fields.optionalText("policy")
        spendPerDay = try fields.optionalInteger("spend_per_day_micro_usd").map(MicroUSD.init(micros:))
        if let count = try fields.optionalInteger("rate_count"),
            let window = try fields.optionalInteger("rate_window_ms")
        {
            rate = Rate(count: Int(count), window: .milliseconds(window))
        }
    }
}
