import FakeVendors
import Foundation
import Orchestrator
import S3TestServer
import Transport

@testable import Persistence

/// An S3 storage and what it needs of a daemon, over some service.
struct S3Scene {
    let storage: S3Storage
    let directory = TemporaryDirectory()

    /// What leads to a fresh bucket of the real server.
    static func freshSettings() async throws -> S3Settings {
        let server = try await SharedS3Server.instance.server()
        return S3Settings(
            endpoint: server.endpoint,
            region: "us-east-1",
            bucket: try await server.freshBucket(),
            accessKey: Secret(S3Server.accessKey),
            secretKey: Secret(S3Server.secretKey)
        )
    }

    /// Runs `body` with a storage in a fresh bucket of the real server.
    static func withServer(
        addressing: S3Settings.Addressing = .path,
        _ body: @escaping @Sendable (S3Scene) async throws -> Void
    ) async throws {
        var settings = try await freshSettings()
        settings.addressing = addressing
        try await play(settings, body)
    }

    /// Runs `body` with a storage on a service that fails as it is told.
    static func withFake(
        _ change: (inout S3Settings) -> Void = { _ in },
        parts: S3Upload.Limits = S3Upload.Limits(),
        _ body: @escaping @Sendable (S3Scene, FakeS3) async throws -> Void
    ) async throws {
        let fake = try FakeS3()
        defer { fake.stop() }
        var settings = S3Settings(
            endpoint: fake.endpoint,
            region: "us-east-1",
            bucket: FakeS3.bucket,
            accessKey: Secret(FakeS3.accessKey),
            secretKey: Secret(FakeS3.secretKey)
        )
        change(&settings)
        try await play(settings, parts: parts) { scene in try await body(scene, fake) }
    }

    static func play(
        _ settings: S3Settings,
        parts: S3Upload.Limits = S3Upload.Limits(),
        _ body: @escaping @Sendable (S3Scene) async throws -> Void
    ) async throws {
        let loops = try [EventLoop(name: "s3-0"), EventLoop(name: "s3-1")]
        for loop in loops { loop.start() }
        let files = try BlockingPool(name: "files", threads: 2)
        let client = UpstreamClient(
            loops: loops,
            files: files,
            configuration: UpstreamConfiguration(userAgent: "tests/1")
        )
        let scene = try S3Scene(
            settings,
            S3Services(
                upstream: client,
                time: MachineTime(),
                offloading: PoolOffloading(pool: files),
                executor: { EventLoop.current }
            ),
            parts
        )
        let result: Result<Void, any Error>
        do {
            result = .success(try await Task(executorPreference: loops[0]) { try await body(scene) }.value)
        } catch {
            result = .failure(error)
        }
        await scene.storage.close()
        await client.shutDown()
        for loop in loops { loop.stop() }
        files.stop()
        try result.get()
    }

    private init(_ settings: S3Settings, _ services: S3Services, _ parts: S3Upload.Limits) throws {
        storage = try S3Storage(
            settings,
            scratch: directory.path,
            services: services,
            limits: ImageLimits(),
            parts: parts
        )
    }

    /// Stores a picture, and returns its digest and bytes.
    func store(seed: Int = 1, _ dataBytes: Int = 2000) async throws -> (digest: String, bytes: [UInt8]) {
        let bytes = Picture.png(seed: seed, dataBytes: dataBytes)
        let staged = try await storage.stage(bytes)
        try await storage.publish([staged])
        return (staged.digest, bytes)
    }

    /// Has the storage forget what it holds here, so that everything is asked of the service.
    func forget() { storage.forgetRecent() }
}

private struct PoolOffloading: Offloading {
    let pool: BlockingPool

    func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws -> T { try await pool.run(work) }
}

private struct MachineTime: TimeSource {
    private let origin = ContinuousClock.now

    func now() -> Timestamp { Timestamp(Date()) }
    func monotonic() -> Duration { ContinuousClock.now - origin }
    func random() -> UInt64 { .random(in: .min ... .max) }

    func sleep(for duration: Duration) async throws(CancellationError) {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw CancellationError()
        }
    }
}
