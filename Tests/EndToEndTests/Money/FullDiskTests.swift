import FakeVendors
import Foundation
import Orchestrator
import Testing

/// No space left for the record and the pictures.
@Suite(.timeLimit(.minutes(2))) struct FullDiskTests {
    private static let patience = Duration.seconds(5)

    @Test(arguments: Shortage.possible)
    func `without space nothing is begun and nobody charged, and with space all goes on`(shortage: Shortage)
        async throws
    {
        try await Scene.play(Scene.official(), launcher: shortage.launcher) { scene in
            let customer = try await Customer(scene, credits: 100)
            #expect(try await customer.generate().status == 200)
            // Two jobs are at the vendor when space runs out, and a caller waits for a third.
            let gate = Gate()
            scene.farm.replicate.script(.held(by: gate), .held(by: gate), .held(by: gate))
            let jobs = [try await customer.submit(), try await customer.submit()]
            async let waited = customer.generate()
            await scene.farm.replicate.until { $0.inFlight == 3 }
            #expect(try await customer.funds() == .exactly(99, reserved: 3))
            try await shortage.begin(scene.daemon)

            for _ in 0..<3 {
                let refused = try await customer.generate()
                #expect(refused.status == 503 && refused.errorCode == "overloaded", "\(refused.text)")
                #expect(refused.json?.value(at: "/error/type") == "server_error")
                #expect(refused.json?.value(at: "/error/message")?.string?.isEmpty == false)
                #expect(refused.header("x-request-id") != nil)
            }
            #expect(scene.farm.creates.count == 4)
            let ready = try await scene.client.get("/health/ready")
            #expect(ready.status == 503 && ready.errorCode == "overloaded", "\(ready.text)")
            #expect(try await scene.client.get("/health/live").status == 200)
            gate.open()
            await scene.farm.replicate.until { $0.creates.count == 4 && $0.creates.allSatisfy(\.isFinished) }
            #expect(try await customer.funds() == .exactly(99, reserved: 3))

            try await shortage.end(scene.daemon)
            let began = ContinuousClock.now
            for job in jobs {
                let end = try await customer.end(of: job)
                #expect(["succeeded", "failed"].contains(end["status"]?.string), "\(end.text)")
            }
            let reply = try await waited
            #expect(reply.status == 200 || reply.errorCode == "internal_error", "\(reply.text)")
            #expect(try await scene.client.get("/health/ready").status == 200)
            let after = try await customer.generate()
            #expect(after.status == 200, "\(after.text)")
            #expect(ContinuousClock.now - began < Self.patience)

            // Who got a picture paid for it, and nobody else did.
            let lines = try await customer.lines()
            let spent = lines.count { $0 == "spend -1" }
            #expect(lines.count { $0 == "reserve -1" } == 5 && lines.count { $0 == "refund 1" } == 5 - spent)
            #expect(try await customer.funds() == .exactly(100 - spent))
            let list = try #require(try await customer.client.get("/v1/jobs?limit=100").json?["data"]?.array)
            #expect(list.count { $0["status"] == "succeeded" } == spent && list.count == 5)
            if shortage == .fileSize { try await scene.expectSoundBooks() }
        }
    }
}
