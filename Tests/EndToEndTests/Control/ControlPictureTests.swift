import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Making pictures on the command line.
@Suite(.timeLimit(.minutes(3))) struct ControlPictureTests {
    private static let cheap = ["-q", "low", "-s", "1024x1024"]

    /// The files of a directory by their names, with the bytes in them.
    private static func files(_ directory: String) throws -> [String: [UInt8]] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        return try Dictionary(
            uniqueKeysWithValues: names.map { name in
                (name, Array(try Data(contentsOf: URL(filePath: directory).appending(path: name))))
            }
        )
    }

    @Test(arguments: [("png", "png"), ("jpeg", "jpg"), ("webp", "webp")])
    func `files have their true extension and the bytes of the API`(format: String, ending: String) async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let words = ["generate", "a fox", "-n", "2", "-f", format, "-o", "new/pictures", "--json"] + Self.cheap
            let ran = try await control.run(words)
            #expect(ran.status == 0, "\(ran.error)")
            let job = try #require(ran.json)
            let images = try #require(job["images"]?.array)
            #expect(images.count == 2 && job["files"]?.array?.count == 2)
            let files = try Self.files(control.path("new/pictures"))
            #expect(files.count == 2)
            for image in images {
                let id = try #require(image["id"]?.string)
                let bytes = try #require(files["\(id).\(ending)"])
                #expect(SHA256.hex(bytes) == image["sha256"]?.string)
                let served = try await scene.client.get("/v1/images/\(id)/content").body
                #expect(bytes == served)
            }
        }
    }

    @Test func `a person sees links, files and the cost`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let ran = try await control.run(["generate", "-", "-o", "."] + Self.cheap, input: "a fox in the snow\n")
            #expect(ran.status == 0 && ran.error.isEmpty, "\(ran.error)")
            let lines = ran.out.split(separator: "\n")
            #expect(lines.count == 3 && lines[0].hasPrefix(scene.daemon.base + "/images/img_"))
            #expect(
                lines[1].hasPrefix("wrote ./img_") && lines[2].contains("1 picture by ") && lines[2].contains("$0.003")
            )
            #expect(scene.farm.replicate.creates.count == 1)
            let jobs = try await scene.client.get("/v1/jobs").json
            #expect(jobs?["data"]?[0]?["request"]?["prompt"] == "a fox in the snow")
        }
    }

    @Test func `options reach the request, and changes are told`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let words = [
                "generate", "a fox", "--provider", "stability", "--provider", "replicate", "--policy", "quality",
                "--max-cost", "0.05", "--seed", "7", "--fidelity", "best_effort", "--format", "jpeg", "-c", "80",
                "--public",
                "--json",
            ]
            let ran = try await control.run(words + Self.cheap)
            #expect(ran.status == 0, "\(ran.error)")
            let request = try #require(ran.json?["request"])
            #expect(request["routing"]?["providers"] == ["stability", "replicate"] && request["seed"] == 7)
            #expect(ran.json?["policy"] == "quality" && ran.json?["images"]?[0]?["provider"] == "stability")
            let id = try #require(ran.json?["images"]?[0]?["id"]?.string)
            #expect(try await scene.client.get("/v1/images/\(id)").json?["is_public"] == true)
        }
    }

    @Test func `a failure of the job is one of the command, and one key is one job`() async throws {
        try await Scene.play { scene in
            scene.farm.openAI.script(then: .fail(.moderation))
            let words = ["generate", "a fox", "-m", "openai/gpt-image-2"] + Self.cheap
            let ran = try await scene.control().run(words)
            #expect(ran.status == 1 && ran.out.isEmpty && ran.error.contains("moderation_blocked"), "\(ran)")
            scene.farm.openAI.script(then: .ok)
            let key = ["--idempotency-key", "mine", "--json"]
            let first = try await scene.control().run(words + key)
            let second = try await scene.control().run(words + key)
            #expect(first.status == 0 && first.json?["id"] == second.json?["id"])
            #expect(scene.farm.openAI.creates.count == 2)
        }
    }

    @Test func `credits are shown before and after, and too few of them stop it before anything is asked`() async throws
    {
        try await Scene.play {
            $0.server.append("mode: official")
        } _: { scene in
            let customer = try await Customer(scene, credits: 10)
            let control = try Control(scene.daemon.base, key: customer.key)
            // Daily free uses are for the lowest tier alone, and stand in the way of a refusal here.
            for _ in 0..<3 { #expect(try await customer.generate().status == 200) }
            let ran = try await control.run(["generate", "a fox"] + Self.cheap)
            #expect(ran.status == 0 && ran.error.contains("balance 10 credits; this costs at most 1"), "\(ran.error)")
            #expect(ran.out.contains("1 credits used"))
            let calls = scene.farm.creates.count
            let poor = try await control.run(["generate", "a fox", "-q", "high"])
            #expect(
                poor.status == 1 && poor.error.contains("not enough credits: 16 needed, 9 available"),
                "\(poor.error)"
            )
            #expect(scene.farm.creates.count == calls)
        }
    }

    @Test func `edits take files, images of the server by the beginning of their ids, and masks`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let picture = try control.write(Scene.png(1024, 1024), as: "a picture.png")
            let mask = try control.write(Scene.png(1024, 1024, isTransparent: true), as: "mask.png")
            let model = ["-m", "openai/gpt-image-2", "--json", "-q", "low"]
            let first = try await control.run(["edit", picture, "snow", "--mask", mask] + model)
            #expect(first.status == 0, "\(first.error)")
            let id = try #require(first.json?["images"]?[0]?["id"]?.string)
            // One that only its id begins with; the last characters are chance.
            let second = try await control.run(["edit", "gallery:\(id.dropLast(2))", "night"] + model)
            #expect(second.status == 0, "\(second.error)")
            let third = try await control.run(["edit", "gallery:\(id)", "both", "-i", picture, "-i", mask] + model)
            #expect(third.status == 0, "\(third.error)")
            let fourth = try await control.run(["vary", "gallery:\(id)"] + model)
            #expect(fourth.status == 0, "\(fourth.error)")
            let missing = try await control.run(["edit", "nothing.png", "snow"] + model)
            #expect(missing.status == 1 && missing.error.contains("there is no file 'nothing.png'"))
            let text = try control.write(Array("no picture".utf8), as: "text.png")
            let wrong = try await control.run(["edit", text, "snow"] + model)
            #expect(wrong.status == 1 && wrong.error.contains("no whole picture"), "\(wrong.error)")
            #expect(scene.farm.openAI.creates.count == 4)
        }
    }

    @Test func `a job is left running, awaited, shown and canceled`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let gate = Gate()
            scene.farm.openAI.script(.held(by: gate))
            let words = ["generate", "a fox", "-m", "openai/gpt-image-2", "--no-wait"] + Self.cheap
            let left = try await control.run(words)
            let id = String(left.out.dropLast())
            #expect(left.status == 0 && id.hasPrefix("job_"), "\(left)")
            let impatient = try await control.run(["jobs", "wait", id, "--max-wait", "1"])
            #expect(impatient.status == 1 && impatient.error.contains("still runs"), "\(impatient.error)")
            async let waiting = control.run(["jobs", "wait", id, "-o", "out"])
            await scene.farm.openAI.until { $0.creates.count == 1 }
            gate.open()
            let waited = try await waiting
            #expect(waited.status == 0 && waited.out.contains("wrote out/img_"), "\(waited)")
            let shown = try await control.run(["jobs", "show", id])
            #expect(shown.out.contains("succeeded") && shown.out.contains("gpt-image-2") && shown.out.contains("a fox"))
            #expect(try await control.run(["jobs", "list", "--status", "succeeded"]).out.contains(id))
            let late = try await control.run(["jobs", "cancel", id])
            #expect(late.status == 1 && late.error.contains("HTTP 409"), "\(late.error)")
            #expect(try await control.run(["jobs", "show", "job_nothing"]).status == 1)
        }
    }

    @Test func `a daemon that restarts is waited for`() async throws {
        try await Scene.play {
            $0.server.append("public_url: http://images.test")
        } _: { scene in
            let gate = Gate()
            scene.farm.openAI.script(.held(by: gate))
            let control = try scene.control()
            let left = try await control.run(["generate", "a", "-m", "openai/gpt-image-2", "--no-wait"] + Self.cheap)
            async let waiting = control.run(["jobs", "wait", String(left.out.dropLast()), "--json"])
            await scene.farm.openAI.until { $0.creates.count == 1 }
            gate.open()
            // Whether the stream is cut or the job is over first: the end comes either way.
            let ran = try await waiting
            #expect(ran.status == 0 && ran.json?["status"] == "succeeded", "\(ran)")
        }
    }

    @Test func `explain, models and health say what the API says`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let plan = try await control.run(["explain", "a fox", "-q", "low"])
            #expect(plan.status == 0 && plan.out.contains("1  replicate/black-forest-labs/flux-schnell  low   $0.003"))
            let nobody = try await control.run(["explain", "-q", "low", "--max-cost", "0.0001"])
            #expect(nobody.status == 1 && nobody.out.contains("[max_cost]"), "\(nobody)")
            let models = try await control.run(["models", "--names"])
            #expect(
                Set(models.out.split(separator: "\n")).isSuperset(of: ["auto", "auto/price", "stability/core", "core"])
            )
            #expect(try await control.run(["models", "stability/core"]).out.contains("operations"))
            #expect(try await control.run(["models", "nothing"]).status == 1)
            let health = try await control.run(["health", "--json"])
            #expect(health.status == 0 && health.json?["ready"] == true && health.json?["latency_ms"]?.int != nil)
        }
    }
}
