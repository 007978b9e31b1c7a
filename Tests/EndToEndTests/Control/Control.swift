import FakeVendors
import Foundation
import Orchestrator
import Testing

/// `orchestratorctl` as somebody has it: a home of its own, a server, a key.
final class Control: Sendable {
    /// What a finished call left.
    struct Ran: Sendable {
        var status: Int32
        var out: String
        var error: String
        var json: JSON? { try? JSON(parsing: out) }
    }

    static let binary: String = {
        if let path = ProcessInfo.processInfo.environment["ORCHESTRATORCTL_BINARY"] { return path }
        return URL(filePath: DaemonProcess.binary).deletingLastPathComponent().appending(path: "orchestratorctl").path
    }()

    /// Longer than any call takes that does not hang.
    private static let patience = "120"

    let home: URL
    private let environment: [String: String]

    /// With a server and a key, both come from the environment.
    init(_ url: String? = nil, key: String? = nil, _ more: [String: String] = [:]) throws {
        home = FileManager.default.temporaryDirectory.appending(path: "orchestratorctl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        var environment = ProcessInfo.processInfo.environment.filter { $0.key.hasSuffix("SAN_OPTIONS") }
        environment["PATH"] = "/usr/bin:/bin"
        environment["HOME"] = home.path
        environment["XDG_CONFIG_HOME"] = home.appending(path: "config").path
        environment["ORCHESTRATOR_API_URL"] = url
        environment["ORCHESTRATOR_API_KEY"] = key
        self.environment = environment.merging(more) { $1 }
    }

    deinit { try? FileManager.default.removeItem(at: home) }

    var settings: URL { home.appending(path: "config/orchestrator/ctl.json") }

    func path(_ name: String) -> String { home.appending(path: name).path }

    func write(_ bytes: [UInt8], as name: String) throws -> String {
        try Data(bytes).write(to: home.appending(path: name))
        return path(name)
    }

    func mode(of url: URL) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int)
    }

    // MARK: In pipes

    /// Runs it to its end with files for its streams, standard input at its end unless there is some.
    func run(_ arguments: [String], input: String = "", _ more: [String: String] = [:]) async throws -> Ran {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = [Self.patience, Self.binary] + arguments
        process.environment = environment.merging(more) { $1 }
        process.currentDirectoryURL = home
        let name = UUID().uuidString
        let files = ["in", "out", "error"].map { home.appending(path: "\(name).\($0)") }
        try Data(input.utf8).write(to: files[0])
        for file in files[1...] { try Data().write(to: file) }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try await Self.finish(process)
        let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        return Ran(status: process.terminationStatus, out: texts[1], error: texts[2])
    }

    private static func finish(_ process: Process) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in done.resume() }
            do { try process.run() } catch { done.resume(throwing: error) }
        }
    }

    // MARK: On a terminal

    /// Runs it in a pseudo-terminal of 80 by 24 cells, typing once the question shows; all that it showed.
    func show(
        _ arguments: [String],
        typing: String = "",
        at question: String? = nil,
        _ more: [String: String] = [:]
    ) async throws -> Ran {
        var ends: (main: Int32, side: Int32) = (-1, -1)
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 640, ws_ypixel: 384)
        try #require(unsafe openpty(&ends.main, &ends.side, nil, nil, &size) == 0)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["--foreground", Self.patience, Self.binary] + arguments
        process.environment = environment.merging(["TERM": "xterm-256color"]) { $1 }.merging(more) { $1 }
        process.currentDirectoryURL = home
        let side = FileHandle(fileDescriptor: ends.side, closeOnDealloc: false)
        process.standardInput = side
        process.standardOutput = side
        process.standardError = side
        let shown = Watched((bytes: [UInt8](), isClosed: false))
        let main = ends.main
        WorkerThread {
            var piece = [UInt8](repeating: 0, count: 4096)
            while case let count = unsafe read(main, &piece, piece.count), count > 0 {
                let bytes = Array(piece[..<count])
                shown.change { $0.bytes += bytes }
            }
            shown.change { $0.isClosed = true }
        }.detach()
        async let finished: Void = Self.finish(process)
        if let question {
            await shown.until { $0.isClosed || String(decoding: $0.bytes, as: UTF8.self).contains(question) }
            let bytes = Array(typing.utf8)
            _ = unsafe bytes.withUnsafeBytes { unsafe Foundation.write(main, $0.baseAddress, $0.count) }
        }
        try await finished
        close(ends.side)
        await shown.until { $0.isClosed }
        close(main)
        return Ran(
            status: process.terminationStatus,
            out: String(decoding: shown.value.bytes, as: UTF8.self),
            error: ""
        )
    }

    // MARK: Beside the test

    /// Starts it and does not wait; its output is dropped.
    func start(_ arguments: [String]) throws -> BackgroundProgram {
        try BackgroundProgram([Self.binary] + arguments, in: home, environment: environment)
    }
}

extension Scene {
    /// The program for the administrator of this daemon.
    func control(_ more: [String: String] = [:]) throws -> Control {
        try Control(daemon.base, key: daemon.adminKey, more)
    }
}
