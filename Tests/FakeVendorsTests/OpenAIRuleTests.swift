import FakeVendors
import Orchestrator
import Testing

@Suite struct OpenAIRuleTests {
    static let plain: JSON = ["model": "gpt-image-2", "prompt": "a fox", "quality": "low"]
    static let old: JSON = ["model": "gpt-image-1.5", "prompt": "a fox"]
    static let newest: JSON = ["model": "gpt-image-2.6-flare", "prompt": "a fox"]

    static let generations: [Rule<JSON>] = [
        .takes("plain", plain),
        .takes(
            "every field",
            plain.with([
                "n": 2, "size": "1536x1024", "quality": "medium", "background": "opaque", "moderation": "low",
                "output_format": "jpeg", "output_compression": 80, "user": "u", "safety_identifier": "s",
                "stream": false,
            ])
        ),
        .takes("null is absent", plain.with(["size": .some(.null)])),
        .refuses("no prompt", plain.with(["prompt": nil]), "missing_required_parameter"),
        .refuses("empty prompt", plain.with(["prompt": ""]), "missing_required_parameter"),
        .refuses("prompt of another type", plain.with(["prompt": 3]), "invalid_type"),
        .takes("longest prompt", plain.with(["prompt": .string(Sample.text(32_000))])),
        .refuses("longer prompt", plain.with(["prompt": .string(Sample.text(32_001))]), "string_above_max_length"),
        .refuses("no model", plain.with(["model": nil]), 404, "model_not_found"),
        .refuses("unknown model", plain.with(["model": "gpt-image-9"]), 404, "model_not_found"),
        .refuses("gpt-image-1 is gone", plain.with(["model": "gpt-image-1"]), 404, "model_not_found"),
        .refuses("dall-e-3 is gone", plain.with(["model": "dall-e-3"]), 404, "model_not_found"),
        .takes("gpt-image-1.5 still lives", old),
        .takes("gpt-image-1-mini still lives", old.with(["model": "gpt-image-1-mini"])),
        .takes("n 10", plain.with(["n": 10])),
        .refuses("n 0", plain.with(["n": 0]), "integer_below_min_value"),
        .refuses("n 11", plain.with(["n": 11]), "integer_above_max_value"),
        .refuses("n as text", plain.with(["n": "2"]), "invalid_type"),
        .refuses("n true", plain.with(["n": true]), "invalid_type"),
        .refuses("response_format", plain.with(["response_format": "b64_json"]), "unknown_parameter"),
        .refuses("style", plain.with(["style": "vivid"]), "unknown_parameter"),
        .refuses("seed", plain.with(["seed": 1]), "unknown_parameter"),
        .refuses("input_fidelity", old.with(["input_fidelity": "high"]), "unknown_parameter"),
        .refuses("quality standard", plain.with(["quality": "standard"]), "invalid_value"),
        .refuses("quality max of 2", plain.with(["quality": "max"]), "invalid_value"),
        .takes("quality max of 2.5", plain.with(["model": "gpt-image-2.5-flare", "quality": "max"])),
        .refuses("quality max of 1.5", old.with(["quality": "max"]), "invalid_value"),
        .takes("auto size", plain.with(["size": "auto"])),
        .refuses("no size", plain.with(["size": "large"]), "invalid_value"),
        .refuses("1792x1024 of 1.5", old.with(["size": "1792x1024"]), "invalid_value"),
        .takes("1792x1024 of 2", plain.with(["size": "1792x1024"])),
        .refuses("no multiple of 16", plain.with(["size": "1920x1080"]), "invalid_value"),
        .takes("multiples of 16", plain.with(["size": "1920x1088"])),
        .refuses("too few pixels", plain.with(["size": "512x512"]), "invalid_value"),
        .refuses("too long an edge", plain.with(["size": "3856x1600"]), "invalid_value"),
        .refuses("over 3:1", plain.with(["size": "2560x832"]), "invalid_value"),
        .refuses("background", plain.with(["background": "blue"]), "invalid_value"),
        .takes("transparent png", plain.with(["background": "transparent"])),
        .refuses(
            "transparent jpeg",
            plain.with(["background": "transparent", "output_format": "jpeg"]),
            "invalid_value"
        ),
        .refuses("moderation", plain.with(["moderation": "none"]), "invalid_value"),
        .refuses("jpg is no word", plain.with(["output_format": "jpg"]), "invalid_value"),
        .refuses("gif of 2", plain.with(["output_format": "gif"]), "invalid_value"),
        .refuses("gif of 2.6 is a preview", newest.with(["output_format": "gif"]), 403, "no access"),
        .refuses("compressed png", plain.with(["output_compression": 50]), "invalid_value"),
        .refuses("compression 101", plain.with(["output_format": "webp", "output_compression": 101]), "above_max"),
        .takes("complexity of 2.6", newest.with(["complexity": "low"])),
        .refuses("complexity of 2", plain.with(["complexity": "low"]), "unknown_parameter"),
        .refuses("stream as text", plain.with(["stream": "true"]), "invalid_type"),
        .refuses("partials without stream", plain.with(["partial_images": 1]), "invalid_value"),
        .refuses("four partials", plain.with(["stream": true, "partial_images": 4]), "above_max"),
        .refuses("user of another type", plain.with(["user": 7]), "invalid_type"),
    ]

    @Test(arguments: generations)
    func `a generation is taken or refused as documented`(rule: Rule<JSON>) {
        let vendor = FakeOpenAI()
        check(vendor, .json("/v1/images/generations", key: vendor.key, rule.body), rule)
    }

    static let form = FormBody().field("model", "gpt-image-2").field("prompt", "a hat")
    static let one = form.file("image", Sample.png())

    static func many(_ count: Int) -> FormBody {
        (0..<count).reduce(form) { form, _ in form.file("image[]", Sample.png()) }
    }

    static let edits: [Rule<FormBody>] = [
        .takes("one image", one),
        .takes("16 images", many(16)),
        .refuses("17 images", many(17), "invalid_value"),
        .refuses("no image", form, "missing_required_parameter"),
        .refuses("image as text", form.field("image", "x"), "invalid_type"),
        .refuses("image twice", one.file("image", Sample.png()), "duplicate_parameter"),
        .takes(
            "jpeg and webp",
            form
                .file("image[]", Sample.jpeg(), contentType: "image/jpeg")
                .file("image[]", Sample.webp(), contentType: "image/webp")
        ),
        .refuses("no media type", form.file("image", Sample.png(), contentType: nil), "unsupported_file_mimetype"),
        .refuses("no picture", form.file("image", Array("<svg/>".utf8)), "invalid_image_file"),
        .refuses("half a picture", form.file("image", Array(Sample.png().dropLast(20))), "invalid_image_file"),
        .takes("mask", one.file("mask", Sample.png(isTransparent: true))),
        .refuses("mask of another size", one.file("mask", Sample.png(64, 32, isTransparent: true)), "invalid_value"),
        .refuses("mask without alpha", one.file("mask", Sample.png()), "invalid_value"),
        .refuses("mask as webp", one.file("mask", Sample.webp(), contentType: "image/webp"), "invalid_image_format"),
        .refuses(
            "two masks",
            one.file("mask", Sample.png(isTransparent: true))
                .file("mask", Sample.png(isTransparent: true)),
            "duplicate_parameter"
        ),
        .refuses("unknown file", one.file("picture", Sample.png()), "unknown_parameter"),
        .takes("n as digits", one.field("n", "2")),
        .refuses("n as word", one.field("n", "two"), "invalid_type"),
        .refuses("n 11", one.field("n", "11"), "above_max"),
        .refuses("prompt twice", one.field("prompt", "b"), "duplicate_parameter"),
        .refuses("moderation in a form", one.field("moderation", "low"), "unknown_parameter"),
        .refuses("response_format", one.field("response_format", "url"), "unknown_parameter"),
        .refuses("input_fidelity of 2", one.field("input_fidelity", "high"), "unknown_parameter"),
        .takes(
            "input_fidelity of 1.5",
            FormBody().field("model", "gpt-image-1.5").field("prompt", "p")
                .field("input_fidelity", "high").file("image", Sample.png())
        ),
        .refuses(
            "high fidelity of mini",
            FormBody().field("model", "gpt-image-1-mini").field("prompt", "p")
                .field("input_fidelity", "high").file("image", Sample.png()),
            "invalid_value"
        ),
        .refuses("markup of 2", one.file("markup", Sample.png(isTransparent: true)), "unknown_parameter"),
        .takes(
            "markup of 2.5",
            FormBody().field("model", "gpt-image-2.5-flare").field("prompt", "p")
                .file("image", Sample.png()).file("markup", Sample.png(isTransparent: true))
        ),
        .refuses(
            "markup and mask",
            FormBody().field("model", "gpt-image-2.5-flare").field("prompt", "p")
                .file("image", Sample.png()).file("mask", Sample.png(isTransparent: true))
                .file("markup", Sample.png(isTransparent: true)),
            "markup"
        ),
    ]

    @Test(arguments: edits)
    func `an edit is taken or refused as documented`(rule: Rule<FormBody>) {
        let vendor = FakeOpenAI()
        check(vendor, .form("/v1/images/edits", key: vendor.key, rule.body), rule)
    }

    static let link: JSON = ["image_url": Sample.dataURL(Sample.png())]
    static let jsonEdit: JSON = ["model": "gpt-image-2", "prompt": "a hat", "images": [link]]

    static let jsonEdits: [Rule<JSON>] = [
        .takes("data URL", jsonEdit),
        .takes("https URL", jsonEdit.with(["images": [["image_url": "https://example.com/a.png"]]])),
        .takes("moderation", jsonEdit.with(["moderation": "low"])),
        .takes("mask", jsonEdit.with(["mask": ["image_url": Sample.dataURL(Sample.png(isTransparent: true))]])),
        .takes("no model", jsonEdit.with(["model": nil])),
        .refuses("no images", jsonEdit.with(["images": nil]), "missing_required_parameter"),
        .refuses("http URL", jsonEdit.with(["images": [["image_url": "http://example.com/a.png"]]]), "invalid_value"),
        .refuses(
            "broken base64",
            jsonEdit.with(["images": [["image_url": "data:image/png;base64,!"]]]),
            "invalid_value"
        ),
        .refuses("both keys", jsonEdit.with(["images": [link.with(["file_id": "f"])]]), "invalid_value"),
        .refuses("unknown file", jsonEdit.with(["images": [["file_id": "file-1"]]]), 404, "invalid_value"),
        .refuses("image as in the form", jsonEdit.with(["image": link]), "unknown_parameter"),
    ]

    @Test(arguments: jsonEdits)
    func `an edit in JSON is taken or refused as documented`(rule: Rule<JSON>) {
        let vendor = FakeOpenAI()
        check(vendor, .json("/v1/images/edits", key: vendor.key, rule.body), rule)
    }

    @Test func `files over the limits are refused`() {
        let vendor = FakeOpenAI(maxImageBytes: 10_000)
        let large = PictureMaker.make(.png, width: 64, height: 64, number: 1, padding: 10_000)
        let reply = vendor.answer(.form("/v1/images/edits", key: vendor.key, Self.form.file("image", large)))
        #expect(reply.status == 413)
        #expect(vendor.answer(.form("/v1/images/edits", key: vendor.key, Self.one)).status == 200)
    }

    @Test(arguments: [
        ("authorization", "Bearer sk-wrong", 401), ("authorization", "sk-wrong", 401),
        ("content-type", "text/plain", 400),
        ("x-filler", Sample.text(65_536), 431),
    ])
    func `headers are checked before the body`(name: String, value: String, status: Int) {
        let vendor = FakeOpenAI()
        var request = FakeRequest.json("/v1/images/generations", key: vendor.key, Self.plain)
        request.headers.removeAll { $0.name == name }
        request.headers.append((name, value))
        #expect(vendor.answer(request).status == status)
        #expect(vendor.invalid.count == 1)
        #expect(vendor.chargedMicroUSD == 0)
    }

    @Test(arguments: ["2026-11-30", "2026-12-01"])
    func `models end on the day of their shutdown`(today: String) {
        let vendor = FakeOpenAI(today: today)
        let status = vendor.answer(.json("/v1/images/generations", key: vendor.key, Self.old)).status
        #expect(status == (today < "2026-12-01" ? 200 : 404))
        let list = vendor.answer(FakeRequest("GET", "/v1/models", headers: [("Authorization", "Bearer \(vendor.key)")]))
        #expect(list.body.contains("gpt-image-1.5") == (today < "2026-12-01"))
    }

    @Test func `variations and unknown paths are gone`() {
        let vendor = FakeOpenAI()
        let form = FormBody().file("image", Sample.png())
        #expect(vendor.answer(.form("/v1/images/variations", key: vendor.key, form)).status == 404)
        #expect(vendor.answer(.json("/v1/images/upscales", key: vendor.key, [:])).status == 404)
        #expect(vendor.invalid.count == 2)
    }
}

/// Sends one request without a socket and compares.
func check<Body>(_ vendor: some FakeVendor, _ request: FakeRequest, _ rule: Rule<Body>, created: Int = 200) {
    let reply = vendor.answer(request)
    let text = String(decoding: reply.body.prefix(500), as: UTF8.self)
    #expect(reply.status == (rule.status == 200 ? created : rule.status), "\(text)")
    if rule.status == 200 {
        #expect(vendor.invalid.isEmpty)
    } else {
        #expect(reply.body.contains(rule.word), "\(text)")
        #expect(vendor.invalid.count == 1)
        #expect(vendor.pictures.isEmpty)
        #expect(vendor.chargedMicroUSD == 0)
    }
}
