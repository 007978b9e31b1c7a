import FakeVendors
import Orchestrator
import Testing

/// Many requests at once, and credits for one of them.
@Suite(.timeLimit(.minutes(2))) struct LastCreditTests {
    @Test(arguments: [("low", 1), ("high", 16)])
    func `of 20 requests at once the one that can be paid is served`(quality: String, price: Int) async throws {
        try await Scene.play(Scene.official()) { scene in
            let customer = try await Customer(scene, credits: price)
            let replies = try await customer.generate(times: 20, ["quality": .string(quality)])
            #expect(replies.map(\.status).sorted() == [200] + Array(repeating: 402, count: 19))
            for reply in replies where reply.status != 200 {
                #expect(reply.errorCode == "insufficient_credits", "\(reply.text)")
                #expect(reply.json?.value(at: "/error/type") == "insufficient_credits")
                #expect(reply.json?.value(at: "/error/needed")?.int == price)
                #expect(reply.json?.value(at: "/error/available")?.int == 0)
            }
            #expect(scene.farm.creates.count == 1)
            #expect(try await customer.funds() == .exactly(0))
            #expect(
                try await customer.lines() == [
                    "admin_adjustment \(price)", "reserve -\(price)", "release \(price)", "spend -\(price)",
                ]
            )
            try await scene.expectSoundBooks()
        }
    }
}
