import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Replicate's news of finished predictions: what it wakes, and what it cannot do.
@Suite(.timeLimit(.minutes(2))) struct VendorNewsTests {
    private static let route = "/v1/webhooks/replicate"

    /// Runs `body` with a daemon that would ask a minute later how far a prediction is, over a vendor that never ends one by
    /// itself.
    private static func play(secret: Bool = true, _ body: (Scene) async throws -> Void) async throws {
        try await Scene.play(
            {
                $0 = $0.only("replicate")
                $0["replicate"].timeout = "300s"
                $0["replicate"].extra = ["poll: {first: 60s, max: 60s}"]
                if secret { $0["replicate"].extra.append("webhook_secret: ${REPLICATE_WEBHOOK_SECRET}") }
                $0.routing.append("deadline: 300s")
            }
        ) { scene in
            scene.farm.replicate.script(then: .ok.with(\.processingPolls, 1000))
            try await body(scene)
        }
    }

    /// A job that waits for its prediction.
    private static func begin(_ scene: Scene) async throws -> (job: String, prediction: String) {
        let accepted = try await scene.client.with("prefer", "respond-async").post(
            Scene.generations,
            ["prompt": "a fox", "quality": "low", "size": "1024x1024"]
        )
        let job = try #require(accepted.json?["id"]?.string, "\(accepted.text)")
        await scene.farm.replicate.until { $0.creates.contains(where: \.isFinished) }
        return (job, try #require(scene.farm.replicate.predictions.last))
    }

    /// Sends news of a prediction, and waits until the vendor has been asked for it.
    private static func announce(_ scene: Scene, _ prediction: String) async throws {
        let before = polls(scene).count
        let body = (["id": .string(prediction)] as JSON).serialized()
        let stranger = scene.daemon.client(key: nil).with("content-type", "application/json")
        let news = ReplicateSubscription.signed(stranger, body, secret: scene.farm.replicate.webhookSecret)
        #expect(try await news.send("POST", Self.route, body: body).status == 200)
        await scene.farm.replicate.until { entries in
            entries.calls.count { $0.request.method == "GET" && $0.isFinished } > before
        }
    }

    private static func polls(_ scene: Scene) -> [String] {
        scene.farm.replicate.calls.filter { $0.request.method == "GET" }.map(\.request.path)
    }

    /// The job's end, by the stream of its events: nobody asks and sleeps here.
    private static func end(_ scene: Scene, _ job: String) async throws -> JSON {
        try #require(try await scene.client.get("/v1/jobs/\(job)/events").events.last?.data)
    }
}

extension VendorNewsTests {
    @Test func `a finished prediction's news ends the wait at once`() async throws {
        try await Self.play { scene in
            let (job, prediction) = try await Self.begin(scene)
            let create = try #require(scene.farm.replicate.creates.first?.json)
            #expect(create["webhook"]?.string == scene.daemon.base + Self.route)
            #expect(create["webhook_events_filter"] == ["completed"])
            #expect(scene.farm.replicate.finishRuns() == [prediction])
            let began = ContinuousClock.now
            #expect(try await Self.end(scene, job)["status"] == "succeeded")
            // The next question was due in a minute.
            #expect(ContinuousClock.now - began < .seconds(30))
            #expect(Self.polls(scene) == ["/v1/predictions/\(prediction)"])
            await scene.farm.replicate.announcements.until { !$0.isEmpty }
            #expect(scene.farm.replicate.announcements.value.map(\.status) == [200])
        }
    }

    @Test func `news that nobody can vouch for wakes nobody, and repeats do no harm`() async throws {
        try await Self.play { scene in
            let (job, prediction) = try await Self.begin(scene)
            let vendor = scene.farm.replicate
            let stranger = scene.daemon.client(key: nil).with("content-type", "application/json")
            // What an attacker would have us believe.
            let forged: JSON = [
                "id": .string(prediction), "status": "succeeded", "output": ["https://evil.test/picture.png"],
            ]
            let body = forged.serialized()
            func signed(_ secret: String, _ body: [UInt8], skew: Int = 0) -> HTTPClient {
                ReplicateSubscription.signed(stranger, body, secret: secret, skew: skew)
            }
            let good = signed(vendor.webhookSecret, body)
            let other = "whsec_" + Data(repeating: 1, count: 24).base64EncodedString()
            let refused: [(String, HTTPClient, [UInt8])] = [
                ("none", stranger, body),
                ("other secret", signed(other, body), body),
                ("old", signed(vendor.webhookSecret, body, skew: -310), body),
                ("of tomorrow", signed(vendor.webhookSecret, body, skew: 310), body),
                ("altered", good, body + [UInt8(ascii: " ")]),
                ("no id", good.with("webhook-id", nil), body),
                ("other id", good.with("webhook-id", "msg_other"), body),
                ("no time", good.with("webhook-timestamp", nil), body),
                ("no code", good.with("webhook-signature", nil), body),
                ("administrator", signed(other, body).with("authorization", "Bearer \(scene.daemon.adminKey)"), body),
            ]
            for (name, client, body) in refused {
                let reply = try await client.send("POST", Self.route, body: body)
                #expect(reply.status == 400 && reply.errorCode == "invalid_value", "\(name): \(reply.text)")
            }
            #expect(Self.polls(scene).isEmpty)
            // With the vendor's own signature it is a reason to ask, and no answer: the run goes on, and no address of the
            // body was called.
            #expect(try await good.send("POST", Self.route, body: body).status == 200)
            await vendor.until { $0.calls.contains { $0.request.method == "GET" && $0.isFinished } }
            #expect(try await scene.client.get("/v1/jobs/\(job)").json?["status"] == "running")
            // Nobody waits for these.
            for about in [#"{"id":"unknown"}"#, #"{"id":7}"#, "{}", "[]"] {
                let bytes = Array(about.utf8)
                let reply = try await signed(vendor.webhookSecret, bytes).send("POST", Self.route, body: bytes)
                #expect(reply.status == 200, "\(about): \(reply.text)")
            }
            let broken = Array("{".utf8)
            let reply = try await signed(vendor.webhookSecret, broken).send("POST", Self.route, body: broken)
            #expect(reply.errorCode == "invalid_json")

            vendor.finishRuns()
            #expect(try await Self.end(scene, job)["status"] == "succeeded")
            let polls = Self.polls(scene).count
            // What is sent once more finds nobody.
            #expect(try await good.send("POST", Self.route, body: body).status == 200)
            #expect(try await scene.client.get("/v1/jobs/\(job)").json?["images"]?.array?.count == 1)
            #expect(Self.polls(scene).count == polls && scene.farm.creates.count == 1)
            #expect(!scene.daemon.output.contains(vendor.webhookSecret))
        }
    }

    @Test func `a job that a dead daemon left is woken by news as well`() async throws {
        try await Self.play { scene in
            let (job, prediction) = try await Self.begin(scene)
            // The handle is on record before the vendor is asked.
            try await Self.announce(scene, prediction)
            let before = Self.polls(scene).count
            scene.daemon.kill()
            await scene.daemon.untilExit()
            try await scene.daemon.start()
            // Whoever resumes asks first.
            await scene.farm.replicate.until { entries in
                entries.calls.count { $0.request.method == "GET" && $0.isFinished } > before
            }
            // The vendor calls the address of before, where nobody is now; its news of the same run comes by hand.
            scene.farm.replicate.finishRuns()
            try await Self.announce(scene, prediction)
            #expect(try await Self.end(scene, job)["status"] == "succeeded")
            #expect(scene.farm.creates.count == 1)
        }
    }

    @Test func `without the secret there is no such route, and no news is asked for`() async throws {
        try await Self.play(secret: false) { scene in
            let (job, _) = try await Self.begin(scene)
            #expect(scene.farm.replicate.creates.first?.json?["webhook"] == nil)
            let body = Array("{}".utf8)
            let stranger = scene.daemon.client(key: nil).with("content-type", "application/json")
            for secret in [scene.farm.replicate.webhookSecret, "whsec_"] {
                let reply = try await ReplicateSubscription.signed(stranger, body, secret: secret)
                    .send("POST", Self.route, body: body)
                #expect(reply.status == 404 && reply.errorCode == "not_found", "\(reply.text)")
            }
            _ = try await scene.client.post("/v1/jobs/\(job)/cancel", [:])
        }
    }
}
