import FakeVendors
import Foundation
import Orchestrator
import Testing

@testable import Persistence

/// The storage on a service that fails as it is told.
@Suite struct S3FailureTests {
    /// Lets the first `count` requests of a kind fail.
    private static func first(
        _ count: Int,
        _ matches: @escaping @Sendable (FakeRequest) -> Bool,
        _ reply: FakeReply
    ) -> FakeS3.Fault {
        let left = Lock(count)
        return { request in
            guard matches(request) else { return nil }
            return left.withLock { left in
                left -= 1
                return left >= 0 ? reply : nil
            }
        }
    }

    private static func isPut(_ request: FakeRequest) -> Bool {
        request.method == "PUT" && request.path.contains("/artifacts/")
    }

    static let passing: [(String, FakeReply)] = [
        ("500", FakeS3.error(500, "InternalError")), ("SlowDown", FakeS3.error(503, "SlowDown")),
        ("BadDigest", FakeS3.error(400, "BadDigest")), ("RequestTimeout", FakeS3.error(400, "RequestTimeout")),
        ("a connection that ends", .close), ("429", FakeS3.error(429, "TooManyRequests")),
        ("an answer that is cut", FakeS3.error(500, "InternalError").cut),
    ]

    @Test(arguments: passing)
    func `what passes is tried again until the picture is kept`(name: String, reply: FakeReply) async throws {
        try await S3Scene.withFake { scene, fake in
            fake.fail(Self.first(2, Self.isPut, reply))
            let (digest, bytes) = try await scene.store()
            #expect(fake.objects["artifacts/\(digest.prefix(2))/\(digest)"]?.bytes == bytes)
            #expect(fake.requests.filter(Self.isPut).count == 3)
        }
    }

    static let lasting: [(FakeReply, String)] = [
        (FakeS3.error(403, "AccessDenied"), "the key may not do this in bucket 'pictures' (403 AccessDenied)"),
        (FakeS3.error(403, "SignatureDoesNotMatch"), "does not accept storage.access_key and storage.secret_key"),
        (FakeS3.error(403, "RequestTimeTooSkewed"), "this machine's clock is wrong"),
        (FakeS3.error(404, "NoSuchBucket"), "there is no bucket 'pictures'"),
        (FakeS3.error(301, "PermanentRedirect"), "not at this endpoint or in this region"),
        (FakeS3.error(400, "EntityTooLarge"), "answered 400 EntityTooLarge"),
    ]

    @Test(arguments: lasting)
    func `what does not pass is said at once, and clearly`(reply: FakeReply, expected: String) async throws {
        try await S3Scene.withFake { scene, fake in
            fake.fail(Self.first(.max, Self.isPut, reply))
            let staged = try await scene.storage.stage(Picture.png(seed: 1, dataBytes: 100))
            let error = await artifactError { () throws(ArtifactError) in try await scene.storage.publish([staged]) }
            guard case .storage(let why) = error else { return #expect(Bool(false), "\(String(describing: error))") }
            #expect(why.contains(expected), "\(why)")
            #expect(!why.contains(FakeS3.secretKey) && !why.contains("Signature="))
            #expect(fake.requests.filter(Self.isPut).count == 1 && fake.objects.isEmpty)
        }
    }

    @Test func `a service that is away is told from one that refuses`() async throws {
        try await S3Scene.withFake { scene, fake in
            let (digest, bytes) = try await scene.store()
            scene.forget()
            fake.fail { _ in FakeS3.error(503, "SlowDown") }
            let error = await artifactError { () throws(ArtifactError) in _ = try await scene.storage.read(digest, nil)
            }
            guard case .unreachable = error else { return #expect(Bool(false), "\(String(describing: error))") }
            fake.fail(nil)
            #expect(try await scene.storage.sent(digest, nil) == bytes)
        }
    }

    @Test func `a picture that the service does not have after all is sent again`() async throws {
        try await S3Scene.withFake { scene, fake in
            let heads = Lock(0)
            fake.fail { request in
                guard request.method == "HEAD" else { return nil }
                return heads.withLock { heads in
                    heads += 1
                    return heads == 1 ? FakeS3.error(404, "NoSuchKey") : nil
                }
            }
            let (digest, _) = try await scene.store()
            #expect(fake.requests.filter(Self.isPut).count == 2)
            #expect(try await scene.storage.contains(digest))
        }
    }

    static let lies: [(String, FakeS3.Distortion)] = [
        (
            "another length",
            { request, reply in
                guard request.method == "HEAD" else { return reply }
                return FakeReply(200, headers: reply.headers, body: Array(reply.body.dropLast()))
            }
        ),
        (
            "another checksum",
            { request, reply in
                var reply = reply
                guard request.method == "HEAD" else { return reply }
                reply.headers = reply.headers.map { ($0.name, $0.name == "x-amz-checksum-sha256" ? "AAAA" : $0.value) }
                return reply
            }
        ),
    ]

    @Test(arguments: lies)
    func `other bytes than were sent are noticed before the picture counts as kept`(
        name: String,
        lie: @escaping FakeS3.Distortion
    ) async throws {
        try await S3Scene.withFake { scene, fake in
            fake.distort(lie)
            let staged = try await scene.storage.stage(Picture.png(seed: 1, dataBytes: 100))
            let error = await artifactError { () throws(ArtifactError) in try await scene.storage.publish([staged]) }
            guard case .storage(let why) = error else { return #expect(Bool(false), "\(String(describing: error))") }
            #expect(why.contains("other bytes"))
        }
    }

    // MARK: - Parts

    private static let smallParts = S3Upload.Limits(multipart: 100_000, part: 40_000)

    @Test func `parts that fail are sent again, and a completion whose answer was lost is no failure`() async throws {
        try await S3Scene.withFake(parts: Self.smallParts) { scene, fake in
            fake.fail(Self.first(2, { $0.query["partNumber"] == "2" }, FakeS3.error(500, "InternalError")))
            let lost = Lock(false)
            fake.distort { request, reply in
                guard request.method == "POST", request.query["uploadId"] != nil else { return reply }
                return lost.withLock { lost in
                    defer { lost = true }
                    return lost ? reply : .close
                }
            }
            let (digest, bytes) = try await scene.store(130_000)
            #expect(fake.objects["artifacts/\(digest.prefix(2))/\(digest)"]?.bytes == bytes)
            #expect(fake.uploadCount == 0)
            scene.forget()
            #expect(try await scene.storage.sent(digest, nil) == bytes)
        }
    }

    @Test func `an upload that fails is ended, and leaves nothing`() async throws {
        try await S3Scene.withFake(parts: Self.smallParts) { scene, fake in
            fake.fail(Self.first(.max, { $0.query["partNumber"] == "3" }, FakeS3.error(403, "AccessDenied")))
            let staged = try await scene.storage.stage(Picture.png(seed: 1, dataBytes: 130_000))
            let error = await artifactError { () throws(ArtifactError) in try await scene.storage.publish([staged]) }
            #expect(error != nil && fake.uploadCount == 0 && fake.objects.isEmpty)
        }
    }

    @Test func `a completion that fails after its status is a failure`() async throws {
        try await S3Scene.withFake(parts: Self.smallParts) { scene, fake in
            fake.fail { request in
                guard request.method == "POST", request.query["uploadId"] != nil else { return nil }
                return FakeReply(200, body: Array("<Error><Code>InternalError</Code></Error>".utf8))
            }
            let staged = try await scene.storage.stage(Picture.png(seed: 1, dataBytes: 130_000))
            let error = await artifactError { () throws(ArtifactError) in try await scene.storage.publish([staged]) }
            #expect(error != nil && fake.objects.isEmpty)
        }
    }

    @Test func `uploads that a daemon left a day ago are ended by the sweep, younger ones are not`() async throws {
        try await S3Scene.withFake { scene, fake in
            fake.beginUpload("artifacts/ab/abc", begun: Date() - 90_000)
            fake.beginUpload("artifacts/ab/abd", begun: Date() - 3600)
            fake.beginUpload("artifacts/cd/cde", begun: Date() - 90_000)
            _ = try await scene.storage.digests(onShelf: 0xAB)
            #expect(fake.uploadCount == 2)
        }
    }

    // MARK: - Reading

    @Test func `a download that breaks off, or is of other bytes, never ends as if it were whole`() async throws {
        try await S3Scene.withFake { scene, fake in
            let (digest, bytes) = try await scene.store(400_000)
            let key = "artifacts/\(digest.prefix(2))/\(digest)"
            scene.forget()
            fake.distort { request, reply in request.method == "GET" ? reply.cut : reply }
            guard case .stream(let cut) = try await scene.storage.read(digest, nil) else {
                return #expect(Bool(false), "no stream")
            }
            await #expect(throws: ArtifactError.self) { while try await cut.next() != nil {} }
            fake.distort(nil)
            var damaged = bytes
            damaged[399_000] ^= 1
            fake.put(key, damaged)
            guard case .stream(let wrong) = try await scene.storage.read(digest, nil) else {
                return #expect(Bool(false), "no stream")
            }
            var got = 0
            await #expect(throws: ArtifactError.self) {
                while let piece = try await wrong.next() { got += piece.count }
            }
            #expect(got < bytes.count)
            let error = await artifactError { () throws(ArtifactError) in _ = try await scene.storage.open(digest) }
            guard case .storage(let why) = error else { return #expect(Bool(false), "\(String(describing: error))") }
            #expect(why.contains("damaged"))
        }
    }

    @Test func `a reader who takes nothing holds the service back`() async throws {
        try await S3Scene.withFake { scene, fake in
            let bytes = [UInt8](repeating: 7, count: 12_000_000)
            let digest = Hex.text(Persistence.SHA256.digest(of: bytes.span))
            fake.put("artifacts/\(digest.prefix(2))/\(digest)", bytes)
            guard case .stream(let stream) = try await scene.storage.read(digest, nil),
                let download = stream as? S3Download
            else { return #expect(Bool(false), "no stream") }
            // It fills up to its limit and stays there.
            while download.pendingBytes < 1 << 20 { await Task.yield() }
            for _ in 0..<2000 { await Task.yield() }
            #expect(download.pendingBytes < 3 << 20)
            var got = 0
            while let piece = try await stream.next() { got += piece.count }
            #expect(got == bytes.count)
        }
    }

    @Test func `a reader who leaves ends the download`() async throws {
        try await S3Scene.withFake { scene, fake in
            let bytes = [UInt8](repeating: 7, count: 12_000_000)
            let digest = Hex.text(Persistence.SHA256.digest(of: bytes.span))
            fake.put("artifacts/\(digest.prefix(2))/\(digest)", bytes)
            do {
                let stream = try await scene.storage.read(digest, nil)
                guard case .stream = stream else { return #expect(Bool(false), "no stream") }
            }
            // Nothing of it keeps the storage from being closed.
            await scene.storage.close()
        }
    }

    @Test func `lists longer than a page are read to their end`() async throws {
        try await S3Scene.withFake { scene, fake in
            let digests = (0..<2500).map { number in
                "ab" + String(repeating: "0", count: 58) + String(10_000 + number).suffix(4)
            }
            for digest in digests { fake.put("artifacts/ab/\(digest)", [1]) }
            fake.put("artifacts/ab/no digest", [1])
            let found = try await scene.storage.digests(onShelf: 0xAB)
            #expect(found == digests)
        }
    }

    // MARK: - Removing

    @Test func `who stores a picture while it is being removed waits, and then stores it anew`() async throws {
        try await S3Scene.withFake { scene, fake in
            let (digest, bytes) = try await scene.store()
            let key = "artifacts/\(digest.prefix(2))/\(digest)"
            fake.put(key, bytes, modified: Date() - 7200)
            let isHeld = Gate()
            let isDeleting = Watched(false)
            fake.fail { request in
                if request.method == "DELETE", request.path.contains("/artifacts/") {
                    isDeleting.change { $0 = true }
                    isHeld.wait()
                }
                return nil
            }
            let storage = scene.storage
            let staged = try await storage.stage(bytes)
            try await withThrowingTaskGroup { group in
                group.addTask { _ = try await storage.remove(digest, ifUnusedSince: Timestamp(Date() - 3600)) }
                await isDeleting.until { $0 }
                group.addTask { try await storage.publish([staged]) }
                // The new bytes are there before the old ones are removed.
                while !fake.requests.contains(where: { $0.query["prefix"]?.contains("removals") == true }) {
                    await Task.yield()
                }
                isHeld.open()
                try await group.waitForAll()
            }
            #expect(fake.objects[key]?.bytes == bytes)
            #expect(!fake.objects.keys.contains { $0.hasPrefix("removals/") })
        }
    }

    @Test func `the mark of a remover that died is not waited for`() async throws {
        try await S3Scene.withFake { scene, fake in
            let staged = try await scene.storage.stage(Picture.png(seed: 9, dataBytes: 100))
            fake.put("removals/\(staged.digest)/1", [], modified: Date() - 120)
            try await scene.storage.publish([staged])
            #expect(!fake.objects.keys.contains { $0.hasPrefix("removals/") })
        }
    }

    @Test func `a removal whose outcome is in doubt leaves its mark`() async throws {
        try await S3Scene.withFake { scene, fake in
            let (digest, bytes) = try await scene.store()
            fake.put("artifacts/\(digest.prefix(2))/\(digest)", bytes, modified: Date() - 7200)
            fake.fail { request in
                request.method == "DELETE" && request.path.contains("/artifacts/") ? .close : nil
            }
            let error = await artifactError { () throws(ArtifactError) in
                _ = try await scene.storage.remove(digest, ifUnusedSince: Timestamp(Date() - 3600))
            }
            #expect(error != nil && fake.objects.keys.contains { $0.hasPrefix("removals/") })
        }
    }
}
