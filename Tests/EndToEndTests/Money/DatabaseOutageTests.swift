import FakeVendors
import Foundation
import Orchestrator
import PostgresTestServer
import Testing

/// The database server goes away under a daemon that works, and comes back.
@Suite(.timeLimit(.minutes(2))) struct DatabaseOutageTests {
    private static let patience = Duration.seconds(5)

    @Test func `while it is away nothing is begun and nobody charged, and afterwards all goes on`() async throws {
        let server = try await PostgresServer()
        let url = try await server.fresh()
        let official: (inout RegistryText) -> Void = {
            Scene.official()(&$0)
            $0.extra.append("database: ${DATABASE_URL}")
            // Who is refused has waited ten seconds for the server before.
            $0["replicate"].timeout = "60s"
        }
        try await Scene.play(official, environment: ["DATABASE_URL": url]) { scene in
            let customer = try await Customer(scene, credits: 100)
            #expect(try await customer.generate().status == 200)
            // Two jobs are at the vendor when the server dies, and a caller waits for a third.
            let gate = Gate()
            scene.farm.replicate.script(.held(by: gate), .held(by: gate), .held(by: gate))
            let jobs = [try await customer.submit(), try await customer.submit()]
            async let waited = customer.generate()
            await scene.farm.replicate.until { $0.inFlight == 3 }
            try await server.stop()

            for refused in try await customer.generate(times: 3) {
                #expect(refused.status == 503 && refused.errorCode == "overloaded", "\(refused.text)")
                #expect(refused.header("x-request-id") != nil)
            }
            #expect(scene.farm.creates.count == 4)
            // Known to be away, it is waited for no longer.
            let known = ContinuousClock.now
            #expect(try await scene.client.get("/health/ready").status == 503)
            #expect(ContinuousClock.now - known < .seconds(8))
            #expect(try await scene.client.get("/health/live").status == 200)
            gate.open()
            await scene.farm.replicate.until { $0.creates.count == 4 && $0.creates.allSatisfy(\.isFinished) }

            try await server.start()
            let began = ContinuousClock.now
            for job in jobs + [try #require(try await waited.header("x-job-id"))] {
                let end = try await customer.end(of: job)
                #expect(end["status"] == "succeeded", "\(end.text)")
            }
            #expect(try await customer.generate().status == 200)
            #expect(try await scene.client.get("/health/ready").status == 200)
            #expect(ContinuousClock.now - began < Self.patience)
            #expect(scene.farm.creates.count == 5)
            #expect(try await customer.lines().count { $0 == "spend -1" } == 5)
            #expect(try await customer.funds() == .exactly(95))
            try await scene.expectSoundBooks()
        }
    }
}
