import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Our own content checks, by a moderation service: of words and references before, of pictures after.
@Suite(.timeLimit(.minutes(3))) struct ModerationTests {
    private static func play(
        checks: String,
        onError: String = "deny",
        _ body: (Scene, FakeModeration) async throws -> Void
    ) async throws {
        let service = try FakeModeration()
        defer { service.stop() }
        try await Scene.play(
            {
                $0.extra = [
                    "moderation:",
                    "  endpoint: {base_url: \(service.base), api_key: \"${MODERATION_KEY}\", "
                        + "check: \(checks), on_error: \(onError)}",
                ]
            },
            environment: ["MODERATION_KEY": service.key]
        ) { try await body($0, service) }
        #expect(service.invalid.isEmpty)
    }

    @Test func `a flagged picture leaves no trace, and the others are delivered`() async throws {
        try await Self.play(checks: "[result]") { scene, service in
            service.answer { _, number in number == 1 ? .flagged : .clear }
            let reply = try await scene.generate(["n": 4])
            #expect(reply.status == 200 && reply.json?["data"]?.array?.count == 3, "\(reply.text)")
            let job = try await scene.job(reply)
            let made = scene.farm.replicate.pictures
            let kept = Set(job["images"]?.array?.compactMap { $0["sha256"]?.string } ?? [])
            let withheld = made.map(\.sha256).filter { !kept.contains($0) }
            #expect(made.count == 4 && service.pictures.count == 4 && kept.count == 3 && withheld.count == 1)
            #expect(job["cost_usd"]?.string == "0.009")
            #expect(job.value(at: "/attempts/0/cost_usd")?.string == "0.012")
            // By its bytes: neither its name nor its content is anywhere on disk.
            let flagged = try #require(made.first { $0.sha256 == withheld[0] })
            for file in scene.files() {
                #expect(!file.path.contains(withheld[0]))
                #expect((try? Data(contentsOf: file)).map { $0 != Data(flagged.bytes) } ?? true, "\(file.path)")
            }
            let listed = try await scene.client.get("/v1/jobs?limit=1")
            #expect(!listed.text.contains(withheld[0]))
        }
    }

    @Test func `where every picture is flagged the job fails by our policy, for the house's money`() async throws {
        try await Self.play(checks: "[result]") { scene, service in
            service.answer { _, _ in .flagged }
            let reply = try await scene.generate(["n": 2])
            #expect(reply.status == 400 && reply.errorCode == "content_policy_violation", "\(reply.text)")
            let job = try await scene.job(reply)
            #expect(job["status"] == "failed" && job["cost_usd"] == "0" && job["images"]?.array?.isEmpty == true)
            #expect(job.value(at: "/attempts/0/cost_usd")?.string == "0.006")
            #expect(scene.farm.creates.count == 1 && scene.files().allSatisfy { !$0.path.contains("/artifacts/") })
        }
    }

    static let silences: [(onError: String, status: Int)] = [("allow", 200), ("deny", 503)]

    @Test(arguments: silences)
    func `without an answer the operator's word decides, before and after`(onError: String, status: Int) async throws {
        for checks in ["[prompt]", "[result]"] {
            try await Self.play(checks: checks, onError: onError) { scene, service in
                service.answer { _, _ in .broken(500) }
                let reply = try await scene.generate()
                #expect(reply.status == status, "\(reply.text)")
                if status == 503 {
                    #expect(reply.errorCode == "overloaded" && reply.header("retry-after") == "5")
                    #expect(scene.farm.creates.count == (checks == "[prompt]" ? 0 : 1))
                    #expect(scene.files().allSatisfy { !$0.path.contains("/artifacts/") })
                }
            }
        }
    }

    @Test func `a flagged prompt reaches no vendor`() async throws {
        try await Self.play(checks: "[prompt, result]") { scene, service in
            service.answer { question, _ in question == .texts(["a bad fox"]) ? .flagged : .clear }
            let reply = try await scene.generate(["prompt": "a bad fox"])
            #expect(reply.status == 400 && reply.errorCode == "content_policy_violation")
            #expect(scene.farm.creates.isEmpty && service.questions.count == 1)
            #expect(try await scene.generate().status == 200)
            #expect(service.pictures == scene.farm.replicate.pictures.map(\.bytes))
        }
    }

    @Test func `a flagged reference reaches no vendor`() async throws {
        try await Self.play(checks: "[prompt]") { scene, service in
            let bad = Scene.png(256, 256)
            service.answer { question, _ in question == .picture(bad) ? .flagged : .clear }
            let url = { (bytes: [UInt8]) in JSON.string(DataURL(mediaType: "image/png", bytes: bytes).text) }
            for (images, status) in [([Scene.png()], 200), ([Scene.png(), bad], 400)] {
                let reply = try await scene.client.post(
                    Scene.edits,
                    [
                        "prompt": "a hat", "quality": "low", "model": "openai/gpt-image-2",
                        "images": .array(images.map { ["image_url": url($0)] }),
                    ]
                )
                #expect(reply.status == status, "\(reply.text)")
                #expect(reply.errorCode == (status == 400 ? "content_policy_violation" : nil))
                #expect(reply.json?.value(at: "/error/param")?.string == (status == 400 ? "image" : nil))
            }
            #expect(scene.farm.creates.count == 1)
        }
    }

    @Test func `early views wait for no check, so there are none`() async throws {
        try await Self.play(checks: "[result]") { scene, service in
            service.answer { _, _ in .flagged }
            let reply = try await scene.generate([
                "model": "openai/gpt-image-2", "stream": true, "partial_images": 2,
            ])
            #expect(reply.status == 400 && reply.errorCode == "content_policy_violation", "\(reply.text.prefix(300))")
            #expect(!reply.text.contains("b64_json"))
        }
    }
}
