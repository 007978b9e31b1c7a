import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Watching jobs: events, what a job says of its request, and where its end is announced.
@Suite(.timeLimit(.minutes(3))) struct JobWatchTests {
    private static let model: JSON = "openai/gpt-image-2"

    /// Asks for a picture and does not wait.
    private static func submit(_ scene: Scene, _ members: [String: JSON] = [:]) async throws -> ClientReply {
        var body: JSONObject = ["prompt": "a fox", "quality": "low", "size": "1024x1024", "model": model]
        for (name, value) in members { body[name] = value }
        return try await scene.client.with("prefer", "respond-async").post(Scene.generations, .object(body))
    }

    private static func identifiers(_ reply: ClientReply) -> [String] {
        reply.text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
    }

    @Test func `events tell each state once, and go on where a client left`() async throws {
        try await Scene.play { scene in
            let gate = Gate()
            scene.farm.openAI.script(.held(by: gate))
            let job = try #require(try await Self.submit(scene).json?["id"]?.string)
            await scene.farm.openAI.until { $0.creates.count == 1 }
            let client = scene.client
            async let watched = client.get("/v1/jobs/\(job)/events")
            // Somebody else who watches is no hindrance; both hear the end.
            async let resumed = client.with("last-event-id", "1-1-0").get("/v1/jobs/\(job)/events")
            _ = try await client.get("/v1/jobs/\(job)")
            gate.open()
            let all = try await watched
            #expect(all.header("content-type") == "text/event-stream; charset=utf-8" && all.text.contains("retry: "))
            let states = all.events.compactMap { $0.data?["status"]?.string }
            #expect(
                states.last == "succeeded" && all.events.allSatisfy { $0.data == nil || $0.data?["id"]?.string == job }
            )
            let names = Self.identifiers(all)
            #expect(names.last == "2-1-1" && Set(names).count == names.count)
            let rest = Self.identifiers(try await resumed)
            #expect(rest.last == "2-1-1" && !rest.contains("1-1-0"))
            for seen in ["2-1-1", "nonsense", names[0]] {
                let late = try await client.with("last-event-id", seen).get("/v1/jobs/\(job)/events")
                #expect(Self.identifiers(late) == ["2-1-1"])
            }
        }
    }

    @Test func `events mean the same after a restart`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate()
            let job = try #require(reply.header("x-job-id"))
            let before = try await scene.client.get("/v1/jobs/\(job)/events")
            try await scene.daemon.restart()
            let after = try await scene.client.get("/v1/jobs/\(job)/events")
            #expect(Self.identifiers(before) == Self.identifiers(after) && !Self.identifiers(after).isEmpty)
        }
    }

    @Test func `a job's request can be sent again as it stands`() async throws {
        try await Scene.play { scene in
            let first = try await scene.generate([
                "seed": 7, "metadata": ["tag": "t1", "deep": ["x": [1, nil]]], "user": "me",
                "routing": ["policy": "price", "max_cost_usd": "0.05", "exclude": ["stability"]],
            ])
            let job = try await scene.job(first)
            let request = try #require(job["request"])
            let again = try await scene.client.post(Scene.generations, request)
            #expect(again.status == 200, "\(again.text)")
            let repeated = try await scene.job(again)
            #expect(repeated["request"] == request && repeated["id"] != job["id"])
        }
    }

    @Test func `the caller's tag and data come back to their owner alone`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["metadata": ["tag": "t1"], "user": "me"])
            let job = try await scene.job(reply)
            #expect(job.value(at: "/request/metadata/tag") == "t1" && job.value(at: "/request/user") == "me")
            let id = try #require(job.value(at: "/images/0/id")?.string)
            let mine = try await scene.client.get("/v1/images/\(id)").json
            #expect(mine?["metadata"] == ["tag": "t1"] && mine?["user"] == "me")
            _ = try await scene.client.send(
                "PUT",
                "/v1/images/\(id)/visibility",
                body: Array(#"{"is_public": true}"#.utf8)
            )
            let stranger = scene.daemon.client(key: nil)
            let shown = try await stranger.get("/v1/images/\(id)")
            #expect(shown.status == 200 && shown.json?["metadata"] == .null && shown.json?["user"] == .null)
            let list = try await stranger.get("/v1/images")
            #expect(list.json?["data"]?[0]?["id"]?.string == id && !list.text.contains("t1"))
            #expect(try await scene.client.get("/v1/images/\(id)").json?["user"] == "me")
        }
    }

    @Test func `a caller's data is bounded`() async throws {
        try await Scene.play { scene in
            let large = JSON.string(String(repeating: "x", count: 17 << 10))
            for (members, param) in [
                (["metadata": ["x": large]], "metadata"), (["user": large], "user"), (["metadata": "text"], "metadata"),
            ] as [([String: JSON], String)] {
                let reply = try await scene.generate(members)
                #expect(reply.status == 400 && reply.json?.value(at: "/error/param")?.string == param)
            }
            #expect(scene.farm.creates.isEmpty)
        }
    }

    @Test func `the answer that names the job names the webhook's secret`() async throws {
        try await Scene.play { scene in
            let reply = try await Self.submit(scene, ["webhook": ["url": "https://hooks.invalid/x"]])
            let webhook = try #require(reply.json?["webhook"])
            #expect(reply.status == 202 && webhook["url"] == "https://hooks.invalid/x")
            #expect(webhook["id"]?.string?.hasPrefix("msg_") == true)
            #expect(webhook["secret"]?.string?.hasPrefix("whsec_") == true)
            let job = try #require(reply.json?["id"]?.string)
            let events = try await scene.client.get("/v1/jobs/\(job)/events")
            #expect(!events.text.contains("whsec_"))
        }
    }

    @Test(arguments: [
        "http://127.0.0.1:9/x", "http://[::1]:9/", "http://169.254.169.254/latest", "http://2130706433/",
        "file:///etc/passwd", "ftp://example.com/", "nonsense", "http://u:p@10.0.0.1/",
    ])
    func `a webhook that must not be called is refused before anything happens`(url: String) async throws {
        try await Scene.play({ $0.server = ["watch: false"] }) { scene in
            let reply = try await Self.submit(scene, ["webhook": ["url": .string(url)]])
            #expect(reply.status == 400 && reply.json?.value(at: "/error/param")?.string == "webhook.url")
            #expect(scene.farm.creates.isEmpty)
        }
    }
}
