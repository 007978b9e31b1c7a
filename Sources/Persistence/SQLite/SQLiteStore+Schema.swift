internal import Glibc
package import Orchestrator

extension SQLiteStore {
    /// The version of the schema that this release brings every file to.
    package static var newestSchema: Int { Migration.released.last?.version ?? 0 }

    /// The version of the schema that a directory's file has; nil when there is no file. Throws as opening it does.
    package static func schema(in directory: String) throws(StoreError) -> Int? {
        let path = directory + "/orchestrator.sqlite"
        guard unsafe access(path, F_OK) == 0 else { return nil }
        let lock = try DirectoryLock(path: directory + "/orchestrator.lock")
        do throws(DatabaseError) {
            let connection = try Connection(path: path, access: .readOnly, lock: lock)
            return try connection.statement("PRAGMA user_version").first { Int($0.integer(0)) } ?? 0
        } catch {
            throw error.storeError
        }
    }
}
