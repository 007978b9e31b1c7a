import FakeVendors
import Orchestrator
import Testing

/// The main job: each operation through each adapter, checked at both ends.
@Suite(.timeLimit(.minutes(2))) struct PictureRequestTests {
    static let pins = ["openai/gpt-image-2", "stability/core", "replicate/black-forest-labs/flux-schnell"]

    @Test(arguments: pins, ["url", "b64_json"])
    func `a generation delivers the vendor's own bytes in OpenAI's shape`(model: String, form: String) async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["model": .string(model), "response_format": .string(form)])
            #expect(reply.status == 200, "\(reply.text)")
            let body = try #require(reply.json)
            let keys: Set = ["created", "data", "size", "quality", "background", "output_format", "usage"]
            #expect(Set(body.object?.keys ?? []) == keys)
            #expect(body["data"]?.array?.count == 1)
            #expect(body["data"]?[0]?[form] != nil)
            #expect(body["size"] == "1024x1024" && body["output_format"] == "png" && body["quality"] == "low")
            #expect(try await scene.picture(reply) == scene.farm.vendors.flatMap(\.pictures).first?.bytes)
            #expect(scene.farm.creates.count == 1)
            let provider = model.split(separator: "/", maxSplits: 1)
            #expect(reply.header("x-orchestrator-provider") == String(provider[0]))
            #expect(reply.header("x-orchestrator-model") == String(provider[1]))
            #expect(reply.header("x-orchestrator-attempts") == "1")
            #expect(reply.header("x-request-id") != nil)
        }
    }

    @Test(arguments: ["png", "jpeg", "webp"], pins)
    func `every format comes from every vendor`(format: String, model: String) async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate([
                "model": .string(model), "output_format": .string(format), "response_format": "b64_json",
            ])
            #expect(reply.status == 200, "\(reply.text)")
            #expect(try await ImageInspector.facts(of: scene.picture(reply)).format.rawValue == format)
        }
    }

    @Test func `an edit with two references and a mask reaches OpenAI byte for byte`() async throws {
        try await Scene.play { scene in
            let (first, second) = (Scene.png(512, 384), Scene.png(300, 200))
            let mask = Scene.png(512, 384, isTransparent: true)
            let form = FormBody()
                .field("model", "openai/gpt-image-2").field("prompt", "add a hat").field("quality", "low")
                .file("image[]", first).file(
                    "image[]",
                    second,
                    fileName: "b.bin",
                    contentType: "application/octet-stream"
                )
                .file("mask", mask)
            let reply = try await scene.client.post(Scene.edits, form)
            #expect(reply.status == 200, "\(reply.text)")
            let sent = try #require(scene.farm.openAI.creates.first?.form)
            #expect((sent.all("image[]") + sent.all("image")).map(\.bytes) == [first, second])
            #expect(sent.file("mask")?.bytes == mask)
            #expect(sent.text("prompt") == "add a hat")
            #expect(try await scene.picture(reply) == scene.farm.openAI.pictures.first?.bytes)
        }
    }

    @Test func `an edit reaches Stability with its mask turned into white on black`() async throws {
        try await Scene.play { scene in
            let form = FormBody()
                .field("model", "stability/inpaint").field("prompt", "add a hat").field("quality", "low")
                .file("image", Scene.png(512, 384)).file("mask", Scene.png(512, 384, isTransparent: true))
            let reply = try await scene.client.post(Scene.edits, form)
            #expect(reply.status == 200, "\(reply.text)")
            let sent = try #require(scene.farm.stability.creates.first)
            #expect(sent.request.path == "/v2beta/stable-image/edit/inpaint")
            let mask = try #require(sent.form?.file("mask")?.bytes)
            #expect(mask != Scene.png(512, 384, isTransparent: true))
            #expect(try ImageInspector.facts(of: mask).width == 512)
        }
    }

    @Test func `an edit reaches Replicate as links to its two references`() async throws {
        try await Scene.play { scene in
            let form = FormBody()
                .field("model", "replicate/black-forest-labs/flux-2-pro").field("prompt", "merge").field(
                    "quality",
                    "medium"
                )
                .file("image[]", Scene.png(512, 512)).file("image[]", Scene.png(300, 300))
            let reply = try await scene.client.post(Scene.edits, form)
            #expect(reply.status == 200, "\(reply.text)")
            let links =
                scene.farm.replicate.creates.first?.json?["input"]?["input_images"]?.array?.compactMap(\.string) ?? []
            #expect(links.map { scene.farm.replicate.received($0) } == [Scene.png(512, 512), Scene.png(300, 300)])
        }
    }

    @Test(arguments: ["openai/gpt-image-2", "stability/ultra", "replicate/black-forest-labs/flux-2-pro"])
    func `a variation goes through each adapter`(model: String) async throws {
        try await Scene.play { scene in
            let form = FormBody().field("model", model).field("quality", "high").file("image", Scene.png(1024, 1024))
            let reply = try await scene.client.post(Scene.variations, form)
            #expect(reply.status == 200, "\(reply.text)")
            #expect(scene.farm.creates.count == 1)
        }
    }

    @Test func `four pictures of a vendor that makes one are four calls`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["model": "stability/core", "n": 4])
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.json?["data"]?.array?.count == 4)
            #expect(scene.farm.stability.creates.count == 4)
            #expect(Set(scene.farm.stability.pictures.map(\.sha256)).count == 4)
        }
    }

    @Test func `Replicate is polled until the run ends and its output copied before it expires`() async throws {
        try await Scene.play { scene in
            scene.farm.replicate.script(.ok.with(\.startingPolls, 2).with(\.processingPolls, 2).with(\.failingPolls, 1))
            let reply = try await scene.generate(["model": .string(Self.pins[2]), "response_format": "url"])
            #expect(reply.status == 200, "\(reply.text)")
            #expect(!reply.text.contains(scene.farm.deliveryServer.origin))
            for _ in 0..<2 { #expect(try await scene.picture(reply) == scene.farm.replicate.pictures.first?.bytes) }
            let fetches = scene.farm.replicate.delivery.fetches
            #expect(fetches.map(\.status) == [200])
            #expect(fetches.allSatisfy { $0.request.header("authorization") == nil })
            #expect(scene.farm.replicate.creates.count == 1)
        }
    }

    @Test func `a stream relays partial pictures and completes`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["model": "openai/gpt-image-2", "stream": true, "partial_images": 2])
            #expect(reply.status == 200)
            #expect(reply.header("content-type")?.hasPrefix("text/event-stream") ?? false)
            let names = reply.events.map(\.name)
            #expect(names == ["partial_image", "partial_image", "completed"].map { "image_generation.\($0)" })
            let last = try #require(reply.events.last?.data?["b64_json"]?.string)
            #expect(Base64.decode(last) == scene.farm.openAI.pictures.first?.bytes)
        }
    }

    @Test func `a vendor without streams gives the completed event alone`() async throws {
        try await Scene.play { scene in
            let reply = try await scene.generate(["model": "stability/core", "stream": true])
            #expect(reply.events.map(\.name) == ["image_generation.completed"], "\(reply.text.prefix(300))")
        }
    }

    @Test(arguments: [Step.StreamEnd.wrappedError, .bareError, .nothing, .cut])
    func `a stream that breaks off ends in an error event`(end: Step.StreamEnd) async throws {
        try await Scene.play { scene in
            scene.farm.openAI.script(.ok.with(\.streamEnd, end), then: .ok.with(\.streamEnd, end))
            let reply = try await scene.generate([
                "model": "openai/gpt-image-2", "stream": true, "partial_images": 1, "routing": ["fallback": false],
            ])
            #expect(reply.events.last?.name == "error", "\(reply.text.suffix(300))")
        }
    }

    @Test func `explain shows the body that is then sent`() async throws {
        try await Scene.play { scene in
            let body: JSON = ["model": "openai/gpt-image-2", "prompt": "a fox", "quality": "low", "size": "1536x1024"]
            let preview = try await scene.client.post("/v1/routes/explain", body)
            #expect(preview.status == 200, "\(preview.text)")
            #expect(scene.farm.creates.isEmpty)
            let candidate = try #require(preview.json?["candidates"]?[0])
            #expect(candidate["cost_usd"] == "0.006")
            let reply = try await scene.client.post(Scene.generations, body)
            #expect(reply.status == 200)
            let sent = try #require(scene.farm.openAI.creates.first?.json)
            #expect(candidate["sends"] == sent || candidate["sends"]?["body"] == sent)
        }
    }

    @Test func `without any key the sandbox draws`() async throws {
        let registry = RegistryText(providers: []).with { $0.hasSandbox = true }
        let daemon = try DaemonProcess(registry.text)
        try await daemon.start()
        let body: JSON = ["prompt": "a fox", "size": "1024x1024", "response_format": "b64_json"]
        let reply = try await daemon.client.post(Scene.generations, body)
        #expect(reply.status == 200, "\(reply.text)")
        let base64 = try #require(reply.json?["data"]?[0]?["b64_json"]?.string)
        let facts = try ImageInspector.facts(of: #require(Base64.decode(base64)))
        #expect(facts.format == .png && facts.width == 1024)
        #expect(await daemon.stop() == 0)
    }
}
