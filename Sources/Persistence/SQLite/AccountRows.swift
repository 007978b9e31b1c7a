internal import Orchestrator

// MARK: - Users

extension Connection {
    func ensureUser(email: String, isAdmin: Bool, now: Timestamp, id: UserID) throws(DatabaseError) -> UserRecord {
        try statement(
            "INSERT INTO users (id, email, is_admin, created_ms) VALUES (?, ?, ?, ?) ON CONFLICT (email) DO NOTHING"
        )
        .bind(id).bind(email).bind(isAdmin).bind(now).run()
        let user = try statement("SELECT id, email, is_admin, created_ms FROM users WHERE email = ?").bind(email)
            .first(UserRecord.init)
        guard let user else { throw .unreadable("the user just made is not there") }
        return user
    }

    func add(_ user: UserRecord, passwordHash: String) throws(DatabaseError) {
        try statement("INSERT INTO users (id, email, is_admin, created_ms, password_hash) VALUES (?, ?, ?, ?, ?)")
            .bind(user.id).bind(user.email).bind(user.isAdmin).bind(user.created).bind(passwordHash).run()
    }

    func credentials(email: String) throws(DatabaseError) -> (user: UserRecord, passwordHash: String?)? {
        try statement("SELECT id, email, is_admin, created_ms, password_hash FROM users WHERE email = ?").bind(email)
            .first { (user: UserRecord($0), passwordHash: $0.optionalText(4)) }
    }

    func setPassword(_ hash: String, of user: UserID) throws(DatabaseError) -> Bool {
        try statement("UPDATE users SET password_hash = ? WHERE id = ?").bind(hash).bind(user).run()
        return changes == 1
    }

    func setAdmin(_ isAdmin: Bool, of user: UserID) throws(DatabaseError) -> Bool {
        try statement("UPDATE users SET is_admin = ? WHERE id = ?").bind(isAdmin).bind(user).run()
        return changes == 1
    }

    func users(after: UserID?, limit: Int) throws(DatabaseError) -> [UserRecord] {
        let filter = after == nil ? "" : " WHERE id < ?"
        let statement = try statement(
            composed: "SELECT id, email, is_admin, created_ms FROM users\(filter) ORDER BY id DESC LIMIT ?"
        )
        if let after { statement.bind(after) }
        return try statement.bind(limit).all(UserRecord.init)
    }

    func user(_ id: UserID) throws(DatabaseError) -> UserRecord? {
        try statement("SELECT id, email, is_admin, created_ms FROM users WHERE id = ?").bind(id).first(UserRecord.init)
    }
}

extension UserRecord {
    /// Reads id, address, whether administrator, and creation.
    init(_ row: borrowing Row) {
        self.init(id: row.id(0), email: row.text(1), isAdmin: row.bool(2), created: row.time(3))
    }
}

// MARK: - Keys

extension Connection {
    private static let keyColumns = """
        SELECT id, owner, name, prefix, hash, created_ms, expires_ms, revoked_ms, scopes, policy,
            spend_per_day_micro_usd, rate_count, rate_window_ms FROM keys
        """

    func add(_ key: KeyRecord) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO keys (id, owner, name, prefix, hash, created_ms, expires_ms, revoked_ms, scopes, policy,
                spend_per_day_micro_usd, rate_count, rate_window_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING
            """
        )
        .bind(key.id).bind(key.owner).bind(key.name).bind(key.prefix).bind(key.hash).bind(key.created)
        .bind(key.expires).bind(key.revoked).bind(.array(key.scopes.map(JSON.string))).bind(key.policy)
        .bind(key.spendPerDay).bind(key.rate.map { Int64($0.count) }).bind(key.rate?.window.milliseconds)
        .run()
    }

    func key(hash: String) throws(DatabaseError) -> KeyRecord? {
        try statement(composed: Connection.keyColumns + " WHERE hash = ?").bind(hash).first(KeyRecord.init)
    }

    func keys(of owner: UserID) throws(DatabaseError) -> [KeyRecord] {
        try statement(composed: Connection.keyColumns + " WHERE owner = ? ORDER BY id DESC").bind(owner)
            .all(KeyRecord.init)
    }

    func revokeKey(_ id: KeyID, owner: UserID, now: Timestamp) throws(DatabaseError) -> Bool {
        try statement("UPDATE keys SET revoked_ms = ? WHERE id = ? AND owner = ? AND revoked_ms IS NULL")
            .bind(now).bind(id).bind(owner).run()
        return changes == 1
    }
}

extension KeyRecord {
    /// Reads the columns that `Connection.keyColumns` names.
    fileprivate init(_ row: borrowing Row) throws(DatabaseError) {
        self.init(
            id: row.id(0),
            owner: row.id(1),
            name: row.text(2),
            prefix: row.text(3),
            hash: row.text(4),
            created: row.time(5)
        )
        expires = row.optionalTime(6)
        revoked = row.optionalTime(7)
        scopes = try row.json(8, "scopes").array?.compactMap(\.string) ?? []
        policy = row.optionalText(9)
        spendPerDay = row.optionalInteger(10).map(MicroUSD.init(micros:))
        if let count = row.optionalInteger(11), let window = row.optionalInteger(12) {
            rate = Rate(count: Int(count), window: .milliseconds(window))
        }
    }
}

// MARK: - Constants

extension Connection {
    func constant(_ name: String, orElse value: String) throws(DatabaseError) -> String {
        try statement("INSERT INTO constants (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")
            .bind(name).bind(value).run()
        return try statement("SELECT value FROM constants WHERE name = ?").bind(name).first { $0.text(0) } ?? value
    }
}
