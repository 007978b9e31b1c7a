import Orchestrator
import Testing

@testable import Persistence

@Suite struct MigrationTests {
    let directory = TemporaryDirectory()

    static let steps = [
        Migration(version: 1, statements: ["CREATE TABLE t (a INTEGER) STRICT", "INSERT INTO t VALUES (1)"]),
        Migration(version: 2, statements: ["ALTER TABLE t ADD COLUMN b INTEGER NOT NULL DEFAULT 5"]),
        Migration(version: 3, statements: ["UPDATE t SET b = b + 1", "INSERT INTO t VALUES (2, 9)"]),
    ]

    private func connect() throws -> Connection {
        try Connection(path: directory.path + "/test.sqlite", access: .readWrite)
    }

    private func rows(_ connection: Connection) throws -> [String] {
        try connection.statement("SELECT a, b FROM t").all { "\($0.integer(0)) \($0.integer(1))" }
    }

    @Test(arguments: 0...3)
    func `a file of any older version is brought up to date, each step once`(version: Int) throws {
        let connection = try connect()
        try Migration.apply(Array(MigrationTests.steps.prefix(version)), to: connection)
        try Migration.apply(MigrationTests.steps, to: connection)
        try Migration.apply(MigrationTests.steps, to: connection)
        #expect(try rows(connection) == ["1 6", "2 9"])
    }

    @Test func `a step that fails leaves its file as it was`() throws {
        let connection = try connect()
        try Migration.apply(Array(MigrationTests.steps.prefix(1)), to: connection)
        let broken = Migration(version: 2, statements: MigrationTests.steps[1].statements + ["no SQL"])
        #expect(throws: DatabaseError.self) {
            try Migration.apply([MigrationTests.steps[0], broken], to: connection)
        }
        try Migration.apply(MigrationTests.steps, to: connection)
        #expect(try rows(connection) == ["1 6", "2 9"])
    }

    @Test func `a file of a newer version is refused`() throws {
        let connection = try connect()
        try Migration.apply(MigrationTests.steps, to: connection)
        let error = #expect(throws: DatabaseError.self) {
            try Migration.apply(Array(MigrationTests.steps.prefix(2)), to: connection)
        }
        guard case .conflict(let message) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(message.contains("version 3"))
        #expect(message.contains("knows 2"))
    }

    @Test func `another program's file is refused`() throws {
        let connection = try connect()
        try connection.execute("CREATE TABLE theirs (a)")
        #expect(throws: DatabaseError.self) { try Migration.apply(MigrationTests.steps, to: connection) }
    }

    @Test(arguments: 0..<Migration.released.count)
    func `every released version of the schema leads to the present one`(version: Int) async throws {
        let old = try connect()
        try Migration.apply(Array(Migration.released.prefix(version)), to: old)
        try Migration.apply(Migration.released, to: old)
        let schema = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
        let migrated = try old.statement(composed: schema).all { $0.text(0) }
        let fresh = try Connection(path: directory.path + "/fresh.sqlite", access: .readWrite)
        try Migration.apply(Migration.released, to: fresh)
        #expect(try fresh.statement(composed: schema).all { $0.text(0) } == migrated)
        #expect(Migration.released.map(\.version) == Array(1...Migration.released.count))
    }
}
