import Orchestrator
import PostgresTestServer
import TestProcesses
import Testing

@testable import Persistence

@Suite struct PostgresTargetTests {
    @Test func `a wrong password is told clearly, and not quoted`() async throws {
        let server = try await SharedPostgresServer.instance.server()
        let url = server.url(database: "postgres", password: "hunter2%C3%A4")
        try await withPool(url) { pool in
            let error = await failure { () async throws(PostgresError) in try await pool.open() }
            #expect(error?.kind == .unavailable)
            let text = error.map { "\($0)" } ?? ""
            #expect(text.contains("password authentication failed"))
            #expect(!text.contains("hunter2"))
            #expect(error?.message == "the database cannot be reached")
        }
    }

    @Test(arguments: [
        "mysql://me:hunter2@db/x", "hunter2", "host=db password=hunter2", "postgres://me:hunter2@[::1/x",
        "postgres://me:hunter2@db/x?nonsense=1", "postgres://me:hunter2%zz@db/x", "",
    ])
    func `a URL that cannot be read is refused without being quoted`(url: String) async throws {
        let error = await failure { () throws(PostgresError) in try PostgresTarget(url: url) }
        #expect(error?.kind == .refused)
        #expect(error.map { "\($0)" }?.contains("hunter2") == false)
        #expect(error?.message.contains("postgres://") == true)
    }

    @Test(arguments: [
        ("postgres://me@127.0.0.1/x", false), ("postgres://me@[::1]/x", false), ("postgres://me@%2Ftmp/x", false),
        ("postgres:///x", false), ("postgres://me@db/x", true), ("postgres://me@127.0.0.1,db/x", true),
        ("postgres://me@db/x?hostaddr=127.0.0.1", false),
    ])
    func `only hosts with names are looked up`(url: String, expected: Bool) throws {
        #expect(try PostgresTarget(url: url).needsLookUp == expected)
    }

    @Test func `a host's name is looked up and each of its addresses tried`() async throws {
        let url = try await SharedPostgresServer.fresh().replacing("127.0.0.1", with: "localhost")
        try await withPool(url) { pool in
            try await pool.open()
            #expect(try await pool.number("SELECT 1") == 1)
        }
    }

    @Test func `of several hosts one that answers is enough`() async throws {
        let silent = try SilentListener().port  // nobody listens there any more
        let url = try await SharedPostgresServer.fresh().replacing(
            "@",
            with: "@127.0.0.1:\(silent),localhost:\(silent),"
        )
        try await withPool(url) { pool in
            try await pool.open()
            #expect(try await pool.number("SELECT 1") == 1)
        }
    }

    @Test func `a server that is not there is told as soon as that is known`() async throws {
        let port = try SilentListener().port
        try await withPool("postgres://me@127.0.0.1:\(port)/x") { pool in
            let error = await failure { () async throws(PostgresError) in try await pool.open() }
            #expect(error?.kind == .unavailable)
            #expect(error?.detail?.contains("refused") == true)
        }
    }
}
