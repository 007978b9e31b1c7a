import Foundation
import Glibc
import TestProcesses

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
            throw ProcessFailure(description: "no PostgreSQL server in \(root); `make test-deps` installs one")
        }
        folder = "\(root)/\(newest)/bin"
    }

    /// Gives a directory to the user that the server runs as.
    func own(_ directory: String) async throws {
        if isRoot { try await ChildProcess.run("/bin/chown", ["-R", "postgres", directory]) }
    }

    /// Runs one of them to its end; what it prints. Throws when it fails.
    @discardableResult
    func run(_ name: String, _ arguments: [String]) async throws -> String {
        if isRoot, name != "psql" {
            try await ChildProcess.run("/usr/sbin/runuser", ["-u", "postgres", "--", "\(folder)/\(name)"] + arguments)
        } else {
            try await ChildProcess.run("\(folder)/\(name)", arguments)
        }
    }
}
