import FakeVendors
import Foundation
import Orchestrator
import Testing

/// The routes of the gallery worker: making a picture, and what goes wrong.
@Suite(.timeLimit(.minutes(3))) struct GalleryTests {
    static let path = "/api/generate"

    static func make(_ scene: Scene, _ prompt: String = "a snowy owl") async throws -> ClientReply {
        try await scene.client.post(path, ["prompt": .string(prompt)])
    }

    /// The word for the error of a reply under `/api`.
    static func code(_ reply: ClientReply) -> String? { reply.json?["error"]?.string }

    @Test func `a prompt becomes a public picture under a time of its own and under latest`() async throws {
        try await Scene.play { scene in
            let client = scene.daemon.client(key: nil).with("x-api-key", scene.daemon.adminKey)
            let reply = try await client.post(Self.path, ["prompt": "  a snowy owl\n"])
            #expect(reply.status == 200, "\(reply.text)")
            let answer = try #require(reply.json)
            #expect(answer["prompt"] == "a snowy owl")
            let history = try #require(answer["historyUrl"]?.string)
            let key = /^http:\/\/127.0.0.1:\d+\/art\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.png$/
            #expect(history.wholeMatch(of: key) != nil, "\(history)")
            let latest = try #require(answer["latestUrl"]?.string)
            #expect(latest == scene.daemon.base + "/art/latest.jpg")
            let bytes = scene.farm.vendors.flatMap(\.pictures).first?.bytes
            let anybody = scene.daemon.client(key: nil)
            for link in [history, latest] {
                let picture = try await anybody.get(Scene.path(of: link))
                #expect(picture.status == 200 && picture.body == bytes)
                #expect(picture.header("content-type") == "image/png")
            }
            #expect(reply.header("x-ratelimit-remaining") != nil)
            let job = try await scene.job(reply)
            #expect(job["status"] == "succeeded" && job["request"]?["prompt"] == "a snowy owl")
        }
    }

    // MARK: - Refusals

    static let owl = "\u{1F989}"
    static let prompts: [(String, Int, String?)] = [
        ("", 400, "invalid_prompt"), ("ab", 400, "invalid_prompt"), ("  ab \n\t", 400, "invalid_prompt"),
        (owl + owl, 400, "invalid_prompt"), ("abc", 200, nil), (owl + owl + owl, 200, nil),
        (String(repeating: owl, count: 500), 200, nil), (" " + String(repeating: "a", count: 500) + " ", 200, nil),
        (String(repeating: "a", count: 501), 400, "prompt_too_long"),
        (String(repeating: owl, count: 501), 400, "prompt_too_long"), ("a\0bc", 400, "invalid_prompt"),
        ("a p\u{FF4F}isoned owl", 400, "inappropriate_prompt"), ("an unpoisoned owl", 200, nil),
    ]

    @Test func `a prompt has 3 to 500 characters around which spaces do not count, and none of the words`() async throws
    {
        try await Scene.play({ $0.extra = ["moderation: {blocked_words: [poisoned]}"] }) { scene in
            for (prompt, status, code) in Self.prompts {
                let reply = try await Self.make(scene, prompt)
                #expect(reply.status == status && Self.code(reply) == code, "\(prompt): \(reply.text)")
                if code != nil { #expect(reply.json?["message"]?.string?.isEmpty == false) }
            }
            #expect(scene.farm.creates.count == Self.prompts.count { $0.1 == 200 })
        }
    }

    static let bodies: [(String, String)] = [
        ("", "invalid_json"), ("{", "invalid_json"), ("prompt=a+fox", "invalid_json"), (#"["a fox"]"#, "invalid_json"),
        ("{}", "invalid_prompt"), (#"{"prompt": 700}"#, "invalid_prompt"), (#"{"prompt": null}"#, "invalid_prompt"),
    ]

    @Test func `a body that is no request is refused by name`() async throws {
        try await Scene.play { scene in
            let client = scene.client.with("content-type", "application/json")
            for (body, code) in Self.bodies {
                let reply = try await client.send("POST", Self.path, body: Array(body.utf8))
                #expect(reply.status == 400 && Self.code(reply) == code, "\(body): \(reply.text)")
            }
            #expect(scene.farm.creates.isEmpty)
        }
    }

    @Test(arguments: [false, true])
    func `a body of more than 10,000 bytes is refused, announced or not`(isChunked: Bool) async throws {
        try await Scene.play { scene in
            for (size, status) in [(10_000, 200), (10_001, 413)] {
                let start = #"{"prompt": "a snowy owl", "filler": ""#
                let body = start + String(repeating: "a", count: size - start.utf8.count - 2) + #""}"#
                var request = "POST \(Self.path) HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
                request += "x-api-key: \(scene.daemon.adminKey)\r\ncontent-type: application/json\r\n"
                request +=
                    isChunked
                    ? "transfer-encoding: chunked\r\n\r\n\(String(size, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
                    : "content-length: \(size)\r\n\r\n\(body)"
                let reply = try await scene.client.raw(Array(request.utf8))
                #expect(reply.status == status, "\(reply.text)")
                #expect(Self.code(reply) == (status == 413 ? "request_too_large" : nil))
            }
        }
    }

    @Test func `a key is needed, in either header and in no other place`() async throws {
        try await Scene.play { scene in
            let (nobody, key) = (scene.daemon.client(key: nil), scene.daemon.adminKey)
            let refused = [
                nobody, nobody.with("x-api-key", "ork_wrong"), nobody.with("x-api-key", ""),
                nobody.with("authorization", "Bearer ork_wrong"), nobody.with("authorization", "Basic \(key)"),
            ]
            for client in refused {
                for path in [Self.path, "\(Self.path)?key=\(key)&api_key=\(key)"] {
                    let reply = try await client.post(path, ["prompt": "a snowy owl"])
                    #expect(reply.status == 401 && Self.code(reply) == "unauthorized", "\(reply.text)")
                }
            }
            for client in [nobody.with("x-api-key", key), nobody.with("authorization", "bearer \(key)")] {
                let status = try await client.post(Self.path, ["prompt": "a snowy owl"]).status
                #expect(status == 200)
            }
        }
    }

    @Test func `pages of other origins read every answer`() async throws {
        try await Scene.play({ $0.limits = ["per_ip: 2/hour", "per_key: 100/min", "global: 100/min"] }) { scene in
            let page = scene.client.with("origin", "https://gallery.example")
            var replies = [try await page.with("authorization", nil).post(Self.path, ["prompt": "a snowy owl"])]
            for prompt in ["ab", "a snowy owl", "a snowy owl", "a snowy owl"] as [JSON] {
                replies.append(try await page.post(Self.path, ["prompt": prompt]))
            }
            #expect(replies.map(\.status) == [401, 400, 200, 200, 429])
            #expect(Self.code(replies[4]) == "rate_limit_exceeded")
            replies.append(try await page.get("/art/latest.jpg"))
            for reply in replies {
                let origins = reply.headers.filter { $0.name == "access-control-allow-origin" }.map(\.value)
                #expect(origins == ["*"])
                #expect(reply.header("access-control-expose-headers")?.contains("X-RateLimit-Remaining") == true)
            }
        }
    }

    // MARK: - Vendors in trouble

    static let troubles: [(Step, Int, String)] = [
        (.fail(.insufficientQuota), 402, "insufficient_credits"), (.hang, 504, "timeout"),
        (.fail(.rateLimited).with(\.retryAfter, "30"), 429, "ai_provider_rate_limit"),
        (.fail(.moderation), 400, "invalid_prompt_for_provider"),
        (.fail(.badRequest), 400, "invalid_prompt_for_provider"), (.fail(.server), 500, "generation_failed"),
        (.fail(.badKey), 500, "generation_failed"), (.noise, 500, "generation_failed"),
    ]

    @Test(arguments: troubles)
    func `when no vendor serves the answer says why in the worker's words`(step: Step, status: Int, code: String)
        async throws
    {
        try await Scene.play({ registry in
            FallbackTests.ranked(&registry)
            if status == 504 { for vendor in ["openai", "stability"] { registry[vendor].timeout = "1s" } }
        }) { scene in
            for vendor in scene.farm.vendors { vendor.script(then: step.with(\.marker, "VENDOR-WORDS")) }
            let reply = try await Self.make(scene)
            #expect(reply.status == status && Self.code(reply) == code, "\(reply.text)")
            #expect(reply.json?["message"]?.string?.isEmpty == false)
            #expect(!reply.text.contains("VENDOR-WORDS"))
            #expect((reply.header("retry-after") != nil) == (status == 429))
            #expect(try await scene.job(reply)["status"] == "failed")
            let listed = try await scene.client.get("/api/images").json
            #expect(listed?["count"] == 0)
        }
    }

    @Test func `one vendor without credit is no matter while another serves`() async throws {
        try await Scene.play(FallbackTests.ranked) { scene in
            scene.farm.openAI.script(then: .fail(.insufficientQuota))
            let reply = try await Self.make(scene)
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.header("x-orchestrator-provider") == "stability")
        }
    }

    @Test func `the daemon's own cap keeps its own word`() async throws {
        try await Scene.play({ $0.limits = ["spend_per_day: 0.000001"] }) { scene in
            let reply = try await Self.make(scene)
            #expect(reply.status == 429 && Self.code(reply) == "daily_budget_exceeded", "\(reply.text)")
        }
    }
}
