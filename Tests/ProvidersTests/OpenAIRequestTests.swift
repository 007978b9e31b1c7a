import Orchestrator
import Testing

@testable import Providers

@Suite struct OpenAIRequestTests {
    private func encode(_ request: ProviderRequest) throws -> WireRequest {
        try OpenAIAdapter(Sample.node(["base_url": "http://127.0.0.1:9/v1"])).encode(.create(request, uploads: [:]))
    }

    private static let plain =
        #""model":"gpt-image-2","prompt":"a red fox","n":1,"size":"auto","quality":"low","output_format":"png""#

    static let generations: [(String, @Sendable (inout ProviderRequest) -> Void)] = [
        ("{\(plain)}", { _ in }),
        (
            #"{"model":"gpt-image-2","prompt":"größer ☕ \"q\"\n2","n":3,"size":"1536x1024","quality":"high","output_format":"jpeg"}"#,
            {
                $0.prompt = "größer ☕ \"q\"\n2"
                $0.count = 3
                $0.shape = .size(Sample.size(1536, 1024))
                $0.quality = "high"
                $0.format = .jpeg
            }
        ),
        ("{\(plain),\"background\":\"transparent\"}", { $0.background = .transparent }),
        // Compression means nothing for PNG, and today's models answer 400 to it.
        ("{\(plain)}", { $0.compression = 50 }),
        (
            #"{"model":"gpt-image-2","prompt":"a red fox","n":1,"size":"auto","quality":"low","output_format":"webp","output_compression":50}"#,
            {
                $0.format = .webp
                $0.compression = 50
            }
        ),
        (
            "{\(plain),\"moderation\":\"low\",\"user\":\"u1\"}",
            {
                $0.moderation = .low
                $0.user = "u1"
            }
        ),
        ("{\(plain),\"stream\":true}", { $0.partialImages = 0 }),
        ("{\(plain),\"stream\":true,\"partial_images\":2}", { $0.partialImages = 2 }),
        // What this API does not know is not sent.
        (
            "{\(plain)}",
            {
                $0.style = "vivid"
                $0.seed = 7
                $0.negativePrompt = "rain"
            }
        ),
        // The registry has the last word, and a null takes a field out.
        (
            #"{"model":"gpt-image-2","prompt":"a red fox","n":1,"size":"auto","quality":"medium","complexity":"low"}"#,
            { $0.parameters = ["quality": "medium", "complexity": "low", "output_format": .null] }
        ),
    ]

    @Test(arguments: generations.indices)
    func `a generation is one JSON document with nothing that was not asked for`(row: Int) throws {
        let (body, change) = Self.generations[row]
        let request = Sample.request("gpt-image-2", .generate, change)
        let wire = try encode(request)
        #expect(wire.jsonText == body)
        #expect(wire.method == .post && wire.url == "http://127.0.0.1:9/v1/images/generations")
        #expect(wire.authentication == .bearer && wire.headers.isEmpty)
        #expect(wire.reply == (request.partialImages == nil ? .document : .events))
    }

    @Test func `one reference goes as image, with the type of its bytes`() throws {
        let wire = try encode(
            Sample.request("gpt-image-2", .edit) { $0.references = [Sample.picture(format: .jpeg)] }
        )
        #expect(wire.url == "http://127.0.0.1:9/v1/images/edits")
        #expect(
            wire.formLines == [
                "model=gpt-image-2", "prompt=a red fox", "n=1", "size=auto", "quality=low", "output_format=png",
                "image=<image.jpg image/jpeg>",
            ]
        )
    }

    @Test func `several references go as image[] in their order, the mask last`() throws {
        let wire = try encode(
            Sample.request("gpt-image-2", .edit) {
                $0.references = [Sample.picture("a"), Sample.picture("b", format: .webp)]
                $0.mask = Sample.picture("m")
                $0.partialImages = 1
                $0.moderation = .low
                $0.parameters = ["svg": ["model": "x"]]
            }
        )
        #expect(
            wire.formLines.suffix(6) == [
                "stream=true", "partial_images=1", "svg[model]=x", "image[]=<image.png image/png>",
                "image[]=<image.webp image/webp>", "mask=<mask.png image/png>",
            ]
        )
        #expect(!wire.everything.contains("moderation"), "the form of edits has no such field")
    }

    @Test func `a variation is an edit with words of our own`() throws {
        let wire = try encode(Sample.request("gpt-image-2", .variation) { $0.references = [Sample.picture()] })
        #expect(wire.url.hasSuffix("/images/edits"))
        #expect(wire.formLines[1].hasPrefix("prompt=Make a variation"))
    }

    static let ratios: [(String, String, String?)] = [
        ("gpt-image-2", "1:1", "1024x1024"), ("gpt-image-2", "3:2", "1536x1024"), ("gpt-image-2", "16:9", "1280x720"),
        ("gpt-image-2", "3:1", "1776x592"), ("gpt-image-2", "4:1", nil), ("gpt-image-1.5", "2:3", "1024x1536"),
        ("gpt-image-1.5", "16:9", nil),
    ]

    @Test(arguments: ratios)
    func `a ratio becomes pixels, or the request is left to others`(model: String, ratio: String, size: String?) throws
    {
        let request = Sample.request(model) { $0.shape = .ratio(Sample.ratio(ratio)) }
        guard let size else {
            #expect(throws: ProviderFailure.self) { try encode(request) }
            return
        }
        #expect(try encode(request).jsonText.contains("\"size\":\"\(size)\""))
    }

    static let impossible: [@Sendable (inout ProviderRequest) -> Void] = [
        { $0.references = (0..<17).map { Sample.picture("\($0)") } },
        { $0.references = [Sample.filed(bytes: 50_000_000)] },
        {
            $0.references = [Sample.picture()]
            $0.mask = Sample.filed(bytes: 4_000_000)
        },
        {
            $0.references = [Sample.picture()]
            $0.mask = Sample.picture("m", width: 256)
        },
        {
            $0.references = [Sample.picture()]
            $0.mask = Sample.picture("m", format: .webp)
        },
        {
            $0.format = .jpeg
            $0.background = .transparent
        },
    ]

    @Test(arguments: impossible.indices)
    func `what the vendor would refuse is not sent`(row: Int) {
        let request = Sample.request("gpt-image-2", .edit, Self.impossible[row])
        let error = #expect(throws: ProviderFailure.self) { try encode(request) }
        #expect(error?.kind == .unavailable(.unsupported))
    }

    @Test(arguments: [
        ("gpt-image-2.6-flare", true, true), ("gpt-image-2.5-sunburst-2026-09-08", true, true),
        ("gpt-image-2", true, true),
        ("gpt-image-2-2026-04-21", true, true), ("gpt-image-1.5", true, false), ("chatgpt-image-latest", true, false),
        ("gpt-image-1-mini", true, false), ("dall-e-3", false, false), ("gpt-image-2.5", false, false),
        ("sd-cpp-local", false, false),
    ])
    func `known models know what they can do`(model: String, isKnown: Bool, isFree: Bool) throws {
        let capabilities = try OpenAIAdapter(Sample.node()).knownCapabilities(of: model)
        #expect((capabilities != nil) == isKnown)
        guard let capabilities else { return }
        #expect(
            capabilities.maxImages == 10 && capabilities.maxReferences == 16 && capabilities.masks
                && capabilities.streams
        )
        #expect(capabilities.maskPolarity == .alpha && capabilities.operations == Set(Operation.allCases))
        guard case .free(let bounds) = capabilities.shapes else {
            #expect(!isFree)
            return
        }
        #expect(isFree)
        for (size, fits) in [
            ("1024x1024", true), ("3840x2160", true), ("1920x1080", false), ("1920x1088", true), ("640x640", false),
            ("3856x1024", false), ("3072x1024", true), ("3088x1024", false), ("3840x2176", false),
        ] {
            #expect(bounds.contains(try #require(PixelSize(size))) == fits, "\(size)")
        }
    }
}
