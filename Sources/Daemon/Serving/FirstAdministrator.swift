import CommandLineInterface
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
        let keys = try await store.keys(of: admin.id)
        if keys.allSatisfy({ $0.revoked != nil }) { try await makeKey(for: admin.id, isFirst: keys.isEmpty) }
    }

    /// Adds the key of an earlier start, or a new one, shown once.
    ///
    /// The id of the first follows from the administrator's, so that of daemons that start at once on one record one makes it.
    private func makeKey(for admin: UserID, isFirst: Bool) async throws(StoreError) {
        let kept = try inDirectory { () throws(DataDirectory.Problem) in try directory.adminKey() }
        let text = kept ?? NewKey.make(owner: admin, name: "admin", time: time).text
        if kept == nil { try inDirectory { () throws(DataDirectory.Problem) in try directory.keep(adminKey: text) } }
        var record = NewKey.record(of: text, owner: admin, name: "admin", time: time)
        if isFirst { record.id = KeyID(trusted: KeyID.prefix + admin.text.dropFirst(UserID.prefix.utf8.count)) }
        do throws(StoreError) {
            try await store.addKey(record)
        } catch {
            guard case .conflict = error else { throw error }
            return directory.forgetAdminKey()
        }
        if kept == nil { Console.out("admin key: \(text) (also in \(directory.path)/admin.key)") }
    }

    private func inDirectory<Value>(
        _ body: () throws(DataDirectory.Problem) -> Value
    ) throws(StoreError) -> Value {
        do throws(DataDirectory.Problem) {
            return try body()
        } catch {
            throw .unavailable(error.message)
        }
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
