import FakeVendors
import Foundation
import Orchestrator
import S3TestServer
import Testing

/// The daemon with its pictures in an S3 bucket.
@Suite(.timeLimit(.minutes(4))) struct BucketTests {
    private static let keys = ["S3_ACCESS": FakeS3.accessKey, "S3_SECRET": FakeS3.secretKey]

    private static func storage(_ endpoint: String, _ bucket: String) -> [String] {
        [
            "storage:", "  adapter: s3", "  endpoint: \(endpoint)", "  bucket: \(bucket)", "  access_key: ${S3_ACCESS}",
            "  secret_key: ${S3_SECRET}",
        ]
    }

    /// A daemon on the fake, which fails as it is told.
    private static func withFake(
        _ change: (inout RegistryText) -> Void = { _ in },
        _ body: (Scene, FakeS3) async throws -> Void
    ) async throws {
        let fake = try FakeS3()
        try await Scene.play(
            {
                change(&$0)
                $0.extra += Self.storage(fake.endpoint, FakeS3.bucket)
            },
            environment: keys
        ) { scene in try await body(scene, fake) }
        _ = try? await WorkerThread.run { fake.stop() }
    }

    @Test func `a picture in a bucket is served like one on disk`() async throws {
        let server = try await SharedS3Server.instance.server()
        let bucket = try await server.freshBucket()
        try await Scene.play(
            { $0.extra += Self.storage(server.endpoint, bucket) },
            environment: ["S3_ACCESS": S3Server.accessKey, "S3_SECRET": S3Server.secretKey]
        ) { scene in
            let reply = try await scene.generate(["response_format": "url"])
            #expect(reply.status == 200, "\(reply.text)")
            let path = Scene.path(of: try #require(reply.json?["data"]?[0]?["url"]?.string))
            let id = String(path.dropFirst("/images/".count).prefix { $0 != "." })
            let near = try await scene.client.get(path)
            #expect(near.status == 200)
            // After a restart nothing is at hand any more.
            try await scene.daemon.restart(isKilled: true)
            let client = scene.client
            let whole = try await client.get(path)
            #expect(whole.status == 200 && whole.body == near.body)
            #expect(whole.header("content-length") == String(near.body.count))
            let tag = try #require(whole.header("etag"))
            #expect(tag == "\"\(SHA256.hex(whole.body))\"")
            #expect(try await client.with("if-none-match", tag).get(path).status == 304)
            let part = try await client.with("range", "bytes=10-19").get(path)
            #expect(part.status == 206 && part.body == Array(whole.body[10..<20]))
            #expect(part.header("content-range") == "bytes 10-19/\(whole.body.count)")
            let head = try await client.send("HEAD", path)
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.header("content-length") == String(whole.body.count))
            // It can be worked on: as a reference, and in base64.
            let edit = try await client.post(
                Scene.edits,
                ["prompt": "a hat", "images": [["image_url": .string(id)]], "response_format": "b64_json"]
            )
            #expect(edit.status == 200, "\(edit.text)")
            #expect(edit.json?["data"]?[0]?["b64_json"]?.string != nil)
            #expect(scene.files().allSatisfy { !$0.path.contains("/artifacts/") })
            #expect(!scene.daemon.output.contains(S3Server.secretKey))
            #expect(try await client.send("DELETE", "/v1/images/\(id)").status == 200)
            #expect(try await client.get(path).status == 404)
        }
    }

    @Test func `a bucket that is not there, or keys that do not open it, keep the daemon from starting`() async throws {
        let server = try await SharedS3Server.instance.server()
        let bucket = try await server.freshBucket()
        let farm = try VendorFarm()
        let cases = [
            ("absent-bucket", S3Server.secretKey, "there is no bucket 'absent-bucket'"),
            (bucket, "not the key", "does not accept storage.access_key and storage.secret_key"),
        ]
        for (bucket, secret, expected) in cases {
            let daemon = try DaemonProcess(
                farm.registry.with { $0.extra += Self.storage(server.endpoint, bucket) }.text,
                environment: farm.environment.merging(["S3_ACCESS": S3Server.accessKey, "S3_SECRET": secret]) { $1 }
            )
            await #expect(throws: DaemonProcess.Failure.self) { try await daemon.start() }
            #expect(await daemon.untilExit() == 1)
            #expect(daemon.output.contains(expected) && !daemon.output.contains(secret), "\(daemon.output)")
        }
        _ = try? await WorkerThread.run { farm.stop() }
    }

    @Test func `while the bucket is away nothing is begun and nobody charged, and it goes on when it is back`()
        async throws
    {
        try await Self.withFake(Scene.official()) { scene, fake in
            let customer = try await Customer(scene, credits: 100)
            let first = try await customer.generate()
            #expect(first.status == 200, "\(first.text)")
            // One job is at the vendor when the bucket goes.
            let gate = Gate()
            scene.farm.replicate.script(.held(by: gate))
            let job = try await customer.submit()
            await scene.farm.replicate.until { $0.inFlight == 1 }
            _ = try await WorkerThread.run { fake.refuseConnections() }
            let creates = scene.farm.creates.count
            // A second after it was heard of last, the bucket is asked first.
            while try await scene.client.get("/health/ready").status != 503 { await Task.yield() }
            let refused = try await customer.generate()
            #expect(refused.status == 503 && refused.errorCode == "overloaded", "\(refused.text)")
            #expect(refused.header("retry-after") != nil)
            #expect(scene.farm.creates.count == creates)
            #expect(try await scene.client.get("/health/ready").status == 503)
            gate.open()
            try fake.acceptConnections()
            let began = ContinuousClock.now
            let end = try await customer.end(of: job)
            #expect(end["status"]?.string == "succeeded", "\(end.text)")
            let after = try await customer.generate()
            #expect(after.status == 200, "\(after.text)")
            #expect(ContinuousClock.now - began < .seconds(5))
            #expect(try await customer.funds() == .exactly(97))
            #expect(fake.objects.keys.filter { $0.hasPrefix("artifacts/") }.count >= 1)
        }
    }

    @Test func `a picture that could not be kept fails its request, and nobody pays`() async throws {
        try await Self.withFake(Scene.official()) { scene, fake in
            let customer = try await Customer(scene, credits: 100)
            fake.fail { $0.method == "PUT" ? FakeS3.error(403, "AccessDenied") : nil }
            let reply = try await customer.generate()
            #expect(reply.status == 500 && reply.errorCode == "internal_error", "\(reply.text)")
            #expect(!reply.text.contains("S3") && !reply.text.contains("AccessDenied"))
            #expect(try await customer.funds() == .exactly(100))
            #expect(scene.daemon.output.contains("AccessDenied"))
            fake.fail(nil)
            #expect(try await customer.generate().status == 200)
        }
    }

    @Test func `killed while it stores a picture, the daemon leaves sound books`() async throws {
        try await Self.withFake(Scene.official()) { scene, fake in
            let customer = try await Customer(scene, credits: 100)
            let isStoring = Watched(false)
            let gate = Gate()
            fake.fail { request in
                if request.method == "PUT" {
                    isStoring.change { $0 = true }
                    gate.wait()
                }
                return nil
            }
            let job = try await customer.submit()
            await isStoring.until { $0 }
            scene.daemon.signal(SIGKILL)
            await scene.daemon.untilExit()
            fake.fail(nil)
            gate.open()
            try await scene.daemon.start()
            let end = try await customer.end(of: job)
            #expect(["succeeded", "failed"].contains(end["status"]?.string), "\(end.text)")
            let paid = end["status"] == "succeeded" ? 1 : 0
            #expect(try await customer.funds() == .exactly(100 - paid))
            #expect(try await customer.generate().status == 200)
        }
    }

    @Test func `reading while the bucket is away is told from a picture that is gone`() async throws {
        try await Self.withFake { scene, fake in
            let reply = try await scene.generate(["response_format": "url"])
            let path = Scene.path(of: try #require(reply.json?["data"]?[0]?["url"]?.string))
            try await scene.daemon.restart()
            fake.fail { _ in FakeS3.error(503, "SlowDown") }
            let away = try await scene.client.get(path)
            #expect(away.status == 503 && away.header("retry-after") != nil, "\(away.text)")
            fake.fail { _ in FakeS3.error(404, "NoSuchKey") }
            #expect(try await scene.client.get(path).status == 404)
            fake.fail(nil)
            #expect(try await scene.client.get(path).status == 200)
        }
    }
}
