package import Orchestrator

// MARK: - Users and keys

extension SQLiteStore {
    package func ensureUser(
        email: String,
        isAdmin: Bool,
        now: Timestamp,
        id: UserID
    ) async throws(StoreError) -> UserRecord {
        try await write { db throws(DatabaseError) in
            try db.ensureUser(email: email, isAdmin: isAdmin, now: now, id: id)
        }
    }

    package func user(_ id: UserID) async throws(StoreError) -> UserRecord? {
        try await read { db throws(DatabaseError) in try db.user(id) }
    }

    package func addKey(_ key: KeyRecord) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.add(key) }
    }

    package func key(hash: String) async throws(StoreError) -> KeyRecord? {
        try await read { db throws(DatabaseError) in try db.key(hash: hash) }
    }

    package func keys(of owner: UserID) async throws(StoreError) -> [KeyRecord] {
        try await read { db throws(DatabaseError) in try db.keys(of: owner) }
    }

    package func revokeKey(_ id: KeyID, owner: UserID, now: Timestamp) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.revokeKey(id, owner: owner, now: now) }
    }

    package func addUser(_ user: UserRecord, passwordHash: String) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.add(user, passwordHash: passwordHash) }
    }

    package func credentials(
        email: String
    ) async throws(StoreError) -> (user: UserRecord, passwordHash: String?)? {
        try await read { db throws(DatabaseError) in try db.credentials(email: email) }
    }

    package func setPassword(_ passwordHash: String, of user: UserID) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.setPassword(passwordHash, of: user) }
    }

    package func setAdmin(_ isAdmin: Bool, of user: UserID) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.setAdmin(isAdmin, of: user) }
    }

    package func users(after: UserID?, limit: Int) async throws(StoreError) -> [UserRecord] {
        try await read { db throws(DatabaseError) in try db.users(after: after, limit: limit) }
    }
}

// MARK: - Sessions and the audit trail

extension SQLiteStore {
    package func addSession(_ session: SessionRecord) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.add(session) }
    }

    package func session(tokenHash: String, now: Timestamp) async throws(StoreError) -> (
        session: SessionRecord, user: UserRecord
    )? {
        try await read { db throws(DatabaseError) in try db.session(tokenHash: tokenHash, now: now) }
    }

    package func endSession(tokenHash: String) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.endSession(tokenHash: tokenHash) }
    }

    package func endSessions(of user: UserID, butFor tokenHash: String?) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.endSessions(of: user, butFor: tokenHash) }
    }

    package func audit(_ entry: AuditEntry) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.add(entry) }
    }

    package func auditTrail(after: AuditID?, limit: Int) async throws(StoreError) -> [AuditEntry] {
        try await read { db throws(DatabaseError) in try db.auditTrail(after: after, limit: limit) }
    }
}

// MARK: - The books

extension SQLiteStore {
    package func balance(of user: UserID, on day: Day) async throws(StoreError) -> Balance {
        try await read { db throws(DatabaseError) in try db.balance(of: user, on: day) }
    }

    package func transfer(_ transfer: LedgerTransfer) async throws(StoreError) -> TransferOutcome {
        try await write { db throws(DatabaseError) in try db.transfer(transfer) }
    }

    package func statement(of user: UserID, offset: Int, limit: Int) async throws(StoreError) -> [LedgerEntry] {
        try await read { db throws(DatabaseError) in try db.statementLines(of: user, offset: offset, limit: limit) }
    }

    package func seal(limit: Int) async throws(StoreError) -> Int {
        try await write { db throws(DatabaseError) in try db.seal(limit: limit) }
    }

    /// The readers' transaction sees one state of the file, however long the check takes.
    package func verifyLedger() async throws(StoreError) -> LedgerReport {
        try await read { db throws(DatabaseError) in try db.verifyLedger() }
    }
}
