import FakeVendors
import Foundation
import Testing

/// Space that a running daemon is made to run out of.
enum Shortage: Sendable {
    /// Its data directory is a small file system of its own, in a private mount namespace.
    case disk
    /// No file of its may grow beyond a size (RLIMIT_FSIZE), which needs no rights at all.
    case fileSize

    /// Those that this machine lets a test make.
    static let possible: [Shortage] = {
        for flags in [["-m"], ["-Urm"]] where canMount(flags) { return [.disk, .fileSize] }
        print("no mount namespace can be made here: a full disk is played by a limit on file sizes alone")
        return [.fileSize]
    }()

    private static let mount = "mount -t tmpfs -o size=16m small"

    private static func launcher(_ flags: [String]) -> [String] {
        // The sixth word behind the program's own name is the data directory's.
        ["/usr/bin/unshare"] + flags
            + ["/bin/sh", "-c", "mkdir -p \"$8\" && \(mount) \"$8\" && exec \"$@\"", "sh"]
    }

    private static func canMount(_ flags: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/unshare")
        process.arguments = flags + ["/bin/sh", "-c", "\(mount) /mnt"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    /// What starts a daemon that this can be done to.
    var launcher: [String] {
        switch self {
        case .disk: Self.launcher(Self.canMount(["-m"]) ? ["-m"] : ["-Urm"])
        case .fileSize: []
        }
    }

    /// Takes all space away.
    func begin(_ daemon: DaemonProcess) async throws {
        switch self {
        case .disk:
            let path = filler(daemon)
            try #require(FileManager.default.createFile(atPath: path, contents: nil))
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            for size in [1 << 20, 4096, 1] {
                while (try? file.write(contentsOf: Data(count: size))) != nil {}
            }
            try file.close()
        case .fileSize: try await Self.limitFiles(of: daemon, to: "1")
        }
    }

    /// Gives it back.
    func end(_ daemon: DaemonProcess) async throws {
        switch self {
        case .disk: try FileManager.default.removeItem(atPath: filler(daemon))
        case .fileSize: try await Self.limitFiles(of: daemon, to: "unlimited")
        }
    }

    /// Lets no file of a running daemon's grow beyond so many bytes.
    static func limitFiles(of daemon: DaemonProcess, to bytes: String) async throws {
        let ran = try await Shell.run(
            ["prlimit", "--pid", "\(daemon.identifier)", "--fsize=\(bytes):unlimited"],
            in: daemon.directory,
            environment: ["PATH": "/usr/bin:/bin"]
        )
        try #require(ran.status == 0, "\(ran.output)")
    }

    /// A file in the daemon's own view of the file system.
    private func filler(_ daemon: DaemonProcess) -> String {
        "/proc/\(daemon.identifier)/root\(daemon.dataDirectory.path)/filler"
    }
}
