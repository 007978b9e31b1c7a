import FakeVendors
import Orchestrator
import Testing

/// The stand-ins for vendors that are declared in YAML refuse what those refuse.
@Suite struct DeclaredRuleTests {
    private static let picture = Base64.encode(PictureMaker.make(.png, width: 8, height: 8, number: 1))

    private func request(_ path: String, _ header: (name: String, value: String), _ body: JSON) -> FakeRequest {
        FakeRequest("POST", path, headers: [header, ("content-type", "application/json")], body: body.serialized())
    }

    static let falBodies: [(JSON, Int)] = [
        (["prompt": "a fox"], 200), (["prompt": "a fox", "num_images": 4, "seed": 1], 200),
        (["prompt": "a fox", "image_size": ["width": 512, "height": 512]], 200), ([:], 422), (["prompt": 1], 422),
        (["prompt": "a fox", "num_images": "2"], 422), (["prompt": "a fox", "num_images": 5], 422),
        (["prompt": "a fox", "size": "1x1"], 422), (["prompt": "a fox", "image_size": ["width": 512]], 422),
        (["prompt": "a fox", "output_format": "webp"], 422),
    ]

    @Test(arguments: falBodies)
    func `fal takes its own fields alone, of their own types`(body: JSON, status: Int) {
        let fal = FakeFal()
        let reply = fal.answer(request("/fal-ai/flux/dev", ("authorization", "Key \(fal.key)"), body))
        #expect(reply.status == status)
        #expect(fal.invalid.isEmpty == (status == 200))
    }

    @Test func `fal knows its own requests, and wants to be asked slowly`() {
        let fal = FakeFal()
        let key: (name: String, value: String) = ("authorization", "Key \(fal.key)")
        func get(_ path: String, _ header: (name: String, value: String)) -> Int {
            fal.answer(FakeRequest("GET", path, headers: [header])).status
        }
        let begun = fal.answer(request("/fal-ai/flux/dev", key, ["prompt": "a fox"]))
        let id = begun.json?["request_id"]?.string ?? ""
        #expect(get("/fal-ai/flux/requests/\(id)", key) == 400, "collected before it was done")
        #expect(get("/fal-ai/flux/requests/\(id)/status", key) == 200)
        #expect(get("/fal-ai/flux/requests/\(id)/status", key) == 200, "too early once is forgiven")
        #expect(get("/fal-ai/flux/requests/\(id)/status", key) == 429)
        #expect(get("/fal-ai/flux/requests/other/status", key) == 404)
        #expect(get("/fal-ai/flux/requests/\(id)", key) == 200)
        for wrong in ["Bearer \(fal.key)", "Key x", fal.key] {
            #expect(get("/fal-ai/flux/requests/\(id)", ("authorization", wrong)) == 401)
        }
    }

    @Test func `each wants its own kind of key`() {
        let gemini = FakeGemini()
        let azure = FakeAzure()
        let bfl = FakeBFL()
        let ideogram = FakeIdeogram()
        let webUI = FakeWebUI()
        let vendors: [(any FakeVendor, String)] = [
            (gemini, "/v1beta/models/gemini-2.5-flash-image:generateContent"),
            (azure, "/openai/deployments/gpt-image-2/images/generations"), (bfl, "/v1/flux-pro-1.1"),
            (ideogram, "/v1/ideogram-v3/generate"), (webUI, "/sdapi/v1/txt2img"),
        ]
        for (vendor, path) in vendors {
            let reply = vendor.answer(request(path, ("authorization", "Bearer \(vendor.key)"), ["prompt": "a fox"]))
            #expect([400, 401, 403].contains(reply.status) && vendor.invalid.count == 1, "\(path)")
        }
        let server = FakeSDServer()
        #expect(
            server.answer(request("/sdcpp/v1/img_gen", ("authorization", "Bearer x"), ["prompt": "x"])).status == 400
        )
    }

    static let bflBodies: [(String, JSON, Int)] = [
        ("flux-pro-1.1", ["prompt": "x", "width": 1024, "height": 768], 200),
        ("flux-pro-1.1", ["prompt": "x", "width": 1000, "height": 768], 422),
        ("flux-pro-1.1", ["prompt": "x", "aspect_ratio": "1:1"], 422),
        ("flux-pro-1.1-ultra", ["prompt": "x", "aspect_ratio": "1:1"], 200),
        ("flux-kontext-pro", ["prompt": "x", "input_image": .string(picture)], 200),
        ("flux-kontext-pro", ["prompt": "x", "input_image": "bm8gcGljdHVyZQ=="], 422), ("flux-9", ["prompt": "x"], 404),
    ]

    @Test(arguments: bflBodies)
    func `each model of Black Forest Labs has fields of its own`(model: String, body: JSON, status: Int) {
        let bfl = FakeBFL()
        #expect(bfl.answer(request("/v1/\(model)", ("x-key", bfl.key), body)).status == status)
    }

    @Test func `a workflow must hang together`() {
        let node: JSON = ["class_type": "CLIPTextEncode", "inputs": ["text": "x", "clip": ["4", 1]]]
        let loader: JSON = [
            "class_type": "CheckpointLoaderSimple", "inputs": ["ckpt_name": "sd_xl_base_1.0.safetensors"],
        ]
        func status(_ graph: JSON) -> Int {
            FakeComfyUI().answer(request("/prompt", ("accept", "*/*"), ["prompt": graph])).status
        }
        #expect(status(["6": node, "4": loader]) == 200)
        #expect(status(["6": node]) == 400, "a link to no node")
        #expect(status(["4": ["class_type": "CheckpointLoaderSimple", "inputs": ["ckpt_name": "gone"]]]) == 400)
        #expect(status(["1": ["class_type": "Unknown", "inputs": [:]]]) == 400)
    }
}
