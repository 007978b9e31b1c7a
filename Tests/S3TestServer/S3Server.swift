import Foundation
import Glibc
import TestProcesses

/// SeaweedFS as an S3 server of the tests' own, on free ports of this machine, in a directory that goes with the process.
///
/// It checks signatures. The shared one must not be stopped; a test that wants the storage away makes its own.
package final class S3Server: Sendable {
    package static let accessKey = "AKTESTS"
    package static let secretKey = "secret-\(UUID().uuidString)"

    private let directory: String
    private let program: String
    private let watchdog: Watchdog
    private let ports: [UInt16]
    private let state = NSLock()
    private nonisolated(unsafe) var process: ChildProcess?  // under the lock
    private nonisolated(unsafe) var buckets = 0  // under the lock

    /// Makes the Python environment if need be, and starts the server; some seconds.
    package init() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        try await ChildProcess.run("/bin/bash", [root + "/scripts/python-environment"])
        program = root + "/.build/venv/bin/weed"
        directory = NSTemporaryDirectory() + "seaweed-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory + "/data", withIntermediateDirectories: true)
        watchdog = try Watchdog(directory: directory, file: "pid")
        let listeners = try (0..<8).map { _ in try SilentListener() }
        ports = listeners.map(\.port)
        let identity = """
            {"identities": [{"name": "tests", "actions": ["Admin", "Read", "Write", "List"], "credentials":
                [{"accessKey": "\(S3Server.accessKey)", "secretKey": "\(S3Server.secretKey)"}]}]}
            """
        try identity.write(toFile: directory + "/s3.json", atomically: true, encoding: .utf8)
        withExtendedLifetime(listeners) {}
    }

    /// The service's address.
    package var endpoint: String { "http://127.0.0.1:\(ports[7])" }

    /// Starts it, on the same ports as ever; returns when it answers.
    package func start() async throws {
        let names = [
            "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
            "s3.port.grpc", "s3.port",
        ]
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        let log = unsafe open(directory + "/log", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer {
            close(nothing)
            close(log)
        }
        let process = try ChildProcess(
            program,
            [
                "-logtostderr", "server", "-dir=\(directory)/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3",
                "-s3.config=\(directory)/s3.json", "-s3.port.iceberg=0", "-s3.port.lance=0",
                // Each bucket takes several volumes, files that are small while little is in them.
                "-volume.max=2000", "-volume.minFreeSpace=64MiB",
                "-master.volumeSizeLimitMB=128", "-master.volumePreallocate=false", "-master.telemetry=false",
            ] + zip(names, ports).map { "-\($0)=\($1)" },
            input: nothing,
            output: log
        )
        try "\(process.identifier)\n".write(toFile: directory + "/pid", atomically: true, encoding: .utf8)
        state.withLock { unsafe self.process = process }
        // It listens long before it serves: what counts is that it knows a bucket.
        try await bucket("ready")
    }

    /// Ends it as a crash does; returns when it is gone.
    package func stop() async throws {
        guard let process = state.withLock({ unsafe self.process.take() }) else { return }
        kill(process.identifier, SIGKILL)
        try? FileManager.default.removeItem(atPath: directory + "/pid")
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                _ = process.wait()
                continuation.resume()
            }
        }
    }

    /// A bucket that is empty and nobody else's.
    package func freshBucket() async throws -> String {
        let number = state.withLock {
            unsafe buckets += 1
            return unsafe buckets
        }
        let name = "pictures-\(number)"
        try await bucket(name)
        return name
    }

    /// Makes a bucket, as soon as the server can.
    private func bucket(_ name: String) async throws {
        let script = """
            ask() {
                curl -s -o /dev/null -f --aws-sigv4 aws:amz:us-east-1:s3 -u \(S3Server.accessKey):\(S3Server.secretKey) \\
                    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"
            }
            for i in $(seq 300); do
                ask -X PUT \(endpoint)/\(name)
                ask '\(endpoint)/\(name)/' && exit 0
                sleep 0.1
            done
            tail -n 20 '\(directory)/log'
            exit 1
            """
        try await ChildProcess.run("/bin/sh", ["-c", script])
    }
}

/// The server that all tests of a process share.
package actor SharedS3Server {
    package static let instance = SharedS3Server()

    private var starting: Task<S3Server, any Error>?

    /// Started by the first who asks.
    package func server() async throws -> S3Server {
        let task =
            starting
            ?? Task {
                let server = try await S3Server()
                try await server.start()
                return server
            }
        starting = task
        return try await task.value
    }
}
