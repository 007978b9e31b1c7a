import FakeVendors
import Foundation
import Orchestrator

/// The built `orchestratord` as a process of its own, on a free port and a data directory of its own.
final class DaemonProcess: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// `ORCHESTRATORD_BINARY`, else the one beside the test bundle, which the same build made.
    static let binary: String = {
        if let path = ProcessInfo.processInfo.environment["ORCHESTRATORD_BINARY"] { return path }
        let bundle = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
        return bundle.appendingPathComponent("orchestratord").path
    }()

    /// What a process needs of the machine's own environment: a path, and how a sanitizer is to behave.
    private static let bareEnvironment = ProcessInfo.processInfo.environment
        .filter { ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains($0.key) }
        .merging(["PATH": "/usr/bin:/bin"]) { $1 }

    private struct Run: Sendable {
        var identifier: Int32 = 0
        /// All that the process wrote, both streams, over all its lives.
        var output: [UInt8] = []
        /// Where this life's output begins.
        var start = 0
        var exitStatus: Int32?
        /// Whether all output of this life has been read.
        var isClosed = false
    }

    let directory: URL
    let adminKey: String
    let environment: [String: String]
    private let command: [String]
    private let arguments: [String]
    private let run = Watched(Run())

    /// Writes the configuration; ``start()`` starts the process, by `launcher` if there is one: a program with its first
    /// arguments that becomes whatever command follows them.
    init(
        _ configuration: String,
        environment: [String: String] = [:],
        arguments: [String] = [],
        launcher: [String] = [],
        binary: String = DaemonProcess.binary
    ) throws {
        command = launcher + [binary]
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("orchestratord-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        adminKey = environment["ORCHESTRATOR_ADMIN_KEY"] ?? "ork_admin_\(UUID().uuidString.lowercased())"
        // Nothing of the machine's own settings, least of all real keys.
        self.environment = Self.bareEnvironment.merging(["TZ": "UTC", "ORCHESTRATOR_ADMIN_KEY": adminKey]) { $1 }
            .merging(environment) { $1 }
        self.arguments = arguments
        try configure(configuration)
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: directory)
    }

    var configurationPath: String { directory.appendingPathComponent("providers.yaml").path }
    var dataDirectory: URL { directory.appendingPathComponent("data") }
    var outputBytes: [UInt8] { run.value.output }
    var output: String { String(decoding: outputBytes, as: UTF8.self) }
    var exitStatus: Int32? { run.value.exitStatus }
    /// Of the process, 0 before the first ``start()``.
    var identifier: Int32 { run.value.identifier }

    /// Replaces the configuration file in one step, as editors do.
    func configure(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: configurationPath), options: .atomic)
    }

    /// Starts the process and waits until it serves; throws with its output when it ends instead.
    func start() async throws {
        try launch()
        await run.until { $0.isClosed || DaemonProcess.address($0) != nil }
        guard DaemonProcess.address(run.value) != nil else {
            throw Failure(description: "no 'listening on':\n\(output)")
        }
    }

    private func launch() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments =
            command.dropFirst()
            + ["serve", "--config", configurationPath, "--listen", "127.0.0.1:0", "--data-dir", dataDirectory.path]
            + arguments
        process.environment = environment
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        let run = run
        run.change {
            $0.start = $0.output.count
            $0.exitStatus = nil
            $0.isClosed = false
        }
        process.terminationHandler = { process in
            let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
            run.change { $0.exitStatus = status }
        }
        try process.run()
        let identifier = process.processIdentifier
        run.change { $0.identifier = identifier }
        try? pipe.fileHandleForWriting.close()
        let reader = pipe.fileHandleForReading
        let descriptor = dup(reader.fileDescriptor)
        WorkerThread {
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            while true {
                let piece = handle.availableData
                guard !piece.isEmpty else { break }
                run.change { $0.output += piece }
            }
            run.change { $0.isClosed = true }
        }.detach()
    }

    private static func address(_ run: Run) -> String? {
        let text = String(decoding: run.output[run.start...], as: UTF8.self)
        guard let mark = text.range(of: "listening on http://"), let end = text[mark.upperBound...].firstIndex(of: "\n")
        else { return nil }
        return "http://" + text[mark.upperBound..<end].prefix { !" \",/}".contains($0) }
    }

    /// The address of this life; traps before ``start()``.
    var base: String {
        guard let address = DaemonProcess.address(run.value) else { preconditionFailure("the daemon does not listen") }
        return address
    }

    /// A client with a key, the administrator's by default; nil sends none.
    func client(key: String?) -> HTTPClient {
        guard let client = HTTPClient(url: base, key: key) else { preconditionFailure("no address: '\(base)'") }
        return client
    }

    var client: HTTPClient { client(key: adminKey) }

    // MARK: Ending

    func signal(_ number: Int32) {
        let current = run.value
        if current.identifier > 0, current.exitStatus == nil { Foundation.kill(current.identifier, number) }
    }

    /// Kills it without a chance to tidy up.
    func kill() {
        signal(SIGKILL)
    }

    /// Waits for the end; the status, negative for a signal.
    @discardableResult
    func untilExit() async -> Int32? {
        await run.until { $0.exitStatus != nil && $0.isClosed }
        return exitStatus
    }

    /// Drains and ends it.
    @discardableResult
    func stop() async -> Int32? {
        signal(SIGTERM)
        return await untilExit()
    }

    /// Starts again on the same data.
    func restart(isKilled: Bool = false) async throws {
        signal(isKilled ? SIGKILL : SIGTERM)
        await untilExit()
        try await start()
    }

    /// Suspends until the output of this life contains `text`.
    @discardableResult
    func untilOutput(contains text: String) async -> Bool {
        await run.until { String(decoding: $0.output[$0.start...], as: UTF8.self).contains(text) || $0.isClosed }
    }

    /// Runs the binary once with other arguments; its status and output.
    static func command(
        _ arguments: [String],
        environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String) {
        try await WorkerThread.run {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: binary)
            process.arguments = arguments
            process.environment = bareEnvironment.merging(environment) { $1 }
            process.standardInput = FileHandle.nullDevice
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let output = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: output, as: UTF8.self))
        }
    }
}
