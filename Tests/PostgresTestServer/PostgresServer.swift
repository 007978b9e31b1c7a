import Foundation
import TestProcesses

/// A PostgreSQL server of the tests' own, on a free port of this machine, in a directory that goes with the process.
///
/// The shared one must not be stopped; a test that wants the database away makes its own. The directory goes, and the
/// server with it, when the process that made it ends, however it ends: a watchdog waits for that.
package final class PostgresServer: Sendable {
    package static let user = "orchestrator"
    package static let password = "secret-\(UUID().uuidString.prefix(8))"

    private let directory: String
    private let program: ServerPrograms
    private let watchdog: Watchdog
    package let port: UInt16
    private let databases = Numbers()

    /// Makes a cluster and starts it; some seconds.
    package init() async throws {
        program = try ServerPrograms()
        directory = NSTemporaryDirectory() + "postgres-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        watchdog = try Watchdog(directory: directory, file: "data/postmaster.pid")
        port = try SilentListener().port
        let secret = directory + "/password"
        try PostgresServer.password.write(toFile: secret, atomically: true, encoding: .utf8)
        try await program.own(directory)
        try await program.run(
            "initdb",
            ["-D", data, "-U", PostgresServer.user, "-A", "scram-sha-256", "--pwfile", secret]
                + ["-E", "UTF8", "--locale=C", "--no-sync"]
        )
        try await start()
    }

    private var data: String { directory + "/data" }

    /// Starts it, on the same port as ever; returns when it answers.
    package func start() async throws {
        let options =
            "-p \(port) -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off "
            + "-c full_page_writes=off -c shared_buffers=32MB -c max_connections=200"
        try await program.run("pg_ctl", ["start", "-w", "-D", data, "-l", directory + "/log", "-o", options])
    }

    /// Ends it as a crash does, without a word to its clients' statements; returns when it is gone.
    package func stop() async throws {
        try await program.run("pg_ctl", ["stop", "-w", "-m", "immediate", "-D", data])
    }

    /// The address of a database that is empty and nobody else's.
    package func fresh() async throws -> String {
        let name = "test_\(databases.next())"
        try await query("CREATE DATABASE \(name)")
        return url(database: name)
    }

    package func url(database: String, password: String = PostgresServer.password) -> String {
        "postgres://\(PostgresServer.user):\(password)@127.0.0.1:\(port)/\(database)"
    }

    /// Runs SQL with `psql`, in the database `postgres` unless told; what it prints, without headings.
    @discardableResult
    package func query(_ sql: String, url: String? = nil) async throws -> String {
        try await program.run(
            "psql",
            ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", url ?? self.url(database: "postgres"), "-c", sql]
        )
    }
}

/// The server that all tests of a process share.
package actor SharedPostgresServer {
    package static let instance = SharedPostgresServer()

    private var starting: Task<PostgresServer, any Error>?

    /// Started by the first who asks.
    package func server() async throws -> PostgresServer {
        let task = starting ?? Task { try await PostgresServer() }
        starting = task
        return try await task.value
    }

    /// The address of an empty database on it.
    package static func fresh() async throws -> String {
        try await instance.server().fresh()
    }
}

/// Counts from 1.
private final class Numbers: Sendable {
    private let lock = NSLock()
    private nonisolated(unsafe) var last = 0  // under the lock

    func next() -> Int {
        lock.withLock {
            unsafe last += 1
            return unsafe last
        }
    }
}
