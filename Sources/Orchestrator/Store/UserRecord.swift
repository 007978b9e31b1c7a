/// Somebody who may ask for pictures.
package struct UserRecord: Sendable {
    package var id: UserID
    package var email: String
    package var isAdmin: Bool
    package var created: Timestamp

    package init(id: UserID, email: String, isAdmin: Bool, created: Timestamp) {
        self.id = id
        self.email = email
        self.isAdmin = isAdmin
        self.created = created
    }
}

/// An API key as the store knows it: never the key itself.
package struct KeyRecord: Sendable {
    package var id: KeyID
    package var owner: UserID
    package var name: String
    /// The first characters, by which its owner recognizes it.
    package var prefix: String
    /// SHA-256 of the whole key, lower-case hex; the key is random and long, so no slow hash is needed.
    package var hash: String
    package var created: Timestamp
    package var expires: Timestamp?
    package var revoked: Timestamp?
    package var scopes: [String]
    package var policy: String?
    package var spendPerDay: MicroUSD?
    /// Replaces `limits.per_key`.
    package var rate: Rate?

    package init(id: KeyID, owner: UserID, name: String, prefix: String, hash: String, created: Timestamp) {
        self.id = id
        self.owner = owner
        self.name = name
        self.prefix = prefix
        self.hash = hash
        self.created = created
        scopes = []
    }
}
