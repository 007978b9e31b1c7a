import Foundation
import Glibc

/// The newest server programs of this machine, run as a user that they accept: they refuse to be root's.
struct ServerPrograms: Sendable {
    private let folder: String
    private let isRoot = geteuid() == 0

    init() throws {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.compactMap(Int.init).sorted().last { version in
            FileManager.default.isExecutableFile(atPath: "\(root)/\(version)/bin/initdb")
        }
        guard let newest else {
            throw PostgresServer.Failure(description: "no PostgreSQL server in \(root); `make test-deps` installs one")
        }
        folder = "\(root)/\(newest)/bin"
    }

    /// Gives a directory to the user that the server runs as.
    func own(_ directory: String) async throws {
        if isRoot { try await execute("/bin/chown", ["-R", "postgres", directory]) }
    }

    /// Runs one of them to its end; what it prints. Throws when it fails.
    @discardableResult
    func run(_ name: String, _ arguments: [String]) async throws -> String {
        if isRoot, name != "psql" {
            try await execute("/usr/sbin/runuser", ["-u", "postgres", "--", "\(folder)/\(name)"] + arguments)
        } else {
            try await execute("\(folder)/\(name)", arguments)
        }
    }

    /// Waits on a thread of its own, as it takes long and the threads of tasks are few.
    @discardableResult
    private func execute(_ path: String, _ arguments: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try ServerPrograms.wait(path, arguments) })
            }
        }
    }

    private static func wait(_ path: String, _ arguments: [String]) throws -> String {
        // A file and not a pipe: the server inherits it and would keep a pipe open.
        let name = NSTemporaryDirectory() + "postgres-output-" + UUID().uuidString
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        let output = unsafe open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer {
            close(nothing)
            close(output)
            unsafe unlink(name)
        }
        guard nothing >= 0, output >= 0 else {
            throw PostgresServer.Failure(description: "cannot write '\(name)': errno \(errno)")
        }
        let status = try ChildProcess(path, arguments, input: nothing, output: output).wait()
        let text = String(decoding: FileManager.default.contents(atPath: name) ?? Data(), as: UTF8.self)
        guard status == 0 else {
            throw PostgresServer.Failure(description: "\(path) ended with \(status):\n\(text)")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
