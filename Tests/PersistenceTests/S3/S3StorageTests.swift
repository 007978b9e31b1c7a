import Foundation
import Orchestrator
import S3TestServer
import Testing

@testable import Persistence

/// The storage on a real S3 server, which checks every signature.
@Suite struct S3StorageTests {
    @Test(arguments: ArtifactStorageCheck.all, [true, false])
    func `the storage keeps its promises`(check: ArtifactStorageCheck, remembers: Bool) async throws {
        try await S3Scene.withServer { scene in
            try await check.run(remembers ? scene.storage : Forgetful(base: scene.storage))
            scene.forget()
        }
    }

    @Test func `a picture too large for one request goes in parts, and comes back whole`() async throws {
        try await S3Scene.withServer { scene in
            let (digest, bytes) = try await scene.store(seed: 3, 20_000_000)
            scene.forget()
            #expect(try await scene.storage.sent(digest, nil) == bytes)
            let middle: Range<Int64> = 8_388_600..<8_388_620
            #expect(try await scene.storage.sent(digest, middle) == Array(bytes[8_388_600..<8_388_620]))
            let held = try await scene.storage.open(digest)
            #expect(held.source.contents == bytes)
        }
    }

    @Test func `temporary files go with those who hold them`() async throws {
        try await S3Scene.withServer { scene in
            let (digest, bytes) = try await scene.store(seed: 4, 600_000)
            scene.forget()
            do {
                let held = try await scene.storage.open(digest)
                scene.forget()
                #expect(held.source.contents == bytes, "what is held stays readable")
            }
            await scene.storage.close()
            #expect(scene.directory.files.isEmpty)
        }
    }

    static let mistakes: [(String, @Sendable (inout S3Settings) -> Void, String)] = [
        (
            "wrong secret", { $0.secretKey = Secret("wrong") },
            "does not accept storage.access_key and storage.secret_key"
        ),
        (
            "unknown key", { $0.accessKey = Secret("AKNOBODY") },
            "does not accept storage.access_key and storage.secret_key"
        ),
        ("no bucket", { $0.bucket = "absent-bucket" }, "there is no bucket 'absent-bucket'"),
        ("nobody there", { $0.endpoint = "http://127.0.0.1:1" }, "no answer from the S3 service"),
    ]

    @Test(arguments: mistakes)
    func `a setting that cannot work is told at the start`(
        name: String,
        change: @Sendable (inout S3Settings) -> Void,
        expected: String
    ) async throws {
        var settings = try await S3Scene.freshSettings()
        change(&settings)
        try await S3Scene.play(settings) { scene in
            let error = await artifactError { () throws(ArtifactError) in try await scene.storage.check() }
            guard case .unreachable(let why) = error else {
                return #expect(Bool(false), "\(String(describing: error))")
            }
            #expect(why.contains(expected), "\(why)")
            #expect(!why.contains("wrong") && !why.contains("AKNOBODY") && !why.contains(S3Server.secretKey))
        }
    }
}

/// The storage without what it holds of its own, so that every promise is kept by the service.
private struct Forgetful: ArtifactStorage {
    let base: S3Storage

    func makeSink() -> any ArtifactSink { base.makeSink() }

    func publish(_ staged: [StagedArtifact]) async throws(ArtifactError) {
        try await base.publish(staged)
        base.forgetRecent()
    }

    func open(_ digest: String) async throws(ArtifactError) -> HeldBytes {
        base.forgetRecent()
        return try await base.open(digest)
    }

    func read(_ digest: String, _ part: Range<Int64>?) async throws(ArtifactError) -> StoredBytes {
        base.forgetRecent()
        return try await base.read(digest, part)
    }

    func contains(_ digest: String) async throws(ArtifactError) -> Bool {
        base.forgetRecent()
        return try await base.contains(digest)
    }

    func ready() async throws(ArtifactError) { try await base.ready() }
    func renew(_ digest: String) async throws(ArtifactError) -> Bool { try await base.renew(digest) }
    func digests(onShelf shelf: UInt8) async throws(ArtifactError) -> [String] {
        try await base.digests(onShelf: shelf)
    }

    func remove(_ digest: String, ifUnusedSince time: Timestamp) async throws(ArtifactError) -> Bool {
        try await base.remove(digest, ifUnusedSince: time)
    }

    func close() async { await base.close() }
}
