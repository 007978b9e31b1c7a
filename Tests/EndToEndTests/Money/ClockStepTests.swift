import FakeVendors
import Foundation
import Orchestrator
import Testing

/// The wall clock is set anew while the daemon works.
@Suite(.timeLimit(.minutes(2)), .enabled(if: SteppedClock.isPossible, "needs faketime and no sanitizer"))
struct ClockStepTests {
    private static func play(
        _ billing: [String],
        _ change: @escaping (inout RegistryText) -> Void = { _ in },
        _ body: (Scene, SteppedClock) async throws -> Void
    ) async throws {
        let clock = try SteppedClock()
        defer { clock.remove() }
        try await Scene.play(
            {
                Scene.official(billing)(&$0)
                change(&$0)
            },
            environment: clock.environment
        ) { try await body($0, clock) }
    }

    @Test(arguments: [SteppedClock.day, .zero - SteppedClock.hour, SteppedClock.year])
    func `jobs under way are neither ended nor taken over`(step: Duration) async throws {
        try await Self.play(["daily_free: 0"]) { scene, clock in
            let customer = try await Customer(scene, credits: 10)
            let gate = Gate()
            scene.farm.replicate.script(.held(by: gate), .held(by: gate), .held(by: gate))
            var jobs: [String] = []
            for _ in 0..<3 { jobs.append(try await customer.submit()) }
            await scene.farm.replicate.until { $0.inFlight == 3 }
            try clock.step(by: step)
            // The daemon has noticed once the leases follow the new time, which its own looks at the record bring about.
            let noticed = try await Self.leases(scene, follow: clock.time(after: step))
            #expect(noticed)
            #expect(try await scene.record("SELECT max(claims), max(fence) FROM jobs") == "0 1")
            gate.open()
            for job in jobs {
                let end = try await customer.end(of: job)
                #expect(end["status"] == "succeeded" && end["attempts"]?.array?.count == 1, "\(end.text)")
            }
            #expect(scene.farm.creates.count == 3)
            #expect(try await customer.funds() == .exactly(7))
            try await scene.expectSoundBooks()
        }
    }

    /// Waits until every lease ends within a minute of a time.
    private static func leases(_ scene: Scene, follow time: Date) async throws -> Bool {
        let late = "abs(lease_until_ms / 1000 - \(Int(time.timeIntervalSince1970))) >= 60"
        // Each look is a process of its own: hundreds take longer than any renewal.
        for _ in 0..<500
        where try await scene.record("SELECT count(*) FROM jobs WHERE status = 'running' AND \(late)") == "0" {
            return true
        }
        return false
    }

    @Test func `limits do not stick, keys and sessions run out when they should, and credits never`() async throws {
        try await Self.play(["daily_free: 0"], { $0.limits[1] = "per_key: 2/min" }) { scene, clock in
            let customer = try await Customer(scene, credits: 10)
            let browser = Browser(scene.daemon)
            _ = try await browser.signUp("session@example.test")
            let expiry = ISO8601DateFormatter().string(from: clock.time(after: .seconds(7200)))
            let made = try await customer.client.post("/v1/keys", ["name": "short", "expires_at": .string(expiry)])
            let short = scene.daemon.client(key: try #require(made.json?["key"]?.string, "\(made.text)"))
            func isLimited() async throws -> Bool { try await customer.generate().status == 429 }
            #expect(try await [isLimited(), isLimited(), isLimited()] == [false, false, true])
            #expect(try await short.get("/v1/jobs").status == 200)

            // An hour back: the window that ends an hour and a minute from now is none.
            try clock.step(by: .zero - SteppedClock.hour)
            #expect(try await [isLimited(), isLimited(), isLimited()] == [false, false, true])
            #expect(try await short.get("/v1/jobs").status == 200)
            #expect(try await browser.get("/v1/auth/me").status == 200)

            try clock.step(by: SteppedClock.day)
            #expect(try await [isLimited(), isLimited(), isLimited()] == [false, false, true])
            #expect(try await short.get("/v1/jobs").status == 401)
            #expect(try await browser.get("/v1/auth/me").status == 200)

            try clock.step(by: SteppedClock.year)
            #expect(try await browser.get("/v1/auth/me").status == 401)
            #expect(try await customer.funds() == .exactly(4))
            #expect(try await [isLimited(), isLimited(), isLimited()] == [false, false, true])
            #expect(try await customer.funds() == .exactly(2))
            try await scene.expectSoundBooks()
        }
    }

    @Test func `a free use belongs to the day on which it was taken`() async throws {
        try await Self.play(["daily_free: 1"]) { scene, clock in
            let customer = try await Customer(scene)
            let gate = Gate()
            scene.farm.replicate.script(.held(by: gate).with(\.conduct, .fail(.badRequest)))
            let job = try await customer.submit()
            await scene.farm.replicate.until { $0.inFlight == 1 }
            #expect(try await customer.generate().status == 402)
            try clock.step(by: SteppedClock.day)
            #expect(try await customer.funds() == .exactly(0, freeLeft: 1))
            #expect(try await customer.generate().status == 200)
            #expect(try await customer.generate().status == 402)
            gate.open()
            #expect(try await customer.end(of: job)["status"] == "failed")
            // What came back was the day's before.
            #expect(try await customer.funds() == .exactly(0, freeLeft: 0))
            #expect(try await customer.generate().status == 402)
            try clock.step(by: .zero)
            #expect(try await customer.funds() == .exactly(0, freeLeft: 1))
            #expect(try await customer.generate().status == 200)
            #expect(try await customer.funds() == .exactly(0, freeLeft: 0))
            try await scene.expectSoundBooks()
        }
    }
}
