import FakeVendors
import Foundation
import Orchestrator
import Testing

/// The shipped examples of vendors that are declared in YAML alone, each against a vendor made from its facts.
@Suite(.timeLimit(.minutes(5))) struct ShippedExampleTests {
    @Test func `check accepts every example as it is shipped, without a warning`() async throws {
        let folder = Shell.root.appending(path: "examples/providers").path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        #expect(Set(files) == Set(ShippedExample.allCases.map { $0.rawValue + ".yaml" }))
        let environment = [
            "FAL_KEY": "x", "BFL_API_KEY": "x", "GEMINI_API_KEY": "x", "IDEOGRAM_API_KEY": "x",
            "AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com", "AZURE_OPENAI_API_KEY": "x",
            "SD_WEBUI_URL": "http://127.0.0.1:7860", "SD_WEBUI_AUTH": "u:p", "COMFYUI_URL": "http://127.0.0.1:8188",
            "SD_CPP_URL": "http://127.0.0.1:1234",
        ]
        for file in files.sorted() {
            let answer = try await DaemonProcess.command(["check", "\(folder)/\(file)"], environment: environment)
            #expect(answer.status == 0 && answer.output.contains(": ok, 1 provider"), "\(answer.output)")
            #expect(!answer.output.contains("warning"), "\(answer.output)")
        }
    }

    @Test(arguments: ShippedExample.allCases)
    func `two pictures are made, delivered byte for byte, and cost what the file says`(
        example: ShippedExample
    ) async throws {
        try await ExampleScene.play(example) { scene in
            let reply = try await scene.generate(["n": 2])
            #expect(reply.status == 200, "\(reply.text)\n\(scene.daemon.output.suffix(2000))")
            #expect(Set(scene.pictures(reply)) == Set(scene.vendor.pictures.map(\.bytes)))
            #expect(scene.pictures(reply).count == 2)
            let single = MicroUSD.twice(example.cost)
            #expect(reply.header("x-orchestrator-cost-usd") == single)
        }
    }

    @Test(arguments: ShippedExample.allCases)
    func `every documented failure has its class, and a refusal is the caller's to know`(
        example: ShippedExample
    ) async throws {
        try await ExampleScene.play(example) { scene in
            #expect(Set(example.failures.map(\.failure)) == Set(scene.vendor.documentedFailures))
            for (failure, label) in example.failures {
                scene.vendor.script(then: .fail(failure).with(\.marker, " VENDOR-WORDS \(scene.vendor.key)"))
                let reply = try await scene.generate()
                let first = try await scene.job(reply).value(at: "/attempts/0/error")
                #expect(first?.string == label, "\(failure): \(scene.daemon.output.suffix(1500))")
                let expected: (Int, String) =
                    switch label {
                    case "refused": (400, "moderation_blocked")
                    case "rejected": (400, "invalid_value")
                    case "rate_limited": (429, "provider_rate_limited")
                    default: (502, "all_providers_failed")
                    }
                #expect(reply.status == expected.0 && reply.errorCode == expected.1, "\(failure): \(reply.text)")
                #expect(!reply.text.contains("VENDOR-WORDS"))
            }
        }
    }

    @Test(arguments: ShippedExample.allCases)
    func `a picture is edited`(example: ShippedExample) async throws {
        try await ExampleScene.play(example) { scene in
            // Large enough to be spooled to a file on its way in.
            let source = PictureMaker.make(.png, width: 1024, height: 1024, number: 3, padding: 400_000)
            let form = FormBody().field("prompt", "add a hat").field("model", example.editor)
                .field("response_format", "b64_json").field("quality", example.editQuality).file("image", source)
            let reply = try await scene.client.post(Scene.edits, form)
            #expect(reply.status == 200, "\(reply.text)\n\(scene.daemon.output.suffix(3000))")
            #expect(scene.pictures(reply) == scene.vendor.pictures.map(\.bytes))
            let sent = scene.vendor.calls.contains { call in
                call.form?.parts.contains { $0.bytes == source } ?? false
                    || String(decoding: call.request.body, as: UTF8.self).contains(Base64.encode(source))
                    || call.json.map {
                        $0.text.contains(JSON.string(Base64.encode(source)).text.dropFirst().dropLast())
                    } ?? false
            }
            #expect(sent, "no call carries the caller's picture")
        }
    }

    @Test func `a picture that was held back is a refusal alone, and a gap among others`() async throws {
        for example in [ShippedExample.fal, .ideogram] {
            try await ExampleScene.play(example, change: { $0 + "routing: {on_unknown_outcome: fail}\n" }) { scene in
                scene.vendor.script(then: .ok.with(\.isFiltered, true))
                let alone = try await scene.generate()
                #expect(alone.status == 400 && alone.errorCode == "moderation_blocked", "\(alone.text)")
                // Ideogram bills what it holds back.
                let cost = try await scene.job(alone).value(at: "/attempts/0/cost_usd")?.string
                #expect(cost == (example == .ideogram ? "0.06" : "0"))
                let two = try await scene.generate(["n": 2])
                #expect(two.status == 200 && scene.pictures(two).count == 1, "\(two.text)")
            }
        }
    }

    @Test func `words from Gemini are no picture`() async throws {
        try await ExampleScene.play(.gemini) { scene in
            scene.vendor.script(then: .empty)
            let reply = try await scene.generate()
            #expect(reply.status == 502)
            #expect(try await scene.job(reply).value(at: "/attempts/0/error") == "unusable")
        }
    }

    @Test func `a shape is asked for in the vendor's own words`() async throws {
        try await ExampleScene.play(.ideogram) { scene in
            let reply = try await scene.generate(["aspect_ratio": "16:9", "seed": 5, "negative_prompt": "a hat"])
            #expect(reply.status == 200, "\(reply.text)")
            let form = try #require(scene.vendor.creates.first?.form)
            #expect(form.text("aspect_ratio") == "16x9" && form.text("seed") == "5")
            #expect(form.text("negative_prompt") == "a hat" && form.text("rendering_speed") == "DEFAULT")
        }
    }
}

extension ShippedExample {
    /// A tier of the model that edits.
    fileprivate var editQuality: String { self == .fal || self == .blackForestLabs ? "high" : "medium" }
}

extension MicroUSD {
    /// Twice an amount, as answers write it.
    fileprivate static func twice(_ text: String) -> String {
        guard let amount = try? MicroUSD(decimal: text) else { return "" }
        return "\(amount + amount)"
    }
}
