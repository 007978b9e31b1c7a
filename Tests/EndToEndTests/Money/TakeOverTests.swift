import FakeVendors
import Orchestrator
import Testing

/// A daemon is killed while it works; the next one goes on at once, for what was already paid.
@Suite(.timeLimit(.minutes(2))) struct TakeOverTests {
    /// From the moment the new daemon listens.
    private static let patience = Duration.seconds(2)

    @Test func `work that a vendor has finished is delivered within two seconds, and charged once`() async throws {
        try await Scene.play({ registry in
            Scene.official()(&registry)
            registry["replicate"].extra = ["poll: {first: 300ms, max: 300ms}"]
        }) { scene in
            let customer = try await Customer(scene, credits: 10)
            scene.farm.replicate.script(Step.ok.with(\.processingPolls, 1))
            let job = try await customer.submit()
            // Once it was asked about, its handle is on record.
            await scene.farm.replicate.until { $0.calls.contains { !$0.isCreate && $0.isFinished } }
            try await scene.daemon.restart(isKilled: true)
            let began = ContinuousClock.now
            let end = try await customer.end(of: job)
            #expect(ContinuousClock.now - began < Self.patience)
            #expect(end["status"] == "succeeded" && end["images"]?.array?.count == 1, "\(end.text)")
            #expect(scene.farm.creates.count == 1)
            #expect(try await customer.lines(of: job) == ["reserve -1", "release 1", "spend -1"])
            #expect(try await customer.funds() == .exactly(9))
            try await scene.expectSoundBooks()
        }
    }

    @Test func `what cannot be found again is refunded at once, and what waited is served`() async throws {
        try await Scene.play({ registry in
            Scene.official(vendor: "openai")(&registry)
            registry["openai"].extra = ["max_in_flight: 1"]
        }) { scene in
            let customer = try await Customer(scene, credits: 10)
            let gate = Gate()
            scene.farm.openAI.script(.held(by: gate))
            let sent = try await customer.submit()
            await scene.farm.openAI.until { $0.inFlight == 1 }
            let waiting = try await customer.submit()
            #expect(try await customer.funds() == .exactly(10, reserved: 2))
            scene.daemon.kill()
            await scene.daemon.untilExit()
            gate.open()
            try await scene.daemon.start()
            let began = ContinuousClock.now
            let (first, second) = (try await customer.end(of: sent), try await customer.end(of: waiting))
            #expect(ContinuousClock.now - began < Self.patience)
            #expect(first["status"] == "failed" && first.value(at: "/attempts/0/outcome") == "unknown")
            #expect(second["status"] == "succeeded", "\(second.text)")
            #expect(try await customer.lines(of: sent) == ["reserve -1", "refund 1"])
            #expect(try await customer.lines(of: waiting) == ["reserve -1", "release 1", "spend -1"])
            #expect(try await customer.funds() == .exactly(9))
            try await scene.expectSoundBooks()
        }
    }
}
