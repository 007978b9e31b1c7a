import Orchestrator
import PostgresTestServer
import Testing
import Transport

@testable import Persistence

@Suite struct PostgresSchemaTests {
    private static let steps = [
        PostgresSchema.Step(version: 1, statements: ["CREATE TABLE t (a bigint)", "INSERT INTO t VALUES (1)"]),
        PostgresSchema.Step(version: 2, statements: ["ALTER TABLE t ADD COLUMN b bigint NOT NULL DEFAULT 5"]),
        PostgresSchema.Step(version: 3, statements: ["UPDATE t SET b = b + 1", "INSERT INTO t VALUES (2, 9)"]),
    ]

    private static func answer(_ text: String, version: Int) -> PostgresSchema.Function {
        PostgresSchema.Function(
            name: "answer",
            version: version,
            text: "CREATE OR REPLACE FUNCTION answer() RETURNS text LANGUAGE sql AS $$ SELECT '\(text)' $$"
        )
    }

    private static func schema(_ count: Int, _ functions: [PostgresSchema.Function] = []) -> PostgresSchema {
        PostgresSchema(steps: Array(steps.prefix(count)), functions: functions)
    }

    /// Applies schemas, one after the other, and returns what `sql` says then.
    private static func apply(_ schemas: [PostgresSchema], to url: String) async throws {
        let loop = try EventLoop(name: "test")
        loop.start()
        defer { loop.stop() }
        for schema in schemas { try await schema.apply(to: PostgresTarget(url: url), on: loop) }
    }

    private static func rows(_ url: String) async throws -> String {
        try await SharedPostgresServer.instance.server().query("SELECT a, b FROM t ORDER BY a", url: url)
    }

    @Test(arguments: 0...3)
    func `a database of any older version is brought up to date, each step once`(version: Int) async throws {
        let url = try await SharedPostgresServer.fresh()
        let newest = PostgresSchemaTests.schema(3)
        try await PostgresSchemaTests.apply([PostgresSchemaTests.schema(version), newest, newest], to: url)
        #expect(try await PostgresSchemaTests.rows(url) == "1|6\n2|9")
    }

    @Test(arguments: 0..<PostgresSchema.record.steps.count)
    func `every released version of the schema leads to the present one`(version: Int) async throws {
        var old = PostgresSchema.record
        old.steps = Array(old.steps.prefix(version))
        old.functions = []
        let columns = """
            SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
            WHERE table_schema = 'public' ORDER BY table_name, column_name
            """
        let (migrated, fresh) = (try await SharedPostgresServer.fresh(), try await SharedPostgresServer.fresh())
        try await PostgresSchemaTests.apply([old, .record], to: migrated)
        try await PostgresSchemaTests.apply([.record], to: fresh)
        let server = try await SharedPostgresServer.instance.server()
        let found = try await server.query(columns, url: migrated)
        #expect(found.contains("images|original_digest|text|YES"))
        let expected = try await server.query(columns, url: fresh)
        #expect(found == expected)
    }

    @Test func `eight starts at once apply each step once`() async throws {
        let url = try await SharedPostgresServer.fresh()
        let schema = PostgresSchemaTests.schema(3, [PostgresSchemaTests.answer("yes", version: 1)])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try await PostgresSchemaTests.apply([schema], to: url) } }
            try await group.waitForAll()
        }
        #expect(try await PostgresSchemaTests.rows(url) == "1|6\n2|9")
    }

    @Test func `a step that fails leaves its database as it was`() async throws {
        let url = try await SharedPostgresServer.fresh()
        var broken = PostgresSchemaTests.schema(2)
        broken.steps[1].statements.append("no SQL")
        try await PostgresSchemaTests.apply([PostgresSchemaTests.schema(1)], to: url)
        await #expect(throws: PostgresError.self) { try await PostgresSchemaTests.apply([broken], to: url) }
        try await PostgresSchemaTests.apply([PostgresSchemaTests.schema(3)], to: url)
        #expect(try await PostgresSchemaTests.rows(url) == "1|6\n2|9")
    }

    @Test func `a database of a newer version is refused`() async throws {
        let url = try await SharedPostgresServer.fresh()
        try await PostgresSchemaTests.apply([PostgresSchemaTests.schema(3)], to: url)
        let error = await #expect(throws: PostgresError.self) {
            try await PostgresSchemaTests.apply([PostgresSchemaTests.schema(2)], to: url)
        }
        #expect(error?.kind == .conflict(constraint: nil))
        #expect(error?.message.contains("version 3") == true)
        #expect(error?.message.contains("knows 2") == true)
    }

    @Test func `a function is replaced by a newer text and never by an older one`() async throws {
        let url = try await SharedPostgresServer.fresh()
        let server = try await SharedPostgresServer.instance.server()
        for (text, version, expected) in [("one", 1, "one"), ("other", 1, "one"), ("two", 2, "two"), ("one", 1, "two")]
        {
            let schema = PostgresSchemaTests.schema(1, [PostgresSchemaTests.answer(text, version: version)])
            try await PostgresSchemaTests.apply([schema], to: url)
            #expect(try await server.query("SELECT answer()", url: url) == expected)
        }
    }
}
