import FakeVendors
import Foundation

/// A program that keeps running beside the test, with what it has printed so far.
final class BackgroundProgram: Sendable {
    private struct State: Sendable {
        var output: [UInt8] = []
        var isClosed = false
        var exitStatus: Int32?
    }

    private let state = Watched(State())
    private let identifier: Int32

    /// Starts it; standard error is dropped.
    init(
        _ words: [String],
        in directory: URL = FileManager.default.temporaryDirectory,
        environment: [String: String] = [:]
    ) throws {
        let process = Process()
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        process.currentDirectoryURL = directory
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        let state = state
        process.terminationHandler = { process in
            let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
            state.change { $0.exitStatus = status }
        }
        try process.run()
        identifier = process.processIdentifier
        try pipe.fileHandleForWriting.close()
        let descriptor = dup(pipe.fileHandleForReading.fileDescriptor)
        WorkerThread {
            let reader = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            while case let piece = reader.availableData, !piece.isEmpty { state.change { $0.output += piece } }
            state.change { $0.isClosed = true }
        }.detach()
    }

    deinit { signal(SIGKILL) }

    /// Suspends until the output contains `text` or is at its end; the output.
    @discardableResult
    func untilOutput(contains text: String) async -> String {
        await state.until { $0.isClosed || String(decoding: $0.output, as: UTF8.self).contains(text) }
        return String(decoding: state.value.output, as: UTF8.self)
    }

    func signal(_ number: Int32) {
        if state.value.exitStatus == nil { kill(identifier, number) }
    }

    /// Waits for the end; the status, negative for a signal.
    func untilExit() async -> Int32? {
        await state.until { $0.exitStatus != nil }
        return state.value.exitStatus
    }
}
