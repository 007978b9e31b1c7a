import Orchestrator
import Persistence

/// Makes sure that there is an administrator with a key.
struct FirstAdministrator {
    let store: any Store
    let time: any TimeSource
    let directory: DataDirectory

    private static let email = "admin@localhost"
    private static let givenKeyName = "ORCHESTRATOR_ADMIN_KEY"

    /// The key that the environment gives, or one that is made at the first start and shown once.
    func ensure(given: Secret?) async throws(StoreError) {
        let admin = try await store.ensureUser(email: Self.email, isAdmin: true, now: time.now(), id: time.makeID())
        if let given { return try await adopt(given, for: admin.id) }
        guard try await store.keys(of: admin.id).allSatisfy({ $0.revoked != nil }) else { return }
        try await keep(try text(for: admin.id), for: admin.id)
    }

    /// The key of an earlier start, or a new one, shown once.
    private func text(for admin: UserID) throws(StoreError) -> String {
        do throws(DataDirectory.Problem) {
            if let kept = try directory.adminKey() { return kept }
            let text = NewKey.make(owner: admin, name: "admin", time: time).text
            try directory.keep(adminKey: text)
            Console.out("admin key: \(text) (also in \(directory.path)/admin.key)")
            return text
        } catch {
            throw .unavailable(error.message)
        }
    }

    private func keep(_ text: String, for admin: UserID) async throws(StoreError) {
        try await store.addKey(NewKey.record(of: text, owner: admin, name: "admin", time: time))
    }

    /// Takes the given key, and revokes one that was given before: whoever changes the variable means to change the key.
    private func adopt(_ given: Secret, for admin: UserID) async throws(StoreError) {
        let record = NewKey.record(of: given.reveal(), owner: admin, name: Self.givenKeyName, time: time)
        for key in try await store.keys(of: admin)
        where key.name == Self.givenKeyName && key.hash != record.hash && key.revoked == nil {
            _ = try await store.revokeKey(key.id, owner: admin, now: time.now())
        }
        try await store.addKey(record)
    }
}
