import Orchestrator

/// Who asks, proven by a key or by a session.
struct Caller: Sendable {
    /// The account; an administrator only where the key is not limited to less.
    var user: UserRecord
    /// Nil for a session.
    var key: KeyRecord?
    /// Nil for a key.
    var session: SessionRecord?

    init(user: UserRecord, key: KeyRecord) {
        self.user = user
        self.key = key
        if !may(.admin) { self.user.isAdmin = false }
    }

    init(user: UserRecord, session: SessionRecord) {
        self.user = user
        self.session = session
    }

    /// Whether the key, if it is one, is good for this.
    func may(_ scope: Scope) -> Bool {
        guard let key, !key.scopes.isEmpty else { return true }
        return key.scopes.contains(scope.rawValue)
    }

    /// Throws 403 where the key is limited to other things.
    func require(_ scope: Scope) throws(APIError) {
        guard may(scope) else { throw .permissionDenied("this key lacks the scope '\(scope.rawValue)'") }
    }
}
