import FakeVendors
import Orchestrator
import Testing

@Suite struct ReplicateRuleTests {
    static let schnell = "/v1/models/black-forest-labs/flux-schnell/predictions"
    static let plain: JSON = ["input": ["prompt": "a fox"]]

    static func input(_ members: [String: JSON]) -> JSON {
        let prompt: JSON = ["prompt": "a fox"]
        return ["input": prompt.with(members)]
    }

    static let envelopes: [Rule<JSON>] = [
        .takes("plain", plain),
        .takes("webhook", plain.with(["webhook": "https://example.com/h", "webhook_events_filter": ["completed"]])),
        .refuses("no input", [:], 422, "input is required"),
        .refuses("input of another type", ["input": "a fox"], 422, "Expected: object"),
        .refuses("unknown member", plain.with(["n": 2]), 422, "additional_property_not_allowed"),
        .refuses("version by model", plain.with(["version": "x"]), 422, "additional_property_not_allowed"),
        .refuses("event", plain.with(["webhook_events_filter": ["done"]]), 422, "enum"),
        .refuses("webhook", plain.with(["webhook": "ftp://x"]), 422, "webhook"),
        .refuses("no prompt", ["input": [:]], 422, "prompt is required"),
        .refuses("no such field", input(["size": "1024x1024"]), 422, "Additional property size"),
        .takes("ratio", input(["aspect_ratio": "16:9", "num_outputs": 4, "output_format": "png"])),
        .refuses("ratio", input(["aspect_ratio": "7:3"]), 422, "enum"),
        .refuses("jpeg is spelled jpg", input(["output_format": "jpeg"]), 422, "enum"),
        .refuses("five outputs", input(["num_outputs": 5]), 422, "number_lte"),
        .refuses("no outputs", input(["num_outputs": 0]), 422, "number_gte"),
        .refuses("number as text", input(["num_outputs": "1"]), 422, "invalid_type"),
        .refuses("megapixels as number", input(["megapixels": 1]), 422, "invalid_type"),
        .refuses("null", input(["seed": .null]), 422, "invalid_type"),
        .refuses("truth as text", input(["go_fast": "true"]), 422, "invalid_type"),
    ]

    @Test(arguments: envelopes)
    func `a prediction is taken or refused as documented`(rule: Rule<JSON>) {
        let vendor = FakeReplicate()
        check(vendor, .json(Self.schnell, key: vendor.key, rule.body), rule, created: 201)
    }

    static let edits: [Rule<JSON>] = [
        .takes("data URL", input(["input_images": [Sample.dataURL(Sample.png())]])),
        .takes("https URL", input(["input_images": ["https://example.com/a.png"]])),
        .takes("null where it may be", input(["width": .null])),
        .refuses(
            "nine images",
            input(["input_images": .array(Array(repeating: "https://a.example/b", count: 9))]),
            422,
            "array_max_items"
        ),
        .refuses("base64 alone", input(["input_images": [.string(Base64.encode(Sample.png()))]]), 422, "uri"),
        .refuses("no picture", input(["input_images": [Sample.dataURL([1, 2, 3])]]), 422, "readable"),
        .refuses("one string for a list", input(["input_images": "https://a.example/b"]), 422, "invalid_type"),
        .refuses("safety 6", input(["safety_tolerance": 6]), 422, "number_lte"),
    ]

    @Test(arguments: edits)
    func `pictures sent along are taken or refused as documented`(rule: Rule<JSON>) {
        let vendor = FakeReplicate()
        let path = "/v1/models/black-forest-labs/flux-2-pro/predictions"
        check(vendor, .json(path, key: vendor.key, rule.body), rule, created: 201)
    }

    static let sdxl = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc"

    static let versions: [Rule<JSON>] = [
        .takes("64 digits", plain.with(["version": .string(sdxl)])),
        .takes("owner, name and id", plain.with(["version": .string("stability-ai/sdxl:\(sdxl)")])),
        .takes("official model", plain.with(["version": "black-forest-labs/flux-schnell"])),
        .refuses("no version", plain, 422, "version is required"),
        .refuses("unknown version", plain.with(["version": "0123"]), 422, "Invalid version"),
        .refuses("wrong id", plain.with(["version": "stability-ai/sdxl:0123"]), 422, "Invalid version"),
    ]

    @Test(arguments: versions)
    func `versions are found by any of their names`(rule: Rule<JSON>) {
        let vendor = FakeReplicate()
        check(vendor, .json("/v1/predictions", key: vendor.key, rule.body), rule, created: 201)
    }

    static let headers: [(String, String, Int)] = [
        ("prefer", "wait", 201), ("prefer", "wait=1", 201), ("prefer", "wait=60", 201), ("prefer", "wait=0", 400),
        ("prefer", "wait=61", 400), ("prefer", "respond-async", 400), ("prefer", "wait=", 400),
        ("cancel-after", "5s", 201), ("cancel-after", "1h30m45s", 201), ("cancel-after", "4s", 400),
        ("cancel-after", "soon", 400), ("cancel-after", "90", 400), ("authorization", "Bearer r8_wrong", 401),
        ("content-type", "text/plain", 400),
    ]

    @Test(arguments: headers)
    func `headers are checked`(name: String, value: String, status: Int) {
        let vendor = FakeReplicate()
        var request = FakeRequest.json(Self.schnell, key: vendor.key, Self.plain)
        request.headers.removeAll { $0.name == name }
        request.headers.append((name, value))
        #expect(vendor.answer(request).status == status)
    }

    @Test(arguments: ["/v1/models/nobody/nothing/predictions", "/v1/pictures", "/models/a/b/predictions"])
    func `unknown models and paths are not found`(path: String) {
        let vendor = FakeReplicate()
        #expect(vendor.answer(.json(path, key: vendor.key, Self.plain)).status == 404)
        #expect(vendor.invalid.count == 1)
    }

    @Test func `a file is taken once whole and within the limit, and serves as input`() throws {
        let vendor = FakeReplicate(uploadLimit: 100_000)
        func upload(_ form: FormBody) -> FakeReply { vendor.answer(.form("/v1/files", key: vendor.key, form)) }
        #expect(upload(FormBody().field("content", "x")).status == 400)
        #expect(upload(FormBody().file("content", .init(repeating: 0, count: 100_000))).status == 413)
        #expect(upload(FormBody().file("content", [1], fileName: Sample.text(256))).status == 400)
        let reply = upload(FormBody().file("content", Sample.png(640, 480)))
        #expect(reply.status == 201)
        let link = try #require(reply.json?["urls"]?["get"]?.string)
        #expect(vendor.received(link) == Sample.png(640, 480))
        let body: JSON = ["input": ["prompt": "p", "input_image": .string(link)]]
        let path = "/v1/models/black-forest-labs/flux-kontext-pro/predictions"
        var request = FakeRequest.json(path, key: vendor.key, body)
        request.headers.append(("prefer", "wait"))
        #expect(vendor.answer(request).status == 201)
        #expect(vendor.pictures.first?.facts?.width == 640)
    }
}
