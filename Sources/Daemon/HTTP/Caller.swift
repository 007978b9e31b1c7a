import Orchestrator

/// Who asks, proven by a key or by a session; an object, as every request of theirs passes it on.
final class Caller: Sendable {
    /// The account; an administrator only where the key is not limited to less.
    let user: UserRecord
    /// Nil for a session.
    let key: KeyRecord?
    /// Nil for a key.
    let session: SessionRecord?
    /// Whether this is somebody who has not signed in and acts as the built-in user of the pages.
    var isVisitor: Bool { session != nil && user.email == Visitors.email }

    /// What visitors may: make pictures and look after them, but no keys, which would outlive the visit.
    private static let visitorScopes: Set<Scope> = [.imagesWrite, .imagesRead, .jobsRead, .jobsWrite, .credits, .usage]

    init(user: UserRecord, key: KeyRecord) {
        var user = user
        if !Self.isFree(key, for: .admin) { user.isAdmin = false }
        (self.user, self.key, session) = (user, key, nil)
    }

    init(user: UserRecord, session: SessionRecord) {
        var user = user
        if user.email == Visitors.email { user.isAdmin = false }
        (self.user, key, self.session) = (user, nil, session)
    }

    /// Whether the key, if it is one, is good for this, or the visit.
    func may(_ scope: Scope) -> Bool {
        if isVisitor { return Self.visitorScopes.contains(scope) }
        return key.map { Self.isFree($0, for: scope) } ?? true
    }

    /// A key without scopes is good for everything.
    private static func isFree(_ key: KeyRecord, for scope: Scope) -> Bool {
        key.scopes.isEmpty || key.scopes.contains(scope.rawValue)
    }

    /// Throws 403 where the key is limited to other things.
    func require(_ scope: Scope) throws(APIError) {
        if may(scope) { return }
        throw .permissionDenied(
            isVisitor ? "this is for who is signed in" : "this key lacks the scope '\(scope.rawValue)'"
        )
    }
}
