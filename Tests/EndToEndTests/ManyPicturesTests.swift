import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Several pictures of one request: over calls, over vendors, and with some missing.
@Suite(.timeLimit(.minutes(3))) struct ManyPicturesTests {
    private static let schnell = "replicate/black-forest-labs/flux-schnell"

    @Test func `ten pictures of a vendor that makes four are three calls`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["model": .string(Self.schnell), "n": 10])
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.json?["data"]?.array?.count == 10)
            let asked = scene.farm.replicate.creates.compactMap { $0.json?["input"]?["num_outputs"]?.int ?? 1 }
            #expect(asked.sorted() == [2, 4, 4])
            let job = try await scene.job(reply)
            #expect(job["cost_usd"] == "0.03" && job["missing"]?.array?.isEmpty == true)
            let images = job["images"]?.array ?? []
            #expect(images.count == 10 && images.allSatisfy { $0["cost_usd"] == "0.003" })
            #expect(Set(images.compactMap { $0["sha256"]?.string }).count == 10)
            #expect(scene.farm.chargedMicroUSD == 30_000)
        }
    }

    @Test func `pictures that one vendor does not make come from another, each with its own price and seed`()
        async throws
    {
        try await Scene.play({ registry in
            registry.policy = "house"
            registry.routing.append("policies: {house: {rank: order, order: [stability/core, openai/gpt-image-2]}}")
        }) { scene in
            scene.farm.stability.script(.ok, .fail(.server), then: .ok)
            let reply = try await scene.generate(["n": 4])
            #expect(reply.status == 200, "\(reply.text)")
            let job = try await scene.job(reply)
            let images = job["images"]?.array ?? []
            #expect(images.count == 4)
            let providers = images.compactMap { $0["provider"]?.string }
            #expect(providers.filter { $0 == "stability" }.count == 3 && providers.contains("openai"))
            for image in images {
                let isOpenAI = image["provider"] == "openai"
                #expect(image["model"]?.string == (isOpenAI ? "gpt-image-2" : "core"))
                #expect((image["cost_usd"] == "0.03") == !isOpenAI)
                #expect((image["seed"]?.string != nil) == !isOpenAI, "OpenAI tells no seed")
            }
            try Self.checkBooks(job, scene)
        }
    }

    /// What the job cost is what its pictures did, its attempts did, and the vendors charged.
    private static func checkBooks(_ job: JSON, _ scene: Scene) throws {
        func sum(_ list: String) throws -> Int64 {
            try (job[list]?.array ?? []).reduce(0) {
                try $0 + MicroUSD(decimal: $1["cost_usd"]?.string ?? "").micros
            }
        }
        #expect(try sum("images") == MicroUSD(decimal: job["cost_usd"]?.string ?? "").micros)
        #expect(try sum("attempts") == Int64(scene.farm.chargedMicroUSD))
        #expect(try sum("images") == sum("attempts"))
    }

    @Test func `every call has a seed of its own, and the pictures say which`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["model": "stability/core", "n": 3, "seed": 7])
            let images = try await scene.job(reply)["images"]?.array ?? []
            #expect(images.compactMap { $0["seed"]?.string } == ["7", "8", "9"])
            // This vendor tells no seeds: of one picture it is known all the same.
            let single = try await scene.generate(["model": .string(Self.schnell), "n": 1, "seed": 5])
            #expect(try await scene.job(single)["images"]?[0]?["seed"] == "5")
        }
    }

    @Test(arguments: [true, false])
    func `a picture that nobody makes is named, or ends the request, as configured`(delivers: Bool) async throws {
        try await Scene.play({ registry in
            registry = registry.only("stability")
            registry.server.append("mode: official")
            registry.extra += ["billing: {daily_free: 0}"]
            registry.routing.append("partial_results: \(delivers)")
        }) { scene in
            let customer = try await Customer(scene, credits: 20)
            scene.farm.stability.script(.ok, .ok, .fail(.server), then: .ok)
            let reply = try await customer.generate(["model": "stability/core", "n": 4])
            let id = try #require(reply.header("x-job-id"))
            let job = try #require(try await customer.client.get("/v1/jobs/\(id)").json)
            let balance = try await customer.client.get("/v1/credits/balance").json
            #expect(balance?["reserved"]?.int == 0)
            if delivers {
                #expect(reply.status == 200 && reply.json?["data"]?.array?.count == 3)
                #expect(job["missing"]?.array?.count == 1 && job["missing"]?[0]?["error"] == "server_error")
                #expect([1, 2, 3, 4].contains(job["missing"]?[0]?["n"]?.int))
                let entry: JSON = ["field": "n", "asked": "4", "given": "3", "why": "no provider made the rest"]
                #expect(job["adapted"]?[0] == entry)
                #expect(job["credits"] == ["reserved": 4, "charged": 3, "refunded": 1])
                #expect(job["cost_usd"] == "0.09" && balance?["balance"]?.int == 17)
                try Self.checkBooks(job, scene)
            } else {
                #expect(reply.status == 502, "\(reply.text)")
                #expect(job["images"]?.array?.isEmpty == true && job["missing"]?.array?.isEmpty == true)
                #expect(job["credits"] == ["reserved": 4, "charged": 0, "refunded": 4])
                #expect(balance?["balance"]?.int == 20)
            }
        }
    }

    @Test func `strict takes all pictures from one call or none`() async throws {
        try await Scene.play { scene in
            let strict: JSON = ["fidelity": "strict"]
            let split = try await scene.generate(["model": "stability/core", "n": 2, "routing": strict])
            #expect(split.status == 400 && split.errorCode == "no_eligible_provider", "\(split.text)")
            #expect(scene.farm.creates.isEmpty)
            scene.farm.replicate.script(then: .ok.with(\.pictureCount, 3))
            let wish: [String: JSON] = [
                "model": .string(Self.schnell), "n": 4, "aspect_ratio": "1:1", "size": "auto", "routing": strict,
            ]
            let short = try await scene.generate(wish)
            #expect(short.status == 502, "\(short.text)")
            #expect(try await scene.job(short)["attempts"]?[0]?["outcome"] == "unusable")
            scene.farm.replicate.script(then: .ok)
            #expect(try await scene.generate(wish).json?["data"]?.array?.count == 4)
        }
    }

    @Test func `calls for one request keep to the provider's places`() async throws {
        try await Scene.play({ registry in
            registry = registry.only("stability")
            registry["stability"].extra = ["max_in_flight: 2"]
        }) { scene in
            let reply = try await scene.generate(["model": "stability/core", "n": 10])
            #expect(reply.json?["data"]?.array?.count == 10, "\(reply.text.prefix(300))")
            #expect(scene.farm.stability.entries.peakInFlight <= 2)
            #expect(scene.farm.stability.creates.count == 10)
        }
    }
}
