import FakeVendors
import Orchestrator
import Testing

/// The same `Idempotency-Key` again: one job, one call, one charge, and the same answer.
@Suite(.timeLimit(.minutes(2))) struct RepeatTests {
    private static let inBody: [String: JSON] = ["response_format": "b64_json"]

    @Test func `a repeated request gets the same bytes, whether it waits or not`() async throws {
        try await Scene.play(Scene.official()) { scene in
            let customer = try await Customer(scene, credits: 10)
            let first = try await customer.generate(Self.inBody, repeats: "k1")
            let second = try await customer.generate(Self.inBody, repeats: "k1")
            #expect(first.status == 200 && second.status == 200 && first.body == second.body)
            #expect(first.header("x-job-id") == second.header("x-job-id"))
            let client = customer.client.with("idempotency-key", "k1").with("prefer", "respond-async")
            let later = try await client.post(
                Scene.generations,
                Customer.body(Self.inBody)
            )
            #expect(later.status == 202 && later.json?["id"]?.string == first.header("x-job-id"), "\(later.text)")
            #expect(scene.farm.creates.count == 1)
            #expect(try await customer.funds() == .exactly(9))
        }
    }

    @Test func `a form is the same in whatever boundary it comes`() async throws {
        try await Scene.play(Scene.official()) { scene in
            let customer = try await Customer(scene, credits: 10)
            var form = FormBody().file("image", Scene.png()).field("prompt", "add a hat").field("quality", "medium")
            var jobs: [String?] = []
            for boundary in ["one-boundary-1", "another-boundary-2"] {
                form.boundary = boundary
                let reply = try await customer.client.with("idempotency-key", "k").post(Scene.edits, form)
                #expect(reply.status == 200, "\(reply.text)")
                jobs.append(reply.header("x-job-id"))
            }
            #expect(jobs[0] == jobs[1] && jobs[0] != nil && scene.farm.creates.count == 1)
            let other = try await customer.client.with("idempotency-key", "k")
                .post(Scene.edits, form.field("output_format", "jpeg"))
            #expect(other.status == 409 && other.errorCode == "idempotency_key_reused")
            #expect(try await customer.funds() == .exactly(6))
        }
    }

    @Test func `50 at once are one job, one call and one charge, and another body is refused`() async throws {
        try await Scene.play(Scene.official()) { scene in
            let customer = try await Customer(scene, credits: 10)
            let replies = try await customer.generate(times: 50, Self.inBody, repeats: "k")
            #expect(replies.allSatisfy { $0.status == 200 }, "\(Set(replies.map(\.status)))")
            #expect(Set(replies.map(\.body)).count == 1)
            #expect(Set(replies.map { $0.header("x-job-id") }).count == 1)
            #expect(scene.farm.creates.count == 1)
            let other = try await customer.generate(["prompt": "a bear"], repeats: "k")
            #expect(other.status == 409 && other.errorCode == "idempotency_key_reused")
            #expect(scene.farm.creates.count == 1)
            #expect(try await customer.funds() == .exactly(9))
            #expect(try await customer.lines().count == 4)
            try await scene.expectSoundBooks()
        }
    }

    @Test func `a failure is repeated as well, and is not tried again`() async throws {
        try await Scene.play(Scene.official()) { scene in
            scene.farm.replicate.script(.fail(.server))
            let customer = try await Customer(scene, credits: 10)
            let first = try await customer.generate(repeats: "k")
            let second = try await customer.generate(repeats: "k")
            #expect(first.status == 502 && second.status == 502 && first.errorCode == second.errorCode)
            #expect(first.header("x-job-id") == second.header("x-job-id") && scene.farm.creates.count == 1)
            #expect(try await customer.funds() == .exactly(10))
        }
    }

    @Test(arguments: [false, true])
    func `a restart changes nothing`(isKilled: Bool) async throws {
        try await Scene.play(Scene.official()) { scene in
            let customer = try await Customer(scene, credits: 10)
            let first = try await customer.generate(Self.inBody, repeats: "k")
            let gallery = try await customer.client.with("idempotency-key", "g")
                .post("/api/generate", ["prompt": "a fox"])
            #expect(gallery.status == 200, "\(gallery.text)")
            try await scene.daemon.restart(isKilled: isKilled)
            let again = try await customer.generate(Self.inBody, repeats: "k")
            #expect(again.status == 200 && again.body == first.body)
            #expect(try await customer.generate(["n": 2], repeats: "k").status == 409)
            let shown = try await customer.client.with("idempotency-key", "g")
                .post("/api/generate", ["prompt": "a fox"])
            #expect(shown.status == 200 && shown.header("x-job-id") == gallery.header("x-job-id"))
            #expect(scene.farm.creates.count == 2)
            #expect(try await customer.lines().count { $0.hasPrefix("spend") } == 2)
            try await scene.expectSoundBooks()
        }
    }

    @Test func `who repeats a request that a kill interrupted joins its job`() async throws {
        try await Scene.play({ registry in
            Scene.official()(&registry)
            registry["replicate"].extra = ["poll: {first: 300ms, max: 300ms}"]
        }) { scene in
            let customer = try await Customer(scene, credits: 10)
            scene.farm.replicate.script(Step.ok.with(\.processingPolls, 1))
            async let lost = try? customer.generate(Self.inBody, repeats: "k")
            await scene.farm.replicate.until { $0.calls.contains { !$0.isCreate && $0.isFinished } }
            try await scene.daemon.restart(isKilled: true)
            #expect(await lost == nil)
            let replies = try await customer.generate(times: 3, Self.inBody, repeats: "k")
            #expect(replies.allSatisfy { $0.status == 200 } && Set(replies.map(\.body)).count == 1)
            #expect(scene.farm.creates.count == 1)
            #expect(try await customer.funds() == .exactly(9))
            try await scene.expectSoundBooks()
        }
    }

    @Test func `a key is its owner's: two users with the same have two jobs`() async throws {
        try await Scene.play(Scene.official()) { scene in
            let customers = [
                try await Customer(scene, "one", credits: 5), try await Customer(scene, "two", credits: 5),
            ]
            var jobs: Set<String?> = []
            for customer in customers {
                for _ in 0..<2 { jobs.insert(try await customer.generate(repeats: "k").header("x-job-id")) }
                #expect(try await customer.funds() == .exactly(4))
            }
            #expect(jobs.count == 2 && !jobs.contains(nil) && scene.farm.creates.count == 2)
        }
    }

    @Test func `the gallery's own route takes part`() async throws {
        try await Scene.play(Scene.official()) { scene in
            let customer = try await Customer(scene, credits: 50)
            let client = customer.client.with("idempotency-key", "k")
            let replies = try await withThrowingTaskGroup(of: ClientReply.self) { group in
                for _ in 0..<8 { group.addTask { try await client.post("/api/generate", ["prompt": "a fox"]) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies.allSatisfy { $0.status == 200 } && Set(replies.map(\.body)).count == 1)
            #expect(scene.farm.creates.count == 1)
            let other = try await client.post("/api/generate", ["prompt": "a bear"])
            #expect(other.status == 409, "\(other.text)")
            #expect(try await customer.lines().count { $0.hasPrefix("spend") } == 1)
        }
    }
}
