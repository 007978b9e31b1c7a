import FakeVendors
import Orchestrator
import Testing

@Suite struct StabilityRuleTests {
    struct Sent: Sendable {
        var service: String
        var form: FormBody
    }

    static func core(_ more: (FormBody) -> FormBody = { $0 }) -> Sent {
        Sent(service: "generate/core", form: more(FormBody().field("prompt", "a fox")))
    }

    static func sent(_ service: String, _ fields: [String: String], files: [String: [UInt8]] = [:]) -> Sent {
        var form = FormBody()
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { form = form.field(name, value) }
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) { form = form.file(name, bytes) }
        return Sent(service: service, form: form)
    }

    static let picture = Sample.png(640, 480)
    static let fox = ["prompt": "a fox"]

    static let common: [Rule<Sent>] = [
        .takes("prompt alone", core()),
        .refuses("no prompt", sent("generate/core", [:]), "prompt: is required"),
        .refuses("empty prompt", sent("generate/core", ["prompt": ""]), "prompt: is required"),
        .refuses("prompt too long", sent("generate/core", ["prompt": Sample.text(10_001)]), "prompt"),
        .takes("ratio", core { $0.field("aspect_ratio", "21:9") }),
        .refuses("4:3", core { $0.field("aspect_ratio", "4:3") }, "aspect_ratio"),
        .refuses("width", core { $0.field("width", "1024") }, "width: is not allowed"),
        .refuses("n", core { $0.field("n", "2") }, "n: is not allowed"),
        .refuses("core takes no image", core { $0.file("image", picture) }, "image: is not allowed"),
        .takes("seed", core { $0.field("seed", "4294967294") }),
        .refuses("seed too large", core { $0.field("seed", "4294967295") }, "seed"),
        .refuses("seed as word", core { $0.field("seed", "random") }, "seed: must be an integer"),
        .refuses("format gif", core { $0.field("output_format", "gif") }, "output_format"),
        .refuses("format jpg", core { $0.field("output_format", "jpg") }, "output_format"),
        .takes("style", core { $0.field("style_preset", "pixel-art") }),
        .refuses("style", core { $0.field("style_preset", "vivid") }, "style_preset"),
        .refuses("prompt twice", core { $0.field("prompt", "b") }, "must be given once"),
        .refuses(
            "prompt as file",
            Sent(service: "generate/core", form: FormBody().file("prompt", [65])),
            "must not be a file"
        ),
        .refuses(
            "charset in a part",
            core {
                $0.adding(.init(name: "seed", fileName: nil, contentType: "text/plain; charset=utf-8", bytes: [49]))
            },
            "charset"
        ),
        .refuses("unknown service", sent("generate/xl", fox), 404, "not found"),
    ]

    static let generate: [Rule<Sent>] = [
        .takes(
            "ultra with image",
            sent("generate/ultra", ["prompt": "p", "strength": "0.5"], files: ["image": picture])
        ),
        .refuses("ultra without strength", sent("generate/ultra", fox, files: ["image": picture]), "strength"),
        .refuses("ultra strength alone", sent("generate/ultra", ["prompt": "p", "strength": "0.5"]), "strength"),
        .refuses(
            "strength 2",
            sent("generate/ultra", ["prompt": "p", "strength": "2"], files: ["image": picture]),
            "strength"
        ),
        .takes("sd3", sent("generate/sd3", ["prompt": "p", "model": "sd3.5-flash", "cfg_scale": "1"])),
        .refuses("sd3 model", sent("generate/sd3", ["prompt": "p", "model": "sd9"]), "model"),
        .refuses("cfg_scale", sent("generate/sd3", ["prompt": "p", "cfg_scale": "11"]), "cfg_scale"),
        .takes(
            "image to image",
            sent("generate/sd3", ["prompt": "p", "mode": "image-to-image", "strength": "1"], files: ["image": picture])
        ),
        .refuses(
            "image to image without image",
            sent("generate/sd3", ["prompt": "p", "mode": "image-to-image"]),
            "image"
        ),
        .refuses(
            "image to image with ratio",
            sent(
                "generate/sd3",
                ["prompt": "p", "mode": "image-to-image", "strength": "1", "aspect_ratio": "1:1"],
                files: ["image": picture]
            ),
            "aspect_ratio"
        ),
        .refuses("text to image with image", sent("generate/sd3", fox, files: ["image": picture]), "text-to-image"),
    ]

    static let edit: [Rule<Sent>] = [
        .takes(
            "erase",
            sent("edit/erase", ["grow_mask": "20"], files: ["image": picture, "mask": Sample.png(10, 10)])
        ),
        .refuses("erase takes no prompt", sent("edit/erase", fox, files: ["image": picture]), "prompt: is not allowed"),
        .refuses("erase grows less", sent("edit/erase", ["grow_mask": "21"], files: ["image": picture]), "grow_mask"),
        .takes("inpaint", sent("edit/inpaint", ["prompt": "p", "grow_mask": "100"], files: ["image": picture])),
        .refuses("inpaint without image", sent("edit/inpaint", fox), "image: is required"),
        .refuses("image as text", sent("edit/inpaint", ["prompt": "p", "image": "x"]), "image: must be a file"),
        .refuses("no picture", sent("edit/inpaint", fox, files: ["image": Array("GIF89a".utf8)]), "must be a valid"),
        .refuses("63 pixels", sent("edit/inpaint", fox, files: ["image": Sample.png(63, 64)]), "64"),
        .takes("1:2.5", sent("edit/inpaint", fox, files: ["image": Sample.png(160, 64)])),
        .refuses("over 1:2.5", sent("edit/inpaint", fox, files: ["image": Sample.png(161, 64)]), "aspect ratio"),
        .refuses("too many pixels", sent("edit/inpaint", fox, files: ["image": Sample.webp(3072, 3073)]), "9437184"),
        .takes("outpaint", sent("edit/outpaint", ["down": "64"], files: ["image": picture])),
        .refuses(
            "outpaint nowhere",
            sent("edit/outpaint", ["left": "0"], files: ["image": picture]),
            "at least one side"
        ),
        .refuses("outpaint bottom", sent("edit/outpaint", ["bottom": "9"], files: ["image": picture]), "bottom"),
        .refuses("outpaint 2001", sent("edit/outpaint", ["up": "2001"], files: ["image": picture]), "up"),
        .takes(
            "search and replace",
            sent("edit/search-and-replace", ["prompt": "p", "search_prompt": "s"], files: ["image": picture])
        ),
        .refuses("no search prompt", sent("edit/search-and-replace", fox, files: ["image": picture]), "search_prompt"),
        .refuses("no select prompt", sent("edit/search-and-recolor", fox, files: ["image": picture]), "select_prompt"),
        .takes("remove background", sent("edit/remove-background", [:], files: ["image": picture])),
        .refuses(
            "remove background to jpeg",
            sent("edit/remove-background", ["output_format": "jpeg"], files: ["image": picture]),
            "output_format"
        ),
        .refuses(
            "relight without background",
            sent("edit/replace-background-and-relight", [:], files: ["subject_image": picture]),
            "background_prompt"
        ),
    ]

    static let others: [Rule<Sent>] = [
        .takes("fast", sent("upscale/fast", [:], files: ["image": Sample.png(32, 1536)])),
        .refuses("fast 31", sent("upscale/fast", [:], files: ["image": Sample.png(31, 64)]), "32"),
        .refuses("fast 1537", sent("upscale/fast", [:], files: ["image": Sample.png(64, 1537)]), "pixels"),
        .refuses(
            "conservative creativity",
            sent("upscale/conservative", ["prompt": "p", "creativity": "0.6"], files: ["image": picture]),
            "creativity"
        ),
        .refuses(
            "creative pixels",
            sent("upscale/creative", fox, files: ["image": Sample.webp(1025, 1024)]),
            "1048576"
        ),
        .takes("style", sent("control/style", ["prompt": "p", "fidelity": "1"], files: ["image": picture])),
        .refuses(
            "sketch ratio",
            sent("control/sketch", ["prompt": "p", "aspect_ratio": "1:1"], files: ["image": picture]),
            "aspect"
        ),
        .refuses("one of two", sent("control/style-transfer", [:], files: ["init_image": picture]), "style_image"),
        .refuses(
            "change strength",
            sent(
                "control/style-transfer",
                ["change_strength": "0"],
                files: ["init_image": picture, "style_image": picture]
            ),
            "change_strength"
        ),
    ]

    @Test(arguments: common + generate + edit + others)
    func `a call is taken or refused as documented`(rule: Rule<Sent>) {
        let vendor = FakeStability()
        let path = "/v2beta/stable-image/\(rule.body.service)"
        check(vendor, .form(path, key: vendor.key, rule.body.form), rule)
    }

    static let request = FormBody().field("prompt", "a fox")

    @Test(arguments: [
        ("authorization", "Bearer sk-wrong", 401, "unauthorized"),
        ("content-type", "application/json", 400, "content-type"),
        ("accept", "image/png", 400, "accept"), ("stability-client-id", Sample.text(257), 400, "stability-client-id"),
    ])
    func `headers are checked before the body`(name: String, value: String, status: Int, word: String) {
        let vendor = FakeStability()
        var request = FakeRequest.form("/v2beta/stable-image/generate/core", key: vendor.key, Self.request)
        request.headers.removeAll { $0.name == name }
        request.headers.append((name, value))
        let reply = vendor.answer(request)
        #expect(reply.status == status)
        #expect(reply.body.contains(word))
        #expect(vendor.invalid.count == 1)
    }

    @Test func `large bodies, bursts and other languages are refused`() {
        let small = FakeStability(bodyLimit: 300)
        let path = "/v2beta/stable-image/generate/core"
        #expect(small.answer(.form(path, key: small.key, Self.request)).status == 200)
        #expect(small.answer(.form(path, key: small.key, FormBody().field("prompt", Sample.text(300)))).status == 413)

        let busy = FakeStability(rateLimit: .init(calls: 2))
        let statuses = (0..<4).map { _ in busy.answer(.form(path, key: busy.key, Self.request)).status }
        #expect(statuses == [200, 200, 429, 429])

        let english = FakeStability()
        let foreign = english.answer(.form(path, key: english.key, FormBody().field("prompt", "狐狸")))
        #expect(foreign.status == 422)
        #expect(foreign.json?["name"] == "invalid_language")
        #expect(english.invalid.isEmpty)
    }
}
