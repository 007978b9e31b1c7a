import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Prices of several parts, and what vendors bill beside what was quoted.
@Suite(.timeLimit(.minutes(3))) struct DriftTests {
    @Test func `the report and the metrics show quotes beside the vendors' bills`() async throws {
        try await Scene.play { scene in
            for model in ["openai/gpt-image-2", "stability/core"] {
                let reply = try await scene.generate(["model": .string(model), "n": 2])
                #expect(reply.status == 200, "\(reply.text)")
            }
            let billed = scene.farm.openAI.chargedMicroUSD
            let rows = try #require(try await scene.client.get("/v1/usage/drift").json?["data"]?.array)
            #expect(rows.map { $0["model"]?.string } == ["gpt-image-2", "core"])
            let token = rows[0]
            #expect(token["quoted_usd"] == "0.012" && token["attempts"]?.int == 1 && token["images"]?.int == 2)
            #expect(token["billed_usd"]?.string == "\(MicroUSD(micros: Int64(billed)))")
            #expect(token["difference_usd"]?.string == "\(MicroUSD(micros: Int64(billed - 12_000)))")
            let fixed = rows[1]
            #expect(fixed["quoted_usd"] == "0.06" && fixed["billed_usd"] == "0.06" && fixed["attempts"]?.int == 2)
            for name in ["difference_usd", "most_over_usd", "most_under_usd"] { #expect(fixed[name] == "0") }
            let days = try await scene.client.get("/v1/usage/drift?group_by=day").json?["data"]?.array
            #expect(days?.count == 1 && days?.first?["attempts"]?.int == 3)
            #expect(try await scene.client.get("/v1/usage/drift?group_by=colour").status == 400)
            #expect(try await scene.daemon.client(key: nil).get("/v1/usage/drift").status == 401)
            let metrics = try await scene.client.get("/metrics").text
            let seller = "provider=\"stability\",model=\"core\""
            #expect(metrics.contains("orchestrator_quoted_usd_total{\(seller)} 0.06\n"))
            #expect(metrics.contains("orchestrator_billed_usd_total{\(seller)} 0.06\n"))
            #expect(metrics.contains("orchestrator_bill_ratio_bucket{\(seller),le=\"0.99\"} 0\n"))
            #expect(metrics.contains("orchestrator_bill_ratio_bucket{\(seller),le=\"1.0\"} 2\n"))
        }
    }

    @Test func `early views, references and pixels are in the quote, the hold and the charge alike`() async throws {
        try await Scene.play({ registry in
            registry["openai"].models[0].tiers = [("low", "tokens")]
            registry["openai"].models[0].shape = "sizes: {multiple_of: 16, max_edge: 3840, min_pixels: 655360}"
            registry["stability"].models[2].tiers = [
                ("low", "{auto: 0.05, per_reference: 0.02, per_reference_megapixel: 1}")
            ]
        }) { scene in
            func cost(_ body: JSON) async throws -> String? {
                try await scene.client.post("/v1/routes/explain", body).json?["candidates"]?[0]?["cost_usd"]?.string
            }
            let model: JSON = "openai/gpt-image-2"
            let wish: JSONObject = ["model": model, "prompt": "a fox", "quality": "low", "size": "1024x1024"]
            #expect(try await cost(.object(wish)) == "0.00588")
            var early = wish
            (early["stream"], early["partial_images"]) = (true, 2)
            #expect(try await cost(.object(early)) == "0.01188", "a hundred tokens each")
            var wide = wish
            (wide["size"], wide["n"]) = ("1280x720", 2)
            #expect(try await cost(.object(wide)) == "0.00636", "twice 106 tokens")
            let edit: JSON = ["model": "stability/inpaint", "prompt": "x", "quality": "low", "references": 1]
            // The preview takes a reference of 1024x1024 pixels.
            #expect(try await cost(edit) == "1.118576")

            let reply = try await scene.generate(["model": model, "stream": true, "partial_images": 2])
            #expect(reply.events.count == 3)
            let rows = try await scene.client.get("/v1/usage/drift").json?["data"]?.array
            #expect(rows?.first?["quoted_usd"] == "0.01188")
            let charged = MicroUSD(micros: Int64(scene.farm.openAI.chargedMicroUSD))
            #expect(rows?.first?["billed_usd"]?.string == "\(charged)")

            let form = FormBody().field("model", "stability/inpaint").field("prompt", "a hat").field("quality", "low")
                .file("image", Scene.png(500, 400)).file("mask", Scene.png(500, 400, isTransparent: true))
            let edited = try await scene.client.post(Scene.edits, form)
            #expect(edited.header("x-orchestrator-cost-usd") == "0.27", "0.05, 0.02 and a fifth of a megapixel")
        }
    }
}
