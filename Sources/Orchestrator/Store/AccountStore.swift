/// Users, their keys and sessions, and the trail of what was done to them.
package protocol AccountStore: DeviceGrantStore, IdentityStore {
    /// The user, made on first use when `email` is not known.
    func ensureUser(email: String, isAdmin: Bool, now: Timestamp, id: UserID) async throws(StoreError) -> UserRecord
    /// Adds a user who signs in by a password; throws `.conflict` when the address is taken.
    func addUser(_ user: UserRecord, passwordHash: String) async throws(StoreError)
    func user(_ id: UserID) async throws(StoreError) -> UserRecord?
    /// The user of an address, with the hash of the password where there is one.
    func credentials(email: String) async throws(StoreError) -> (user: UserRecord, passwordHash: String?)?
    /// False when there is no such user.
    func setPassword(_ passwordHash: String, of user: UserID) async throws(StoreError) -> Bool
    /// False when there is no such user.
    func setAdmin(_ isAdmin: Bool, of user: UserID) async throws(StoreError) -> Bool
    /// Newest first; `limit` is 1...101.
    func users(after: UserID?, limit: Int) async throws(StoreError) -> [UserRecord]

    /// Adds a key, or leaves the one that has the same hash.
    func addKey(_ key: KeyRecord) async throws(StoreError)
    func key(hash: String) async throws(StoreError) -> KeyRecord?
    func keys(of owner: UserID) async throws(StoreError) -> [KeyRecord]
    /// False when the owner has no such key that is not revoked.
    func revokeKey(_ id: KeyID, owner: UserID, now: Timestamp) async throws(StoreError) -> Bool

    func addSession(_ session: SessionRecord) async throws(StoreError)
    /// The session whose token has this hash, with its user; nil when it has ended or run out.
    func session(tokenHash: String, now: Timestamp) async throws(StoreError) -> (
        session: SessionRecord, user: UserRecord
    )?
    func endSession(tokenHash: String) async throws(StoreError)
    /// Ends every session of a user but the named one.
    func endSessions(of user: UserID, butFor tokenHash: String?) async throws(StoreError)

    func audit(_ entry: AuditEntry) async throws(StoreError)
    /// Newest first; `limit` is 1...101.
    func auditTrail(after: AuditID?, limit: Int) async throws(StoreError) -> [AuditEntry]
}

/// A browser that has signed in.
package struct SessionRecord: Sendable, Hashable {
    /// SHA-256 of the cookie's token, lower-case hex.
    package var tokenHash: String
    package var user: UserID
    /// What pages send back with what changes something.
    package var csrfToken: String
    package var created: Timestamp
    package var expires: Timestamp

    package init(tokenHash: String, user: UserID, csrfToken: String, created: Timestamp, expires: Timestamp) {
        self.tokenHash = tokenHash
        self.user = user
        self.csrfToken = csrfToken
        self.created = created
        self.expires = expires
    }
}

/// Names one line of the audit trail.
package struct AuditID: RecordID {
    package static let prefix = "aud"
    package let text: String
    package init(trusted text: String) { self.text = text }
}

/// One act that somebody may have to answer for.
package struct AuditEntry: Sendable, Hashable {
    package var id: AuditID
    package var at: Timestamp
    /// Nil: the daemon or its operator at the command line.
    package var actor: UserID?
    /// A constant word, such as `key.create`, `credits.adjust`, `registry.reload`.
    package var action: String
    /// What it was done to: an id or a name.
    package var subject: String
    /// No secrets.
    package var detail: JSONObject

    package init(id: AuditID, at: Timestamp, actor: UserID?, action: String, subject: String, detail: JSONObject = [:])
    {
        self.id = id
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
    }
}
