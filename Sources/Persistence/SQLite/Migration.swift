internal import CSQLite

/// One step from a version of the schema to the next; never changed once released.
struct Migration: Sendable {
    /// The version that it leads to; they count 1, 2, 3, ….
    var version: Int
    var statements: [String]

    /// Brings a file to the newest version, each step applied once and whole.
    ///
    /// Throws when the file is newer than the steps known, or belongs to another program.
    static func apply(_ migrations: [Migration], to connection: Connection) throws(DatabaseError) {
        let current = try connection.statement("PRAGMA user_version").first { Int($0.integer(0)) } ?? 0
        let newest = migrations.last?.version ?? 0
        guard current <= newest else {
            throw .conflict(
                "the database has schema version \(current), written by a newer release; this one knows \(newest)"
            )
        }
        let application = try connection.statement("PRAGMA application_id").first { $0.integer(0) } ?? 0
        let isEmpty = try connection.statement("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)").first { $0.bool(0) }
        guard application == applicationID || (current == 0 && isEmpty == true) else {
            throw .conflict("the database file was not written by this program")
        }
        for migration in migrations where migration.version > current {
            try connection.execute("BEGIN EXCLUSIVE")
            do throws(DatabaseError) {
                for statement in migration.statements { try connection.execute(statement) }
                try connection.execute("PRAGMA application_id = \(applicationID)")
                try connection.execute("PRAGMA user_version = \(migration.version)")
                try connection.execute("COMMIT")
            } catch {
                connection.undo()
                throw error
            }
        }
    }

    /// "Orch" in ASCII: what file(1) and a mistaken path are told by.
    private static let applicationID: Int64 = 0x4F72_6368
}
