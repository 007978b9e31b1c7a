import Orchestrator

/// Who asks, proven by a key or by a session.
struct Caller: Sendable {
    /// The account; an administrator only where the key is not limited to less.
    var user: UserRecord
    /// Nil for a session.
    var key: KeyRecord?
    /// Nil for a key.
    var session: SessionRecord?
    /// Whether this is somebody who has not signed in and acts as the built-in user of the pages.
    var isVisitor: Bool { session != nil && user.email == Visitors.email }

    /// What visitors may: make pictures and look after them, but no keys, which would outlive the visit.
    private static let visitorScopes: Set<Scope> = [.imagesWrite, .imagesRead, .jobsRead, .jobsWrite, .credits, .usage]

    init(user: UserRecord, key: KeyRecord) {
        self.user = user
        self.key = key
        if !may(.admin) { self.user.isAdmin = false }
    }

    init(user: UserRecord, session: SessionRecord) {
        self.user = user
        self.session = session
        if isVisitor { self.user.isAdmin = false }
    }

    /// Whether the key, if it is one, is good for this, or the visit.
    func may(_ scope: Scope) -> Bool {
        if isVisitor { return Self.visitorScopes.contains(scope) }
        guard let key, !key.scopes.isEmpty else { return true }
        return key.scopes.contains(scope.rawValue)
    }

    /// Throws 403 where the key is limited to other things.
    func require(_ scope: Scope) throws(APIError) {
        if may(scope) { return }
        throw .permissionDenied(
            isVisitor ? "this is for who is signed in" : "this key lacks the scope '\(scope.rawValue)'"
        )
    }
}
