import FakeVendors
import Orchestrator
import Testing

/// What follows when a vendor fails: OpenAI is first by score, Stability second.
@Suite(.timeLimit(.minutes(2))) struct FallbackTests {
    /// One way in which the first vendor goes wrong.
    struct Trouble: Sendable, CustomTestStringConvertible {
        var name: String
        var step: Step
        /// Whether nothing comes, so that only time tells; who answers has time to, however slow the machine.
        var isSilent = false

        var testDescription: String { name }
    }

    static let troubles: [Trouble] = [
        Trouble(name: "500", step: .fail(.server)),
        Trouble(name: "502 in HTML", step: .html(502)),
        Trouble(name: "503", step: .fail(.overloaded)),
        Trouble(name: "429", step: .fail(.rateLimited).with(\.retryAfter, "30")),
        Trouble(name: "429 for money", step: .fail(.insufficientQuota)),
        Trouble(name: "400 for money", step: .fail(.billingHardLimit)),
        Trouble(name: "401", step: .fail(.badKey)),
        Trouble(name: "403", step: .fail(.notVerified)),
        Trouble(name: "404", step: .fail(.modelGone)),
        Trouble(name: "silence", step: .hang, isSilent: true),
        Trouble(name: "closed", step: .closeBeforeHead),
        Trouble(name: "cut body", step: .cutBody),
        Trouble(name: "truncated JSON", step: .truncatedBody),
        Trouble(name: "no picture", step: .empty),
        Trouble(name: "noise for a picture", step: .noise),
        Trouble(name: "half a picture", step: .draws(.half)),
    ]

    static func ranked(_ registry: inout RegistryText) {
        registry.policy = "quality"
        registry = registry.only("openai", "stability")
        registry["stability"].models.removeAll { $0.name != "core" }
    }

    @Test(arguments: troubles)
    func `the second vendor serves when the first is in trouble`(trouble: Trouble) async throws {
        try await Scene.play({ registry in
            Self.ranked(&registry)
            if trouble.isSilent { registry["openai"].timeout = "1s" }
        }) { scene in
            scene.farm.openAI.script(then: trouble.step.with(\.marker, "VENDOR-WORDS"))
            let reply = try await scene.generate(["response_format": "b64_json"])
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.header("x-orchestrator-provider") == "stability")
            #expect(reply.header("x-orchestrator-attempts") == "2")
            #expect(scene.farm.openAI.creates.count == 1)
            #expect(scene.farm.stability.creates.count == 1)
            #expect(try await scene.picture(reply) == scene.farm.stability.pictures.first?.bytes)
            let job = try await scene.job(reply)
            #expect(job["attempts"]?.array?.map { $0["provider"]?.string } == ["openai", "stability"])
            #expect(job["attempts"]?[0]?["outcome"] != "ok" && job["attempts"]?[1]?["outcome"] == "ok")
            #expect(job["cost_usd"] == "0.03")
            #expect(!job.text.contains("VENDOR-WORDS"))
        }
    }

    @Test func `a refused connection falls back`() async throws {
        try await Scene.play(Self.ranked) { scene in
            scene.farm.openAIServer.refuseConnections()
            let reply = try await scene.generate()
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.header("x-orchestrator-provider") == "stability")
        }
    }

    @Test(arguments: [Failure.runFailed, .runOutOfMemory, .insufficientQuota, .rateLimited, .server, .versionGone])
    func `a failed run at Replicate falls back`(failure: Failure) async throws {
        try await Scene.play({ $0 = $0.only("replicate", "openai") }) { scene in
            scene.farm.replicate.script(then: .fail(failure))
            let reply = try await scene.generate()
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.header("x-orchestrator-provider") == "openai")
        }
    }

    static let faults: [(String, Failure, Int, String)] = [
        ("openai", .badRequest, 400, "invalid_value"), ("openai", .moderation, 400, "moderation_blocked"),
        ("openai", .contentPolicy, 400, "moderation_blocked"), ("stability", .badRequest, 400, "invalid_value"),
        ("stability", .moderation, 400, "moderation_blocked"), ("stability", .publicFigure, 400, "moderation_blocked"),
        ("replicate", .badRequest, 400, "invalid_value"), ("replicate", .runSensitive, 400, "moderation_blocked"),
        ("replicate", .runNSFW, 400, "moderation_blocked"),
    ]

    @Test(arguments: faults)
    func `a caller's fault goes to the caller and to no other vendor`(
        first: String,
        failure: Failure,
        status: Int,
        code: String
    ) async throws {
        try await Scene.play({ registry in
            // Whoever fails is first, and the two others could take over.
            let order =
                PictureRequestTests.pins.filter { $0.hasPrefix(first) }
                + PictureRequestTests.pins.filter { !$0.hasPrefix(first) }
            registry.policy = "given"
            registry.routing = ["policies: {given: {rank: order, order: [\(order.joined(separator: ", "))]}}"]
        }) { scene in
            let vendors: [String: any FakeVendor] = [
                "openai": scene.farm.openAI, "stability": scene.farm.stability, "replicate": scene.farm.replicate,
            ]
            vendors[first]?.script(then: .fail(failure).with(\.marker, "VENDOR-WORDS"))
            let reply = try await scene.generate()
            #expect(reply.status == status, "\(reply.text)")
            #expect(reply.errorCode == code)
            #expect(!reply.text.contains("VENDOR-WORDS"))
            #expect(scene.farm.creates.count == 1)
        }
    }

    @Test func `a picture that Stability filtered is a refusal, never delivered`() async throws {
        try await Scene.play { scene in
            scene.farm.stability.script(then: .ok.with(\.isFiltered, true))
            let reply = try await scene.generate(["model": "stability/core"])
            #expect(reply.status == 400 && reply.errorCode == "moderation_blocked", "\(reply.text)")
        }
    }

    @Test(arguments: [
        (Step.fail(.server), 502, "all_providers_failed"), (.fail(.badKey), 502, "all_providers_failed"),
        (.fail(.insufficientQuota), 502, "all_providers_failed"), (.noise, 502, "all_providers_failed"),
        (.fail(.rateLimited).with(\.retryAfter, "30"), 429, "provider_rate_limited"), (.hang, 504, "timeout"),
    ])
    func `when all vendors fail the answer says how`(step: Step, status: Int, code: String) async throws {
        try await Scene.play({ registry in
            Self.ranked(&registry)
            if status == 504 { for vendor in ["openai", "stability"] { registry[vendor].timeout = "1s" } }
        }) { scene in
            scene.farm.openAI.script(then: step.with(\.marker, "VENDOR-WORDS"))
            scene.farm.stability.script(then: step.with(\.marker, "VENDOR-WORDS"))
            let reply = try await scene.generate()
            #expect(reply.status == status, "\(reply.text)")
            #expect(reply.errorCode == code)
            #expect((reply.header("retry-after") != nil) == (status == 429))
            #expect(!reply.text.contains("VENDOR-WORDS"))
            #expect(try await scene.job(reply)["status"] == "failed")
        }
    }
}
