import Orchestrator
import Testing

@testable import Providers

@Suite struct StabilityRequestTests {
    private func adapter() throws -> StabilityAdapter {
        try StabilityAdapter(Sample.node(["base_url": "http://127.0.0.1:9"]))
    }

    static let forms: [(String, Operation, @Sendable (inout ProviderRequest) -> Void, String, [String])] = [
        ("core", .generate, { _ in }, "generate/core", ["prompt=a red fox", "output_format=png"]),
        (
            "core", .generate,
            {
                $0.shape = .ratio(Sample.ratio("16:9"))
                $0.seed = 7
                $0.negativePrompt = "rain"
                $0.style = "anime"
                $0.format = .jpeg
            }, "generate/core",
            [
                "prompt=a red fox", "aspect_ratio=16:9", "negative_prompt=rain", "seed=7", "style_preset=anime",
                "output_format=jpeg",
            ]
        ),
        // OpenAI's words for style are none of this vendor's.
        ("core", .generate, { $0.style = "vivid" }, "generate/core", ["prompt=a red fox", "output_format=png"]),
        (
            "core", .generate, { $0.shape = .size(Sample.size(1024, 1024)) }, "generate/core",
            ["prompt=a red fox", "aspect_ratio=1:1", "output_format=png"]
        ),
        (
            "ultra", .edit, { $0.references = [Sample.picture(format: .webp)] }, "generate/ultra",
            ["prompt=a red fox", "strength=0.65", "output_format=png", "image=<image.webp image/webp>"]
        ),
        (
            "ultra", .edit,
            {
                $0.references = [Sample.picture()]
                $0.parameters = ["strength": JSON(0.3)]
            }, "generate/ultra",
            ["prompt=a red fox", "strength=0.3", "output_format=png", "image=<image.png image/png>"]
        ),
        (
            "sd3.5-medium", .generate, { $0.shape = .ratio(Sample.ratio("1:1")) }, "generate/sd3",
            ["prompt=a red fox", "model=sd3.5-medium", "aspect_ratio=1:1", "output_format=png"]
        ),
        (
            "sd3.5-large", .edit, { $0.references = [Sample.picture()] }, "generate/sd3",
            [
                "prompt=a red fox", "model=sd3.5-large", "mode=image-to-image", "strength=0.65", "output_format=png",
                "image=<image.png image/png>",
            ]
        ),
        (
            "inpaint", .edit,
            {
                $0.references = [Sample.picture()]
                $0.mask = Sample.picture("m")
                $0.seed = 0
            }, "edit/inpaint",
            [
                "prompt=a red fox", "seed=0", "output_format=png", "image=<image.png image/png>",
                "mask=<mask.png image/png>",
            ]
        ),
        (
            "erase", .edit,
            {
                $0.references = [Sample.picture()]
                $0.negativePrompt = "rain"
            }, "edit/erase", ["output_format=png", "image=<image.png image/png>"]
        ),
        (
            "outpaint", .edit,
            {
                $0.references = [Sample.picture()]
                $0.parameters = ["left": 256, "down": 64]
            }, "edit/outpaint",
            ["prompt=a red fox", "output_format=png", "left=256", "down=64", "image=<image.png image/png>"]
        ),
        (
            "replace-background-and-relight", .edit,
            {
                $0.references = [Sample.picture()]
                $0.parameters = ["keep_original_background": true]
            }, "edit/replace-background-and-relight",
            [
                "background_prompt=a red fox", "output_format=png", "keep_original_background=true",
                "subject_image=<subject_image.png image/png>",
            ]
        ),
        (
            "remove-background", .edit, { $0.references = [Sample.picture()] }, "edit/remove-background",
            ["output_format=png", "image=<image.png image/png>"]
        ),
        (
            "style-transfer", .edit, { $0.references = [Sample.picture("a"), Sample.picture("b", format: .jpeg)] },
            "control/style-transfer",
            [
                "prompt=a red fox", "output_format=png", "init_image=<init_image.png image/png>",
                "style_image=<style_image.jpg image/jpeg>",
            ]
        ),
    ]

    @Test(arguments: forms.indices)
    func `a call is a form with what was asked, under the service's own names`(row: Int) throws {
        let (model, operation, change, path, lines) = Self.forms[row]
        let wire = try adapter().encode(.create(Sample.request(model, operation, change), uploads: [:]))
        #expect(wire.formLines == lines)
        #expect(wire.url == "http://127.0.0.1:9/v2beta/stable-image/" + path)
        #expect(wire.header("accept") == (model.hasSuffix("relight") ? nil : "application/json"))
        #expect(wire.authentication == .bearer)
    }

    static let impossible: [(String, @Sendable (inout ProviderRequest) -> Void)] = [
        ("core", { $0.prompt = String(repeating: "x", count: 10_001) }),
        ("core", { $0.negativePrompt = String(repeating: "x", count: 10_001) }),
        ("core", { $0.count = 2 }),
        ("core", { $0.seed = .max }),
        ("core", { $0.shape = .ratio(Sample.ratio("4:3")) }),
        ("core", { $0.references = [Sample.picture()] }),
        ("ultra", { $0.references = [Sample.picture(), Sample.picture()] }),
        ("ultra", { $0.references = [Sample.picture(width: 63)] }),
        ("ultra", { $0.references = [Sample.filed(bytes: 10 << 20)] }),
        (
            "ultra",
            {
                $0.references = [Sample.picture()]
                $0.mask = Sample.picture("m")
            }
        ),
        ("inpaint", { _ in }),
        ("inpaint", { $0.references = [Sample.picture(width: 3073, height: 3072)] }),
        ("inpaint", { $0.references = [Sample.picture(width: 1283, height: 512)] }),
        (
            "inpaint",
            {
                $0.references = [Sample.picture()]
                $0.shape = .ratio(Sample.ratio("1:1"))
            }
        ),
        (
            "sd3.5-large",
            {
                $0.references = [Sample.picture()]
                $0.shape = .ratio(Sample.ratio("1:1"))
            }
        ),
        (
            "remove-background",
            {
                $0.references = [Sample.picture()]
                $0.format = .jpeg
            }
        ),
        ("upscale-fast", { $0.references = [Sample.picture(width: 1537)] }),
    ]

    @Test(arguments: impossible.indices)
    func `what the vendor would refuse is not sent`(row: Int) throws {
        let (model, change) = Self.impossible[row]
        let adapter = try adapter()
        let error = #expect(throws: ProviderFailure.self) {
            try adapter.encode(.create(Sample.request(model, .edit, change), uploads: [:]))
        }
        #expect(error?.kind == .unavailable(.unsupported))
    }

    @Test func `work with a handle is asked after with the same key, at our own address`() throws {
        for url in ["http://127.0.0.1:9/v2beta/results/abc", "https://evil.example/v2beta/results/abc"] {
            let wire = try adapter().encode(.poll(VendorHandle(id: "abc", pollURL: url)))
            #expect(wire.method == .get && wire.url == "http://127.0.0.1:9/v2beta/results/abc")
            #expect(wire.header("accept") == "application/json" && wire.authentication == .bearer)
        }
    }

    static let configurations: [(String, JSON, String?)] = [
        ("search-and-replace", ["tiers": ["low": ["cost": 1, "params": ["search_prompt": "the dog"]]]], nil),
        (
            "search-and-replace", ["tiers": ["low": ["cost": 1]]],
            "providers.it.models.search-and-replace.tiers.low.params"
        ),
        (
            "search-and-recolor", ["tiers": ["low": ["params": [:]]]],
            "providers.it.models.search-and-recolor.tiers.low.params"
        ),
        ("outpaint", ["tiers": ["low": ["params": ["left": 0, "up": 10]]]], nil),
        ("outpaint", ["tiers": ["low": ["params": ["left": 0]]]], "providers.it.models.outpaint.tiers.low.params"),
        (
            "outpaint", ["tiers": ["low": ["params": ["left": "far"]]]],
            "providers.it.models.outpaint.tiers.low.params.left"
        ),
        ("core", ["tiers": ["low": ["cost": 1]]], nil),
    ]

    @Test(arguments: configurations)
    func `a service's required fields are found missing when the file is read`(model: String, entry: JSON, key: String?)
    {
        let node = Sample.node(["models": .object(JSONObject([(model, entry)]))])
        do throws(ConfigError) {
            _ = try StabilityAdapter(node)
            #expect(key == nil)
        } catch {
            #expect(error.key == key)
        }
    }

    @Test func `every service states abilities that its form can serve`() throws {
        let adapter = try adapter()
        for service in StabilityService.services {
            let capabilities = try #require(adapter.knownCapabilities(of: service.name))
            #expect(
                capabilities.maxImages == 1 && capabilities.maskPolarity == .white && !capabilities.operations.isEmpty
            )
            for operation in capabilities.operations {
                let wire = try adapter.encode(
                    .create(
                        Sample.request(service.name, operation) { request in
                            if operation != .generate {
                                request.references = (0..<capabilities.maxReferences).map { Sample.picture("\($0)") }
                            }
                            if capabilities.masks { request.mask = Sample.picture("m") }
                        },
                        uploads: [:]
                    )
                )
                #expect(wire.formLines.allSatisfy { !$0.hasSuffix("=") })
            }
        }
        #expect(adapter.knownCapabilities(of: "sd2") == nil)
    }
}
