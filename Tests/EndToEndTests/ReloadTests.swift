import FakeVendors
import Foundation
import Orchestrator
import Testing

/// A thousand changes of the registry under load.
@Suite(.timeLimit(.minutes(2))) struct ReloadTests {
    /// Rounds of reloads, one after the other on one connection, while each client generates.
    private static let rounds = 40
    private static let reloadsPerRound = 25
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

            var answers: [ClientReply] = []
            for round in 0..<Self.rounds {
                // Changed as an operator would; the first change is in force before anybody else asks.
                let price = Self.newPrices[round % Self.newPrices.count]
                try scene.daemon.configure(scene.farm.registry.with(Self.priced(price)).text)
                if round == 0 { try await Self.reload(scene, count: 1) }
                async let load = Self.load(scene)
                // A signal comes on top and may meet a reload by the route.
                scene.daemon.signal(SIGHUP)
                try await Self.reload(scene, count: Self.reloadsPerRound)
                answers += try await load
            }
            #expect(answers.count == Self.rounds * Self.clients)
            #expect(answers.allSatisfy { $0.status == 200 })
            // Nobody may be charged the old price but the request that is held.
            #expect(Set(answers.map { $0.header("x-orchestrator-cost-usd") }) == Set(Self.newPrices))
            gate.open()
            let reply = try await held
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.header("x-orchestrator-cost-usd") == Self.oldPrice)
            #expect(try await scene.job(reply)["cost_usd"] == .string(Self.oldPrice))

            let registry = try await scene.client.get("/v1/admin/registry").json
            // How many of the signals count is open: those that arrive together are one.
            #expect(
                registry?["reloads"]?.int ?? 0 > 1 + Self.rounds * Self.reloadsPerRound,
                "\(registry?["reloads"]?.text ?? "")"
            )
            #expect(registry?["errors"]?.array?.isEmpty == true)
            #expect(scene.farm.openAI.creates.count == answers.count + 1)
        }
    }

    private static func reload(_ scene: Scene, count: Int) async throws {
        let request = scene.client.request("POST", "/v1/admin/reload", body: Array("{}".utf8))
        let replies = try await scene.client.inTurn(Array(repeating: request, count: count))
        #expect(replies.map(\.status) == Array(repeating: 200, count: count), "\(replies.last?.text ?? "")")
    }

    /// What the clients get, all at once.
    private static func load(_ scene: Scene) async throws -> [ClientReply] {
        try await withThrowingTaskGroup(of: ClientReply.self) { group in
            for _ in 0..<clients { group.addTask { try await scene.generate() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
