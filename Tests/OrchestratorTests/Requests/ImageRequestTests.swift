import Testing

@testable import Orchestrator

@Suite struct ImageRequestTests {
    private static func reading(_ fields: JSONObject, _ operation: Operation = .generate, isForm: Bool = false)
        -> APIError?
    {
        var fields = fields
        if fields["prompt"] == nil { fields["prompt"] = "ok" }
        return apiError { try ImageRequest(operation, fields: fields, isForm: isForm) }
    }

    /// A field with a value that it cannot have, and the name of the field at fault where it is another.
    static let bad: [(JSONObject, String)] = [
        (["prompt": ""], "prompt"), (["prompt": " \n\t"], "prompt"), (["prompt": 5], "prompt"),
        (["prompt": ["a"]], "prompt"),
        (["prompt": "a\u{0}b"], "prompt"), (["prompt": .string(String(repeating: "x", count: 32_001))], "prompt"),
        (["prompt": ["text": "a"]], "prompt"), (["prompt": true], "prompt"),
        (["n": 0], "n"), (["n": 11], "n"), (["n": -1], "n"), (["n": .number(number("1.5"))], "n"), (["n": "2"], "n"),
        (["n": true], "n"), (["n": .number(number("1e1"))], "n"),
        (["n": .number(number("1000000000000000000000000000"))], "n"),
        (["n": [1]], "n"),
        (["size": "big"], "size"), (["size": "0x0"], "size"), (["size": "-1x5"], "size"),
        (["size": "1024×1024"], "size"),
        (["size": 1024], "size"), (["size": "99999999999999999999x1"], "size"), (["size": ""], "size"),
        (["size": .string(String(repeating: "1", count: 101))], "size"),
        (["aspect_ratio": "wide"], "aspect_ratio"), (["aspect_ratio": "0:1"], "aspect_ratio"),
        (["aspect_ratio": 1], "aspect_ratio"), (["aspect_ratio": "16:9", "size": "1024x1024"], "aspect_ratio"),
        (["quality": "ultra"], "quality"), (["quality": 3], "quality"), (["quality": "HD"], "quality"),
        (["quality": ""], "quality"),
        (["background": "pink"], "background"), (["background": false], "background"),
        (["background": "transparent", "output_format": "jpeg"], "background"),
        (["moderation": "off"], "moderation"), (["moderation": 1], "moderation"),
        (["output_format": "bmp"], "output_format"), (["output_format": 1], "output_format"),
        (["output_format": ""], "output_format"),
        (["output_compression": 101, "output_format": "jpeg"], "output_compression"),
        (["output_compression": -1, "output_format": "jpeg"], "output_compression"),
        (["output_compression": "50", "output_format": "jpeg"], "output_compression"),
        (["output_compression": 50], "output_compression"),
        (["output_compression": 50, "output_format": "png"], "output_compression"),
        (["response_format": "xml"], "response_format"), (["response_format": 1], "response_format"),
        (["stream": "yes"], "stream"), (["stream": 1], "stream"), (["stream": "true"], "stream"),
        (["partial_images": 4], "partial_images"), (["partial_images": -1], "partial_images"),
        (["partial_images": "1"], "partial_images"),
        (["seed": -1], "seed"), (["seed": "x"], "seed"), (["seed": 4_294_967_296], "seed"),
        (["seed": .number(number("0.5"))], "seed"),
        (["negative_prompt": 5], "negative_prompt"),
        (["negative_prompt": .string(String(repeating: "x", count: 10_001))], "negative_prompt"),
        (["style": 5], "style"), (["style": .string(String(repeating: "x", count: 101))], "style"),
        (["user": 5], "user"), (["user": .string(String(repeating: "x", count: 513))], "user"),
        (["user": "\u{0}"], "user"),
        (["model": 5], "model"), (["model": .string(String(repeating: "x", count: 257))], "model"),
        (["model": "\u{0}"], "model"),
        (["metadata": "text"], "metadata"), (["metadata": ["a"]], "metadata"),
        (["metadata": ["a": "\u{0}"]], "metadata"),
        (["metadata": ["a": ["b": ["\u{0}"]]]], "metadata"), (["metadata": ["\u{0}": 1]], "metadata"),
        (["metadata": ["a": .string(String(repeating: "x", count: 16 << 10))]], "metadata"),
        (["routing": "cheap"], "routing"), (["routing": []], "routing"), (["routing": ["policy": 5]], "routing.policy"),
        (["routing": ["max_cost_usd": "lots"]], "routing.max_cost_usd"),
        (["routing": ["max_cost_usd": -1]], "routing.max_cost_usd"),
        (["routing": ["max_cost_usd": true]], "routing.max_cost_usd"),
        (["routing": ["max_cost_usd": "0.0000001"]], "routing.max_cost_usd"),
        (["routing": ["max_cost_usd": .number(number("1e-2"))]], "routing.max_cost_usd"),
        (["routing": ["min_score": "high"]], "routing.min_score"),
        (["routing": ["min_score": .number(number("1e999"))]], "routing.min_score"),
        (["routing": ["fidelity": "loose"]], "routing.fidelity"),
        (["routing": ["providers": "openai"]], "routing.providers"),
        (["routing": ["providers": [1]]], "routing.providers"), (["routing": ["exclude": ["a": 1]]], "routing.exclude"),
        (["routing": ["fallback": "no"]], "routing.fallback"),
        (["routing": ["max_attempts": 0]], "routing.max_attempts"),
        (["routing": ["max_attempts": 7]], "routing.max_attempts"),
    ]

    private static func number(_ text: String) -> JSONNumber { JSONNumber(text: text) ?? 0 }

    @Test(arguments: bad)
    func `a bad value is an error that names its field`(fields: JSONObject, param: String) {
        let error = Self.reading(fields)
        #expect(error?.status == 400 && error?.kind == .invalidRequest && error?.code == "invalid_value")
        #expect(error?.param == param)
    }

    @Test(arguments: [[:], ["prompt": nil]] as [JSONObject])
    func `a prompt that is not there is missing, except for a variation`(fields: JSONObject) throws {
        for operation in [Operation.generate, .edit] {
            let error = apiError { try ImageRequest(operation, fields: fields) }
            #expect(error?.code == "missing_field" && error?.param == "prompt")
        }
        #expect(try ImageRequest(.variation, fields: fields).prompt.isEmpty)
    }

    @Test func `what is left out or null has its usual value`() throws {
        let names = [
            "model", "n", "size", "aspect_ratio", "quality", "background", "moderation", "output_format",
            "output_compression", "response_format", "stream", "partial_images", "seed", "negative_prompt", "style",
            "user", "metadata", "routing",
        ]
        let nulls = JSONObject([("prompt", "ok")] + names.map { ($0, JSON.null) })
        for fields in [["prompt": "ok"], nulls] {
            let request = try ImageRequest(.generate, fields: fields)
            #expect(request.model.isEmpty && request.count == 1 && request.size == nil && request.aspectRatio == nil)
            #expect(request.quality == .auto && request.background == .auto && request.moderation == nil)
            #expect(request.format == nil && request.wantedFormat == .png && request.compression == nil)
            #expect(
                request.responseFormat == nil && !request.stream && request.partialImages == 0 && request.seed == nil
            )
            #expect(
                request.negativePrompt == nil && request.style == nil && request.user == nil && request.metadata == nil
            )
            #expect(
                request.routing.policy == nil && request.routing.exclude.isEmpty && request.routing.providers == nil
            )
        }
    }

    static let full: JSONObject = [
        "prompt": "a fox", "model": "openai/gpt-image-1", "n": 10, "size": "1536x1024", "aspect_ratio": "3:2",
        "quality": "hd",
        "background": "opaque", "moderation": "low", "output_format": "jpg", "output_compression": 0,
        "response_format": "b64_json",
        "stream": true, "partial_images": 3, "seed": 4_294_967_295, "negative_prompt": "hands", "style": "vivid",
        "user": "u-1",
    ]

    @Test func `every field is read from JSON and from a form alike`() throws {
        var fields = Self.full
        fields["routing"] = [
            "policy": "fast", "max_cost_usd": "0.05", "min_score": 7, "providers": ["a"], "exclude": ["b"],
            "fidelity": "best_effort", "fallback": false, "max_attempts": 6,
        ]
        fields["metadata"] = ["order": 7, "text": #"\u0000 as six characters"#]
        let texts = JSONObject(
            fields.map { name, value in
                (name, value.string.map(JSON.string) ?? .string(value.text))
            }
        )
        let requests = [
            try ImageRequest(.generate, fields: fields), try ImageRequest(.generate, fields: texts, isForm: true),
        ]
        for request in requests {
            #expect(request.prompt == "a fox" && request.model == "openai/gpt-image-1" && request.count == 10)
            #expect(request.size == PixelSize("1536x1024") && request.aspectRatio == AspectRatio("3:2"))
            #expect(request.quality == .tier(.high) && request.qualityWord == "hd" && request.background == .opaque)
            #expect(request.moderation == .low && request.format == .jpeg && request.compression == 0)
            #expect(request.responseFormat == .base64 && request.stream && request.partialImages == 3)
            #expect(request.seed == .max && request.negativePrompt == "hands" && request.style == "vivid")
            #expect(request.user == "u-1" && request.metadata?["order"] == 7)
            #expect(request.routing.policy == "fast" && request.routing.maxCost == usd("0.05"))
            #expect(
                request.routing.minScore == 7 && request.routing.providers == ["a"] && request.routing.exclude == ["b"]
            )
            #expect(request.routing.fidelity == .bestEffort && request.routing.fallback == false)
            #expect(request.routing.maxAttempts == 6)
        }
        #expect(requests[0].shown == requests[1].shown)
    }

    @Test func `what is shown of a request can be sent again as it stands`() throws {
        var full = Self.full
        full["routing"] = [
            "policy": "fast", "max_cost_usd": "0.05", "min_score": JSON(7.5), "providers": ["a"], "exclude": ["b"],
            "fidelity": "best_effort", "fallback": false, "max_attempts": 6,
        ]
        full["metadata"] = ["order": 7, "deep": [["x": nil]]]
        for fields in [["prompt": "a fox"], full] as [JSONObject] {
            let request = try ImageRequest(.generate, fields: fields)
            let again = try ImageRequest(.generate, fields: request.shown)
            #expect(again.shown == request.shown)
            #expect(again.size == request.size && again.quality == request.quality && again.seed == request.seed)
            #expect(again.stream == request.stream && again.partialImages == request.partialImages)
            #expect(
                again.routing.maxCost == request.routing.maxCost && again.routing.fallback == request.routing.fallback
            )
            #expect(again.routing.minScore == request.routing.minScore && again.metadata == request.metadata)
            // Nothing of the original is lost but what nobody said.
            for (name, value) in fields where !["output_format", "max_cost_usd"].contains(name) {
                #expect(request.shown[name] == value, "\(name)")
            }
        }
    }

    @Test(
        arguments: [
            (["n": "two"], "n"), (["n": ""], "n"), (["n": "1.5"], "n"), (["stream": "yes"], "stream"),
            (["stream": "1"], "stream"),
            (["routing": "{"], "routing"), (["routing": "[]"], "routing"), (["metadata": "x"], "metadata"),
            (["seed": "-1"], "seed"),
            (["routing": #"{"max_attempts": 9}"#], "routing.max_attempts"),
        ] as [(JSONObject, String)]
    )
    func `a form's bad values are named too`(fields: JSONObject, param: String) {
        #expect(Self.reading(fields, isForm: true)?.param == param)
    }

    @Test(
        arguments: [
            ["n": .number(number("2.0"))], ["size": "auto"], ["aspect_ratio": "auto"], ["output_compression": 100],
            ["output_compression": 0, "output_format": "webp"], ["background": "transparent", "output_format": "webp"],
            ["aspect_ratio": "3:2", "size": "1536x1024"], ["aspect_ratio": "1:1", "size": "1000x1005"],
            ["metadata": [:]],
            ["prompt": .string(String(repeating: "🦊", count: 32_000))], ["metadata": ["a": #"\u0000"#]],
            ["surprise": 1],
            ["routing": ["max_cost_usd": .number(number("0.05"))]], ["routing": ["max_cost_usd": 0]], ["seed": 0],
            ["model": ""],
        ] as [JSONObject]
    )
    func `values at the edge of what is allowed are taken`(fields: JSONObject) {
        let error = Self.reading(fields)
        #expect(error == nil, "\(error?.message ?? "")")
    }

    // MARK: Pictures

    private func validation(_ request: ImageRequest) -> APIError? { apiError { try request.validate() } }

    @Test func `an edit has one to sixteen pictures, a variation exactly one`() {
        func references(_ operation: Operation, _ count: Int) -> APIError? {
            validation(.sample(operation) { $0.references = (0..<count).map { .sample("r\($0)") } })
        }
        #expect(references(.generate, 0) == nil)
        #expect(references(.edit, 0)?.code == "missing_field" && references(.edit, 0)?.param == "image")
        #expect(references(.edit, 1) == nil && references(.edit, 16) == nil)
        #expect(references(.edit, 17)?.param == "image")
        #expect(references(.variation, 0)?.code == "missing_field" && references(.variation, 1) == nil)
        #expect(references(.variation, 2)?.param == "image")
    }

    @Test func `a mask is a PNG with transparency of the first picture's size`() {
        func masked(_ adjust: (inout InputImage) -> Void) -> String? {
            var mask = InputImage.sample("mask", hasAlpha: true)
            adjust(&mask)
            return validation(.sample(.edit) { $0.mask = mask })?.param
        }
        #expect(masked { _ in } == nil)
        #expect(masked { $0.format = .webp } == "mask")
        #expect(masked { $0.hasAlpha = false } == "mask")
        #expect(masked { $0.size = size("64x63") } == "mask")
    }

    @Test func `the record shows what was said, pictures by digest and no more`() throws {
        var request = try ImageRequest(.edit, fields: Self.full)
        request.references = [.sample("aa"), .sample("bb")]
        request.mask = .sample("cc", hasAlpha: true)
        let shown = request.shown
        #expect(Set(shown.keys) == Set(Self.full.keys).union(["images", "mask"]))
        #expect(shown["images"]?[1]?["sha256"]?.string == "bb" && shown["mask"]?["sha256"]?.string == "cc")
        #expect(shown["quality"]?.string == "hd" && shown["n"]?.int == 10)
    }

    // MARK: Previews

    @Test func `a preview takes numbers for pictures and knows an edit by them`() throws {
        let plain = try ExplainRequest(["prompt": "x"]).request
        #expect(plain.operation == .generate && plain.references.isEmpty)
        let edit = try ExplainRequest(["prompt": "x", "references": 2, "mask": true]).request
        #expect(edit.operation == .edit && edit.references.count == 2 && edit.mask?.hasAlpha == true)
        let named = try ExplainRequest(["prompt": "x", "operation": "edit"]).request
        #expect(named.references.count == 1)
        #expect(try ExplainRequest(["operation": "variation"]).request.operation == .variation)
    }

    @Test(
        arguments: [
            (["references": 17], "references"), (["references": "2"], "references"), (["mask": 1], "mask"),
            (["operation": "draw"], "operation"), (["n": 0], "n"),
        ] as [(JSONObject, String)]
    )
    func `a preview's bad values are named`(fields: JSONObject, param: String) {
        var fields = fields
        fields["prompt"] = "x"
        #expect(apiError { try ExplainRequest(fields) }?.param == param)
    }
}
