import FakeVendors
import Foundation
import Orchestrator
import Testing

/// A thousand changes of the registry under load.
@Suite(.timeLimit(.minutes(2))) struct ReloadTests {
    private static let reloads = 1000
    private static let clients = 4
    private static let oldPrice = "0.03"
    private static let newPrices = ["0.04", "0.05"]

    /// OpenAI alone, at a price of its own, as it is no vendor that counts calls in seconds; without prices of tokens,
    /// by which the vendor's own count would settle.
    private static func priced(_ price: String) -> @Sendable (inout RegistryText) -> Void {
        { registry in
            registry = registry.only("openai")
            registry["openai"].timeout = "90s"
            registry["openai"].models[0].tiers = [("low", price)]
            registry["openai"].models[0].extra.removeAll { $0.hasPrefix("token_prices") }
        }
    }

    @Test func `no request fails during 1,000 reloads, and each is charged by the registry it began with`()
        async throws
    {
        try await Scene.play(Self.priced(Self.oldPrice)) { scene in
            let gate = Gate()
            scene.farm.openAI.script(.held(by: gate), then: .ok)
            async let held = scene.generate()
            await scene.farm.openAI.until { $0.inFlight == 1 }

            // From here on nobody may be charged the old price but the request that is held.
            try await Self.reload(scene, price: Self.newPrices[0])
            let isOver = Watched(false)
            async let load = Self.load(scene, until: isOver)
            for number in 1..<Self.reloads {
                // Changed as an operator would, now and then; a signal, which comes on top, may meet a reload.
                let price = number.isMultiple(of: 10) ? Self.newPrices[number / 10 % 2] : nil
                if number.isMultiple(of: 5) { scene.daemon.signal(SIGHUP) }
                try await Self.reload(scene, price: price)
            }
            isOver.change { $0 = true }

            let answers = try await load
            #expect(answers.count >= Self.clients)
            #expect(answers.allSatisfy { $0.status == 200 })
            #expect(Set(answers.map(\.cost)).isSubset(of: Self.newPrices))
            gate.open()
            let reply = try await held
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.header("x-orchestrator-cost-usd") == Self.oldPrice)
            #expect(try await scene.job(reply)["cost_usd"] == .string(Self.oldPrice))

            let registry = try await scene.client.get("/v1/admin/registry").json
            // Signals that arrive together count once.
            #expect(registry?["reloads"]?.int ?? 0 > Self.reloads, "\(registry?["reloads"]?.text ?? "")")
            #expect(registry?["errors"]?.array?.isEmpty == true)
            #expect(scene.farm.openAI.creates.count == answers.count + 1)
        }
    }

    /// Reloads by the admin route, after a change of the file if a price is given.
    private static func reload(_ scene: Scene, price: String?) async throws {
        if let price { try scene.daemon.configure(scene.farm.registry.with(priced(price)).text) }
        let reply = try await scene.client.post("/v1/admin/reload", [:])
        #expect(reply.status == 200, "\(reply.text)")
    }

    /// What several clients get, each asking again and again until told to stop.
    private static func load(_ scene: Scene, until isOver: Watched<Bool>) async throws -> [(status: Int, cost: String)]
    {
        try await withThrowingTaskGroup(of: [(status: Int, cost: String)].self) { group in
            for _ in 0..<clients {
                group.addTask {
                    var answers: [(status: Int, cost: String)] = []
                    while answers.isEmpty || !isOver.value, !Task.isCancelled {
                        let reply = try await scene.generate()
                        answers.append((reply.status, reply.header("x-orchestrator-cost-usd") ?? ""))
                    }
                    return answers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}
