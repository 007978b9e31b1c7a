import FakeVendors
import Foundation

/// Runs commands as readers of the documentation do.
enum Shell {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Where this package lies.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static let seconds = "480"

    /// Both streams of a finished program, and its status.
    static func run(
        _ words: [String],
        in directory: URL,
        environment: [String: String] = [:],
        input: String = ""
    ) async throws -> (status: Int32, output: String) {
        try await WorkerThread.run {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/timeout")
            process.arguments = [seconds] + words
            process.currentDirectoryURL = directory
            process.environment = environment
            let (source, sink) = (Pipe(), Pipe())
            process.standardInput = source
            process.standardOutput = sink
            process.standardError = sink
            try process.run()
            source.fileHandleForWriting.write(Data(input.utf8))
            try source.fileHandleForWriting.close()
            let output = sink.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: output, as: UTF8.self))
        }
    }

    /// The folder of a Python that has the packages of `scripts/python-packages.txt`; made where it is missing.
    static func python() async throws -> String {
        let made = try await run(
            ["scripts/python-environment"],
            in: root,
            environment: ProcessInfo.processInfo.environment
        )
        guard made.status == 0 else {
            throw Failure(description: "no Python with the openai package; 'make test-deps' makes it:\n\(made.output)")
        }
        return root.appending(path: ".build/venv/bin").path
    }
}
