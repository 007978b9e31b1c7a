import FakeVendors
import Foundation
import Orchestrator
import Testing

/// What the table of fidelity says, held against what happens.
@Suite(.timeLimit(.minutes(5))) struct FidelityTests {
    /// One part of a request: its fields, where a change of it is told, and what removes a model that cannot do it.
    struct Part: Sendable {
        var name: String
        var fields: JSONObject
        var field: String
        var constraint: String
    }

    static let parts: [Part] = [
        Part(name: "size", fields: ["size": "1024x1024"], field: "size", constraint: "size"),
        Part(name: "other_size", fields: ["size": "77x77"], field: "size", constraint: "size"),
        Part(name: "aspect_ratio", fields: ["aspect_ratio": "1:1"], field: "aspect_ratio", constraint: "aspect_ratio"),
        Part(name: "n", fields: ["n": 10], field: "n", constraint: "n"),
        Part(name: "png", fields: ["output_format": "png"], field: "output_format", constraint: "output_format"),
        Part(name: "jpeg", fields: ["output_format": "jpeg"], field: "output_format", constraint: "output_format"),
        Part(name: "webp", fields: ["output_format": "webp"], field: "output_format", constraint: "output_format"),
        Part(
            name: "output_compression",
            fields: ["output_format": "jpeg", "output_compression": 60],
            field: "output_format",
            constraint: "output_compression"
        ),
        Part(
            name: "transparent_background",
            fields: ["background": "transparent"],
            field: "background",
            constraint: "transparency"
        ),
        Part(name: "seed", fields: ["seed": 7], field: "seed", constraint: "seed"),
        Part(
            name: "negative_prompt",
            fields: ["negative_prompt": "hands"],
            field: "negative_prompt",
            constraint: "negative_prompt"
        ),
        Part(name: "style", fields: ["style": "anime"], field: "style", constraint: "style"),
        Part(name: "moderation", fields: ["moderation": "low"], field: "moderation", constraint: "moderation"),
        Part(name: "user", fields: ["user": "u-1"], field: "user", constraint: "user"),
        Part(
            name: "partial_images",
            fields: ["stream": true, "partial_images": 1],
            field: "partial_images",
            constraint: "partial_images"
        ),
    ]

    @Test(arguments: PictureRequestTests.pins)
    func `each part of a request meets what the list of models says`(pin: String) async throws {
        // Pictures of one format make conversions necessary.
        try await Scene.play({ registry in
            registry["stability"].models[0].extra = ["formats: [png]"]
            registry["replicate"].models[0].extra = ["formats: [webp]", "max_images: 4"]
        }) { scene in
            let models = try await scene.client.get("/v1/models/" + pin)
            let table = try #require(models.json?.value(at: "/capabilities/fidelity"), "\(models.text.prefix(300))")
            for part in Self.parts {
                let cell = try #require(table[part.name], "no \(part.name) in \(table.text)")
                for fidelity in ["strict", "adapt", "best_effort"] {
                    let word = try #require(cell.string ?? cell[fidelity]?.string)
                    try await check(part, fidelity, word, pin, scene)
                }
            }
        }
    }

    private func check(_ part: Part, _ fidelity: String, _ word: String, _ pin: String, _ scene: Scene) async throws {
        let name = "\(pin) \(part.name) \(fidelity): \(word)"
        var body: JSONObject = [
            "model": .string(pin), "prompt": "a fox", "quality": "low", "routing": ["fidelity": .string(fidelity)],
        ]
        // The usual format is none of these models' business but in its own row.
        body["output_format"] = pin.hasPrefix("replicate") ? "webp" : "png"
        for (field, value) in part.fields { body[field] = value }
        // Compression is asked for in a format that the model makes, if there is one.
        if part.name == "output_compression", pin.hasPrefix("replicate") { body["output_format"] = "webp" }
        let reply = try await scene.client.post(Scene.generations, .object(body))
        guard word != "refused" else {
            let isRefused = reply.status == 400 && reply.errorCode == "no_eligible_provider"
            #expect(isRefused, "\(name): \(reply.text.prefix(200))")
            let preview = try await scene.client.post("/v1/routes/explain", .object(body)).json
            let provider = String(pin.prefix { $0 != "/" })
            let excluded = preview?["excluded"]?.array?.first { $0["provider"]?.string == provider }
            let constraint = excluded?["constraint"]?.string
            // A compression in a format that must be made here fails for its format.
            #expect(constraint == part.constraint || part.name == "output_compression", "\(name): \(constraint ?? "")")
            return
        }
        #expect(reply.status == 200, "\(name): \(reply.text.prefix(300))")
        let adapted = try await scene.job(reply)["adapted"]?.array ?? []
        let fields = adapted.compactMap { $0["field"]?.string }
        switch word {
        case "kept", "split": #expect(fields.isEmpty, "\(name): \(fields)")
        // A size that was asked for by its ratio may have come out to the pixel.
        case "converted": #expect(fields == [part.field] || part.name == "size" && fields.isEmpty, "\(name): \(fields)")
        case "dropped": #expect(fields == [part.field] || fields == ["output_compression"], "\(name): \(fields)")
        default: Issue.record("\(name) is no word of the table")
        }
        #expect((reply.header("x-orchestrator-adapted") != nil) == !adapted.isEmpty || part.name == "partial_images")
    }

    @Test func `a ratio that contradicts the size is the caller's mistake`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["size": "1024x1024", "aspect_ratio": "16:9"])
            #expect(reply.status == 400 && reply.json?.value(at: "/error/param")?.string == "aspect_ratio")
            #expect(reply.text.contains("16:9 contradicts the size 1024x1024") && scene.farm.creates.isEmpty)
        }
    }

    @Test func `a mask goes nowhere but to a model that takes one`() async throws {
        try await Scene.play { scene in
            for fidelity in ["strict", "adapt", "best_effort"] {
                let form = FormBody().field("model", "replicate/black-forest-labs/flux-2-pro").field("prompt", "a hat")
                    .field("quality", "medium")
                    .file("image", Scene.png(512, 384)).file("mask", Scene.png(512, 384, isTransparent: true))
                let reply = try await scene.client.with("x-orchestrator-fidelity", fidelity).post(Scene.edits, form)
                #expect(reply.status == 400 && reply.text.contains("takes no mask"), "\(reply.text)")
            }
            #expect(scene.farm.creates.isEmpty)
        }
    }

    @Test func `the page on fidelity is what the program prints`() async throws {
        let file = Shell.root.appending(path: "providers.yaml").path
        let keys = ["OPENAI_API_KEY": "k", "STABILITY_API_KEY": "k", "REPLICATE_API_TOKEN": "k"]
        let printed = try await DaemonProcess.command(["fidelity", "--config", file], environment: keys)
        #expect(printed.status == 0)
        let page = try String(contentsOf: Shell.root.appending(path: "docs/fidelity.md"), encoding: .utf8)
        #expect(page.hasSuffix(printed.output), "run scripts/fidelity-page to write docs/fidelity.md anew")
        let gaps = try await DaemonProcess.command(["fidelity", "--config", file])
        #expect(gaps.output.contains("openai is left out, as OPENAI_API_KEY is not set"))
    }
}
