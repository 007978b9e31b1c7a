internal import Orchestrator

/// Everything that this release wants to find in a database: tables, made step by step, and functions.
struct PostgresSchema: Sendable {
    /// One step from a version of the tables to the next; never changed once released.
    struct Step: Sendable {
        /// The version that it leads to; they count 1, 2, 3, ….
        var version: Int
        var statements: [String]
    }

    /// An operation of several steps that the server does whole, in one call.
    struct Function: Sendable {
        var name: String
        /// Raised with every change of the text. A newer release's text is left alone, so what a release calls must keep
        /// its meaning; a function with other parameters or results is a new one, under a new name.
        var version: Int
        /// `CREATE OR REPLACE FUNCTION …`.
        var text: String
    }

    var steps: [Step]
    var functions: [Function]

    /// Taken by whoever looks at the version or changes the schema: "Orch" in ASCII, as in the SQLite file.
    private static let lock = 0x4F72_6368

    private static let books = """
        CREATE TABLE IF NOT EXISTS schema_version (
            only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
            version integer NOT NULL
        );
        CREATE TABLE IF NOT EXISTS schema_function (name text PRIMARY KEY, version integer NOT NULL);
        INSERT INTO schema_version (version) VALUES (0) ON CONFLICT DO NOTHING
        """
    private static let versionNow = PostgresStatement("schema-version", "SELECT version FROM schema_version")
    private static let functionsNow = PostgresStatement("schema-functions", "SELECT name, version FROM schema_function")
    private static let noteVersion = PostgresStatement("schema-note", "UPDATE schema_version SET version = $1")
    private static let noteFunction = PostgresStatement(
        "schema-note-function",
        """
        INSERT INTO schema_function (name, version) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET version = EXCLUDED.version
        """
    )

    /// Brings a database up to date: each step applied once and whole, however many daemons start at once.
    ///
    /// Returns the version that it had, 0 for none. Throws when the database is newer than the steps known.
    @discardableResult
    func apply(to target: PostgresTarget, on loop: any ReadinessLoop) async throws(PostgresError) -> Int {
        let session = try await PostgresSession(target, on: loop)
        do throws(PostgresError) {
            let found = try await alone(session) { () async throws(PostgresError) in
                try await session.execute(PostgresSchema.books)
                return try await self.version(session)
            }
            var version = found
            while version < newest {
                version = try await alone(session) { () async throws(PostgresError) in
                    try await takeStep(session)
                }
            }
            try await alone(session) { () async throws(PostgresError) in try await replaceFunctions(session) }
            await session.close()
            return found
        } catch {
            await session.close()
            throw error
        }
    }

    private static let presence = PostgresStatement(
        "schema-presence",
        "SELECT to_regclass('schema_version') IS NULL"
    )

    /// Whether a database has never had a schema of ours; changes nothing.
    func isMissing(at target: PostgresTarget, on loop: any ReadinessLoop) async throws(PostgresError) -> Bool {
        let session = try await PostgresSession(target, on: loop)
        do throws(PostgresError) {
            let result = try await session.run(PostgresSchema.presence)
            await session.close()
            return try result.first { row throws(PostgresError) in try row.bool(0) } ?? true
        } catch {
            await session.close()
            throw error
        }
    }

    var newest: Int { steps.last?.version ?? 0 }

    /// Runs `body` in a transaction that no other start shares its time with.
    private func alone<Value>(
        _ session: PostgresSession,
        _ body: () async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        // The lock in a statement of its own: what follows it sees what the one before it left.
        try await session.execute("BEGIN")
        try await session.execute("SELECT pg_advisory_xact_lock(\(PostgresSchema.lock))")
        let value = try await body()
        try await session.execute("COMMIT")
        return value
    }

    private func version(_ session: PostgresSession) async throws(PostgresError) -> Int {
        let result = try await session.run(PostgresSchema.versionNow)
        let found = try result.first { row throws(PostgresError) in try row.integer(0) }
        let version = Int(found ?? 0)
        guard version <= newest else {
            throw PostgresError(
                .conflict(constraint: nil),
                "the database has schema version \(version), written by a newer release; this one knows \(newest)"
            )
        }
        return version
    }

    /// Applies the next step; returns the version afterwards. Another daemon may have been faster.
    private func takeStep(_ session: PostgresSession) async throws(PostgresError) -> Int {
        let version = try await version(session)
        guard let step = steps.first(where: { $0.version == version + 1 }) else { return version }
        for statement in step.statements { try await session.execute(statement) }
        _ = try await session.run(PostgresSchema.noteVersion, [.integer(Int64(step.version))])
        return step.version
    }

    private func replaceFunctions(_ session: PostgresSession) async throws(PostgresError) {
        // A newer release may have moved on meanwhile.
        _ = try await version(session)
        var present: [String: Int64] = [:]
        let result = try await session.run(PostgresSchema.functionsNow)
        let rows = try result.all { row throws(PostgresError) in (try row.text(0), try row.integer(1)) }
        for (name, version) in rows { present[name] = version }
        for function in functions where present[function.name] ?? 0 < Int64(function.version) {
            try await session.execute(function.text)
            let note: [PostgresValue] = [.text(function.name), .integer(Int64(function.version))]
            _ = try await session.run(PostgresSchema.noteFunction, note)
        }
    }
}
