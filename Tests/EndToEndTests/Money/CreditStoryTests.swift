import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Every job on its owner's statement: what was reserved is spent or comes back, once, whatever goes wrong and where.
@Suite(.timeLimit(.minutes(2))) struct CreditStoryTests {
    @Test func `the official client buys pictures until the credits are spent`() async throws {
        try await Scene.play(Scene.official()) { scene in
            let customer = try await Customer(scene, credits: 8)
            let checks = try await OfficialClientTests.run("credits", scene, key: customer.key)
            #expect(checks.map(\.name) == ["generate", "edit", "too_dear"])
            #expect(checks.last?.facts == ["needed": "16", "available": "3"])
            for (check, price) in zip(checks, [1, 4]) {
                let job = try #require(check.facts["job"])
                let lines = ["reserve -\(price)", "release \(price)", "spend -\(price)"]
                #expect(try await customer.lines(of: job) == lines)
                let credits = try await customer.client.get("/v1/jobs/\(job)").json?["credits"]
                #expect(credits == ["reserved": .integer(price), "charged": .integer(price), "refunded": 0])
            }
            #expect(try await customer.funds() == .exactly(3) && scene.farm.creates.count == 2)
            try await scene.expectSoundBooks()
        }
    }

    /// What the only vendor does, and what its job comes to.
    static let troubles: [(String, Step, Int)] = [
        ("fails", .fail(.server), 502), ("refuses", .fail(.runNSFW), 400), ("breaks off", .closeBeforeHead, 502),
        ("answers in HTML", .html(502), 502), ("sends no picture", .empty, 502), ("sends noise", .noise, 502),
        ("sends half a picture", .draws(.half), 502), ("names a dead link", Step.ok.with(\.isOutputDead, true), 502),
    ]

    @Test func `whatever the vendor does wrong, what was reserved comes back once`() async throws {
        try await Scene.play(Scene.official()) { scene in
            let customer = try await Customer(scene, credits: 5)
            for (name, step, status) in Self.troubles {
                scene.farm.replicate.script(step)
                let reply = try await customer.generate(["n": 3])
                #expect(reply.status == status, "\(name): \(reply.text)")
                let job = try #require(reply.header("x-job-id"))
                #expect(try await customer.lines(of: job) == ["reserve -3", "refund 3"], "\(name)")
                #expect(try await customer.funds() == .exactly(5), "\(name)")
            }
            // Of three pictures two are made: two are paid.
            scene.farm.replicate.script(Step.ok.with(\.pictureCount, 2))
            let part = try await customer.generate(["n": 3])
            #expect(part.status == 200 && part.json?["data"]?.array?.count == 2, "\(part.text)")
            let job = try #require(part.header("x-job-id"))
            let lines = try await customer.lines(of: job)
            #expect(lines == ["reserve -3", "refund 1", "release 2", "spend -2"])
            #expect(try await customer.funds() == .exactly(3))
            try await scene.expectSoundBooks()
        }
    }

    @Test func `what a content check stops costs nothing, before the vendor and after it`() async throws {
        let service = try FakeModeration()
        defer { service.stop() }
        try await Scene.play(
            {
                Scene.official()(&$0)
                $0.extra += [
                    "moderation:",
                    "  endpoint: {base_url: \(service.base), api_key: \"${MODERATION_KEY}\", "
                        + "check: [prompt, result], on_error: deny}",
                ]
            },
            environment: ["MODERATION_KEY": service.key]
        ) { scene in
            let customer = try await Customer(scene, credits: 5)
            service.answer { question, _ in question.isPicture ? .clear : .flagged }
            let words = try await customer.generate()
            #expect(words.status == 400 && words.errorCode == "content_policy_violation")
            #expect(try await customer.lines().count == 1 && scene.farm.creates.isEmpty)
            for answer in [FakeModeration.Answer.flagged, .broken(500)] {
                service.answer { question, _ in question.isPicture ? answer : .clear }
                let picture = try await customer.generate()
                #expect(picture.status >= 400, "\(picture.text)")
                let job = try #require(picture.header("x-job-id"))
                let lines = try await customer.lines(of: job)
                #expect(lines == ["reserve -1", "refund 1"])
            }
            #expect(try await customer.funds() == .exactly(5))
            try await scene.expectSoundBooks()
        }
    }

    @Test func `a picture that cannot be stored is not paid`() async throws {
        try await Scene.play(Scene.official()) { scene in
            let customer = try await Customer(scene, credits: 5)
            let (artifacts, away) = (
                scene.daemon.dataDirectory.appending(path: "artifacts"), scene.daemon.directory.appending(path: "away")
            )
            try FileManager.default.moveItem(at: artifacts, to: away)
            try Data().write(to: artifacts)
            let reply = try await customer.generate()
            #expect(reply.status == 500 && reply.errorCode == "internal_error", "\(reply.text)")
            #expect(try await customer.lines(of: reply.header("x-job-id")) == ["reserve -1", "refund 1"])
            try FileManager.default.removeItem(at: artifacts)
            try FileManager.default.moveItem(at: away, to: artifacts)
            #expect(try await customer.generate().status == 200)
            #expect(try await customer.funds() == .exactly(4))
            try await scene.expectSoundBooks()
        }
    }

    @Test func `a picture whose job's end cannot be written is paid once, when it can`() async throws {
        try await Scene.play(Scene.official(vendor: "openai")) { scene in
            let customer = try await Customer(scene, credits: 5)
            let gate = Gate()
            scene.farm.openAI.script(.held(by: gate))
            async let waited = customer.generate()
            await scene.farm.openAI.until { $0.inFlight == 1 }
            // The log grows with every write, a picture is smaller than it is by now.
            let log = try FileManager.default.attributesOfItem(atPath: scene.recordPath + "-wal")[.size] as? Int
            try await Shortage.limitFiles(of: scene.daemon, to: "\(try #require(log))")
            gate.open()
            await scene.daemon.untilOutput(contains: "a job's end could not be recorded")
            #expect(try await customer.funds() == .exactly(5, reserved: 1))
            try await Shortage.limitFiles(of: scene.daemon, to: "unlimited")
            let reply = try await waited
            #expect(reply.status == 200, "\(reply.text)")
            let job = try #require(reply.header("x-job-id"))
            #expect(try await customer.lines(of: job) == ["reserve -1", "release 1", "spend -1"])
            #expect(try await customer.funds() == .exactly(4) && scene.farm.creates.count == 1)
            try await scene.expectSoundBooks()
        }
    }
}
