import FakeVendors
import Orchestrator
import Testing

/// Work that outlives a call, at vendors that are declared in YAML: addresses, restarts, cancels.
@Suite(.timeLimit(.minutes(3))) struct DeclaredWorkTests {
    static let polled: [ShippedExample] = [.fal, .blackForestLabs, .comfyui, .stableDiffusionCpp]

    @Test func `an address at a host that nobody declared is not called, and never sees the key`() async throws {
        for example in [ShippedExample.fal, .blackForestLabs] {
            try await ExampleScene.play(example) { scene in
                if let fal = scene.vendor as? FakeFal { fal.pointElsewhere(scene.stranger.origin) }
                if let bfl = scene.vendor as? FakeBFL {
                    bfl.serve(regionAt: scene.stranger.origin, delivery: scene.stranger.origin)
                }
                let reply = try await scene.generate()
                #expect(reply.status == 502 && reply.errorCode == "all_providers_failed", "\(reply.text)")
                #expect(try await scene.job(reply).value(at: "/attempts/0/error") == "unusable")
                #expect(scene.strangersCalls.value.isEmpty)
                #expect(scene.daemon.output.contains("nor among its 'hosts'"), "\(scene.daemon.output)")
            }
        }
    }

    @Test(arguments: polled)
    func `a daemon that is killed while it asks goes on by the handle that it kept`(
        example: ShippedExample
    ) async throws {
        try await ExampleScene.play(example) { scene in
            let vendor = try #require(scene.vendor as? any PolledVendor)
            vendor.script(then: .ok.with(\.processingPolls, 4))
            let accepted = try await scene.generate(isAsync: true)
            #expect(accepted.status == 202, "\(accepted.text)")
            await vendor.untilPolled(2)
            try await scene.daemon.restart(isKilled: true)
            let job = try await scene.end(of: accepted)
            #expect(job["status"] == "succeeded", "\(job.text)\n\(scene.daemon.output.suffix(2000))")
            #expect(vendor.creates.count == 1 && vendor.pictures.count == 1)
        }
    }

    @Test(arguments: [ShippedExample.fal, .stableDiffusionCpp])
    func `a cancelled job is cancelled at the vendor`(example: ShippedExample) async throws {
        try await ExampleScene.play(example) { scene in
            let vendor = try #require(scene.vendor as? any PolledVendor)
            vendor.script(then: .ok.with(\.processingPolls, 1000))
            let accepted = try await scene.generate(isAsync: true)
            await vendor.untilPolled(1)
            let id = try #require(accepted.json?["id"]?.string)
            let canceled = try await scene.client.post("/v1/jobs/\(id)/cancel", [:])
            #expect(canceled.status == 200, "\(canceled.text)")
            await vendor.until { $0.calls.contains { $0.request.path.hasSuffix("/cancel") && $0.isFinished } }
            #expect(vendor.canceledWork == 1)
        }
    }

    @Test func `trouble with the asking is no verdict on the work`() async throws {
        try await ExampleScene.play(.stableDiffusionCpp) { scene in
            scene.vendor.script(then: .ok.with(\.startingPolls, 1).with(\.processingPolls, 1))
            let reply = try await scene.generate()
            #expect(reply.status == 200, "\(reply.text)")
            #expect(scene.vendor.creates.count == 1)
        }
    }
}
