internal import Orchestrator

// MARK: - Sign-ins under way

extension Connection {
    func add(_ signIn: PendingSignIn) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO sign_ins (state_hash, provider, browser_hash, redirect_uri, return_path, verifier, nonce, expires_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        .bind(signIn.stateHash).bind(signIn.provider).bind(signIn.browserHash).bind(signIn.redirectURI)
        .bind(signIn.returnPath).bind(signIn.verifier).bind(signIn.nonce).bind(signIn.expires).run()
    }

    func takeSignIn(stateHash: String, now: Timestamp) throws(DatabaseError) -> PendingSignIn? {
        let taken = try statement(
            """
            DELETE FROM sign_ins WHERE state_hash = ?
            RETURNING provider, browser_hash, redirect_uri, return_path, verifier, nonce, expires_ms
            """
        )
        .bind(stateHash).returning { row in
            PendingSignIn(
                stateHash: stateHash,
                provider: row.text(0),
                browserHash: row.text(1),
                redirectURI: row.text(2),
                returnPath: row.text(3),
                verifier: row.text(4),
                nonce: row.text(5),
                expires: row.time(6)
            )
        }
        return taken.flatMap { $0.expires > now ? $0 : nil }
    }
}

// MARK: - Identities

extension Connection {
    func identify(
        _ identity: ProvenIdentity,
        orAdd newUser: UserRecord,
        owner: UserID?,
        now: Timestamp
    ) throws(DatabaseError) -> IdentifiedUser {
        let known = try statement(
            """
            SELECT id, email, is_admin, users.created_ms FROM identities JOIN users ON id = user_id
            WHERE provider = ? AND subject = ?
            """
        )
        .bind(identity.provider).bind(identity.subject).first(UserRecord.init)
        if let known { return IdentifiedUser(user: known, way: .known) }
        guard let email = identity.email, let found = try credentials(email: email)?.user else {
            try statement(
                "INSERT INTO users (id, email, is_admin, created_ms, is_proven) VALUES (?, ?, ?, ?, ?)"
            )
            .bind(newUser.id).bind(newUser.email).bind(newUser.isAdmin).bind(newUser.created)
            .bind(identity.email != nil).run()
            try add(identity, of: newUser.id, at: now)
            return IdentifiedUser(user: newUser, way: .added)
        }
        try add(identity, of: found.id, at: now)
        let isReclaimed = try prove(found.id, isOwner: found.id == owner, now: now)
        return IdentifiedUser(user: found, way: isReclaimed ? .reclaimed : .linked)
    }

    private func add(_ identity: ProvenIdentity, of user: UserID, at now: Timestamp) throws(DatabaseError) {
        try statement("INSERT INTO identities (provider, subject, user_id, created_ms) VALUES (?, ?, ?, ?)")
            .bind(identity.provider).bind(identity.subject).bind(user).bind(now).run()
    }

    /// Notes that somebody reads the account's mail; true when others may have made it, and were shut out.
    private func prove(_ user: UserID, isOwner: Bool, now: Timestamp) throws(DatabaseError) -> Bool {
        try statement("UPDATE users SET is_proven = 1 WHERE id = ? AND is_proven = 0").bind(user).run()
        guard changes == 1, !isOwner else { return false }
        try statement("UPDATE users SET password_hash = NULL WHERE id = ?").bind(user).run()
        try endSessions(of: user, butFor: nil)
        try statement("UPDATE keys SET revoked_ms = ? WHERE owner = ? AND revoked_ms IS NULL").bind(now).bind(user)
            .run()
        return true
    }
}

// MARK: - Removal

extension Connection {
    func removeUser(_ user: UserID) throws(DatabaseError) -> UserRemoval {
        guard let record = try self.user(user) else { return .unknown }
        if record.isAdmin {
            let others = try statement("SELECT 1 FROM users WHERE is_admin = 1 AND id <> ? LIMIT 1").bind(user)
                .first { _ in true }
            if others == nil { return .lastAdministrator }
        }
        let open = try statement(
            "SELECT 1 FROM jobs WHERE owner = ? AND (status = 'queued' OR status = 'running') LIMIT 1"
        )
        .bind(user).first { _ in true }
        if open != nil { return .busy }
        for removal in Connection.removals { try statement(composed: removal).bind(user).run() }
        return .removed
    }

    /// What goes with an account. The gallery's places stay: each is named by a time, which is never given to another
    /// picture. The trail keeps who did what to whom, by ids, without the particulars.
    private static let removals = [
        "DELETE FROM images WHERE owner = ?",
        "DELETE FROM webhooks WHERE job_id IN (SELECT id FROM jobs WHERE owner = ?)",
        "UPDATE jobs SET request = '{}' WHERE owner = ?",
        "DELETE FROM keys WHERE owner = ?",
        "DELETE FROM sessions WHERE user_id = ?",
        "DELETE FROM identities WHERE user_id = ?",
        "DELETE FROM device_grants WHERE user_id = ?",
        "DELETE FROM idempotency WHERE owner = ?",
        "UPDATE audit SET detail = '{}' WHERE actor = ?1 OR subject = ?1",
        "DELETE FROM users WHERE id = ?",
    ]
}
