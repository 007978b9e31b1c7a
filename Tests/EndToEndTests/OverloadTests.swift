import FakeVendors
import Orchestrator
import Testing

/// More requests than the daemon takes in.
@Suite(.timeLimit(.minutes(2))) struct OverloadTests {
    @Test func `a full daemon turns requests away unread, stays healthy, and serves again`() async throws {
        try await Scene.play({ registry in
            registry = registry.only("openai")
            registry.limits.append("queue: 1")
        }) { scene in
            let gate = Gate()
            scene.farm.openAI.script(.held(by: gate))
            async let first = scene.generate()
            await scene.farm.openAI.until { $0.inFlight == 1 }
            // Had anybody looked at this body, it would be told that a prompt is no number.
            let senseless: JSON = ["prompt": 5]
            let second = try await scene.client.post(Scene.generations, senseless)
            #expect(second.status == 503 && second.errorCode == "overloaded", "\(second.text)")
            #expect(second.header("retry-after") == "1")
            // A key may be that of an earlier request, whose answer needs no place.
            let third = try await scene.client.with("idempotency-key", "k-1").post(Scene.generations, senseless)
            #expect(third.status == 400, "\(third.text)")
            #expect(try await scene.client.get("/health/ready").status == 200)
            gate.open()
            #expect(try await first.status == 200)
            var status = 503
            while status == 503, !Task.isCancelled { status = try await scene.generate().status }
            #expect(status == 200)
        }
    }
}
