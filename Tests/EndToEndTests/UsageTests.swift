import FakeVendors
import Foundation
import Orchestrator
import Testing

/// What was used, as owners and administrators see it.
@Suite(.timeLimit(.minutes(3))) struct UsageTests {
    /// Three calls: two pictures by OpenAI, one by Replicate, and one call that failed.
    private func use(_ scene: Scene, _ client: HTTPClient) async throws {
        for wish in [["model": "openai/gpt-image-2", "n": 2], ["model": "replicate/black-forest-labs/flux-schnell"]]
            as [JSON]
        {
            var body: JSONObject = ["prompt": "a fox", "quality": "low", "size": "1024x1024"]
            for (name, value) in wish.object ?? [:] { body[name] = value }
            #expect(try await client.post(Scene.generations, .object(body)).status == 200)
        }
        scene.farm.openAI.script(then: .fail(.badKey))
        let failed = try await client.post(
            Scene.generations,
            ["prompt": "a hen", "quality": "low", "size": "1024x1024", "model": "openai/gpt-image-2"]
        )
        #expect(failed.status == 502)
    }

    @Test func `sums, days and rows agree, and hold every failure`() async throws {
        try await Scene.play { scene in
            try await use(scene, scene.client)
            let me = try #require(try await scene.client.get("/v1/auth/me").json?["id"]?.string)
            let path = "/v1/usage/users/\(me)"
            let total = try #require(try await scene.client.get(path).json)
            #expect(total["total_requests"]?.int == 3 && total["total_images"]?.int == 3)
            #expect(total["failed_requests"]?.int == 1 && (total["total_tokens"]?.int ?? 0) > 0)
            let models = total["by_model"]?.array ?? []
            #expect(
                models.map { $0["model"]?.string } == [
                    "openai/gpt-image-2", "replicate/black-forest-labs/flux-schnell",
                ]
            )
            #expect(models.map { $0["requests"]?.int } == [2, 1])
            let details = try #require(try await scene.client.get(path + "/details").json)
            let rows = try #require(details["data"]?.array)
            #expect(rows.map { $0["status"]?.string } == ["failed", "succeeded", "succeeded"])
            #expect(rows.map { $0["prompt"]?.string } == ["a hen", "a fox", "a fox"])
            #expect(rows[0].value(at: "/error/code")?.string == "all_providers_failed")
            #expect(rows[2]["provider"]?.string == "openai" && rows[2]["images"]?.int == 2)
            #expect(rows.allSatisfy { $0["response_ms"]?.int != nil && $0["type"]?.string == "generation" })
            #expect(rows.reduce(0) { $0 + ($1["total_tokens"]?.int ?? 0) } == total["total_tokens"]?.int)
            let days = details["daily_usage"]?.array ?? []
            #expect(days.reduce(0) { $0 + ($1["requests"]?.int ?? 0) } == 3)
            #expect(days.reduce(0) { $0 + ($1["images"]?.int ?? 0) } == 3)
            let page = try #require(try await scene.client.get(path + "/details?limit=2").json)
            let last = try #require(page["data"]?[1]?["id"]?.string)
            #expect(page["has_more"]?.bool == true)
            let rest = try #require(try await scene.client.get(path + "/details?limit=2&after=\(last)").json)
            #expect(rest["data"]?.array?.count == 1 && rest["has_more"]?.bool == false)
        }
    }

    @Test func `a day as end counts whole, and nothing outside of the period`() async throws {
        try await Scene.play { scene in
            try await use(scene, scene.client)
            let me = try #require(try await scene.client.get("/v1/auth/me").json?["id"]?.string)
            let today = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)).day
            for (query, count) in [
                ("?end=\(today)", 3), ("?start=\(today)&end=\(today)", 3), ("?end=2020-01-01", 0),
                ("?from=2020-01-01&to=2020-01-02", 0),
            ] {
                let total = try await scene.client.get("/v1/usage/users/\(me)\(query)").json
                #expect(total?["total_requests"]?.int == count, "\(query)")
            }
            for query in ["?start=yesterday", "?start=2026-01-02&end=2026-01-01"] {
                #expect(try await scene.client.get("/v1/usage/users/\(me)\(query)").status == 400)
            }
        }
    }

    @Test func `one sees one's own usage, and administrators everybody's`() async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            _ = try await browser.signUp("a@b.test")
            func key(_ body: JSON) async throws -> HTTPClient {
                let key = try #require(try await browser.post("/v1/keys", body).json?["key"]?.string)
                return scene.daemon.client(key: key)
            }
            let (all, limited) = (
                try await key(["name": "all"]), try await key(["name": "x", "scopes": ["jobs:read"]])
            )
            let id = try #require(try await all.get("/v1/auth/me").json?["id"]?.string)
            let admin = try #require(try await scene.client.get("/v1/auth/me").json?["id"]?.string)
            try await use(scene, all)
            for path in ["/v1/usage/users/\(admin)", "/v1/usage/users/\(admin)/details", "/v1/usage/system"] {
                let reply = try await all.get(path)
                #expect(reply.status == 403 && reply.json?.value(at: "/error/code")?.string == "permission_denied")
                #expect(try await scene.daemon.client(key: nil).get(path).status == 401)
            }
            #expect(try await all.get("/v1/usage/users/usr_nobody").status == 403)
            #expect(try await limited.get("/v1/usage/users/\(id)").status == 403)
            #expect(try await all.get("/v1/usage/users/\(id)").json?["total_requests"]?.int == 3)
            #expect(try await scene.client.get("/v1/usage/users/\(id)").json?["total_requests"]?.int == 3)
            #expect(try await scene.client.get("/v1/usage/users/usr_nobody").status == 404)
            let system = try #require(try await scene.client.get("/v1/usage/system").json)
            #expect(system.value(at: "/overall_stats/total_requests")?.int == 3)
            #expect(system.value(at: "/overall_stats/active_users")?.int == 1)
            #expect((system.value(at: "/overall_stats/total_users")?.int ?? 0) >= 2)
            #expect(system.value(at: "/overall_stats/error_rate")?.double.map { Int($0) } == 33)
            #expect(system["top_users"]?[0]?["user_id"]?.string == id)
        }
    }

    @Test func `a request names the stored picture that it began with`() async throws {
        try await Scene.play { scene in
            let made = try await scene.job(try await scene.generate())
            let id = try #require(made.value(at: "/images/0/id")?.string)
            let edit: JSON = [
                "model": "openai/gpt-image-2", "prompt": "a hat", "quality": "low", "size": "1024x1024",
                "images": [["image_url": .string(id)]],
            ]
            let job = try await scene.job(try await scene.client.post(Scene.edits, edit))
            #expect(job["status"]?.string == "succeeded")
            #expect(job.value(at: "/request/images/0/id")?.string == id)
            #expect(job.value(at: "/request/images/0/sha256") == made.value(at: "/images/0/sha256"))
        }
    }
}
