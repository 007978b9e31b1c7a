import Orchestrator
import Testing

@testable import Providers

@Suite struct ReplicateRequestTests {
    private static let schnell = "black-forest-labs/flux-schnell"
    private static let kontext = "black-forest-labs/flux-kontext-pro"
    private static let sdxl = "stability-ai/sdxl"

    private func adapter(_ document: JSON = [:]) throws -> ReplicateAdapter {
        try ReplicateAdapter(Sample.node(document))
    }

    static let inputs: [(String, @Sendable (inout ProviderRequest) -> Void, String)] = [
        (schnell, { _ in }, #"{"prompt":"a red fox","output_format":"png"}"#),
        (
            schnell,
            {
                $0.shape = .ratio(Sample.ratio("1:1"))
                $0.format = .jpeg
                $0.compression = 70
                $0.count = 4
                $0.seed = 7
                $0.parameters = ["go_fast": false]
            },
            #"{"prompt":"a red fox","aspect_ratio":"1:1","num_outputs":4,"seed":7,"output_format":"jpg","output_quality":70,"go_fast":false}"#
        ),
        (
            schnell, { $0.shape = .size(Sample.size(1024, 1024)) },
            #"{"prompt":"a red fox","aspect_ratio":"1:1","output_format":"png"}"#
        ),
        (
            "black-forest-labs/flux-1.1-pro", { $0.shape = .size(Sample.size(1440, 960)) },
            #"{"prompt":"a red fox","aspect_ratio":"custom","width":1440,"height":960,"output_format":"png"}"#
        ),
        (
            "bytedance/seedream-4", { $0.shape = .size(Sample.size(2000, 1500)) },
            #"{"prompt":"a red fox","size":"custom","width":2000,"height":1500}"#
        ),
        (
            "bytedance/seedream-5-lite",
            {
                $0.count = 3
                $0.format = .jpeg
            },
            #"{"prompt":"a red fox","sequential_image_generation":"auto","max_images":3,"output_format":"jpeg"}"#
        ),
        (
            "recraft-ai/recraft-v3", { $0.shape = .ratio(Sample.ratio("3:2")) },
            #"{"prompt":"a red fox","size":"1536x1024"}"#
        ),
        (
            "prunaai/z-image-turbo", { $0.shape = .ratio(Sample.ratio("16:9")) },
            #"{"prompt":"a red fox","width":1280,"height":720,"output_format":"png"}"#
        ),
        (
            "openai/gpt-image-2",
            {
                $0.user = "u"
                $0.background = .opaque
                $0.quality = "medium"
            },
            #"{"prompt":"a red fox","output_format":"png","background":"opaque","quality":"medium","user_id":"u"}"#
        ),
        ("google/imagen-4", { $0.seed = 5 }, #"{"prompt":"a red fox","output_format":"png"}"#),
    ]

    @Test(arguments: inputs.indices)
    func `an input has what was asked, under the model's own names`(row: Int) throws {
        let (model, change, input) = Self.inputs[row]
        let wire = try adapter().encode(.create(Sample.request(model, .generate, change), uploads: [:]))
        #expect(wire.jsonText == "{\"input\":\(input)}")
        #expect(wire.url == "https://api.replicate.com/v1/models/\(model)/predictions")
        #expect(wire.header("cancel-after") == "90s" && wire.header("prefer") == nil)
    }

    @Test func `a model that runs by version names it in the body`() throws {
        let wire = try adapter().encode(
            .create(Sample.request(Self.sdxl) { $0.shape = .size(Sample.size(768, 512)) }, uploads: [:])
        )
        #expect(wire.url == "https://api.replicate.com/v1/predictions")
        #expect(
            wire.jsonText
                == #"{"version":"7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc","input":{"prompt":"a red fox","width":768,"height":512}}"#
        )
    }

    @Test(arguments: [(0, "5s"), (4, "5s"), (5, "5s"), (180, "180s")])
    func `the vendor is told to stop when the attempt's time is up`(limit: Int, header: String) throws {
        let wire = try adapter().encode(
            .create(Sample.request(Self.schnell) { $0.timeLimit = .seconds(limit) }, uploads: [:])
        )
        #expect(wire.header("cancel-after") == header)
    }

    @Test func `the vendor is asked to say when the work has ended where somebody listens`() throws {
        let address = "https://it.test/v1/webhooks/replicate"
        let wire = try adapter().encode(
            .create(Sample.request(Self.schnell) { $0.newsURL = address }, uploads: [:])
        )
        #expect(
            wire.jsonText.hasSuffix(
                #","webhook":"https://it.test/v1/webhooks/replicate","webhook_events_filter":["completed"]}"#
            )
        )
        #expect(ReplicateAdapter.work(in: ["id": "p1", "status": "succeeded"]) == "p1")
        #expect(ReplicateAdapter.work(in: ["id": 1]) == nil && ReplicateAdapter.work(in: []) == nil)
    }

    @Test(arguments: [("5s", 90, "wait=5"), ("60s", 30, "wait=29"), ("1s", 1, "wait=1")])
    func `an answer may be held back where the file says so`(wait: String, limit: Int, header: String) throws {
        let wire = try adapter(["wait": .string(wait)]).encode(
            .create(Sample.request(Self.schnell) { $0.timeLimit = .seconds(limit) }, uploads: [:])
        )
        #expect(wire.header("prefer") == header)
    }

    @Test func `a small picture travels in the input, a large or filed one is handed over first`() throws {
        let adapter = try adapter()
        let small = Sample.picture("s", bytes: 3)
        let large = Sample.picture("l", bytes: 200_000)
        let filed = Sample.filed("f")
        let request = Sample.request("black-forest-labs/flux-2-pro", .edit) {
            $0.references = [small, large, filed, large]
        }
        #expect(adapter.uploads(for: request).map(\.digest) == ["l", "f"])
        let upload = try adapter.encode(.upload(large))
        #expect(upload.url == "https://api.replicate.com/v1/files")
        #expect(upload.formLines == ["content=<content.png image/png>"])
        let wire = try adapter.encode(.create(request, uploads: ["l": "https://l", "f": "https://f"]))
        #expect(
            wire.jsonText
                == #"{"input":{"prompt":"a red fox","input_images":["data:image/png;base64,BwcH","https://l","https://f","https://l"],"output_format":"png"}}"#
        )
        #expect(throws: ProviderFailure.self) { try adapter.encode(.create(request, uploads: [:])) }
    }

    @Test func `one picture goes as an address, a mask beside it`() throws {
        let wire = try adapter().encode(
            .create(
                Sample.request(Self.sdxl, .edit) {
                    $0.references = [Sample.picture()]
                    $0.mask = Sample.picture("m")
                },
                uploads: ["m": "https://api.replicate.com/v1/files/m"]
            )
        )
        #expect(
            wire.jsonText.contains(
                #""image":"data:image/png;base64,BwcH","mask":"https://api.replicate.com/v1/files/m""#
            )
        )
    }

    static let impossible: [(String, @Sendable (inout ProviderRequest) -> Void)] = [
        (schnell, { $0.references = [Sample.picture()] }),
        (schnell, { $0.shape = .ratio(Sample.ratio("7:5")) }),
        (schnell, { $0.shape = .size(Sample.size(1000, 700)) }),
        (kontext, { $0.references = [Sample.picture("a"), Sample.picture("b")] }),
        (kontext, { $0.count = 2 }),
        (kontext, { $0.format = .webp }),
        ("prunaai/flux-kontext-fast", { _ in }),
        ("ideogram-ai/ideogram-v3-turbo", { $0.seed = 2_147_483_648 }),
        ("ideogram-ai/ideogram-v3-turbo", { $0.references = [Sample.picture()] }),
        ("bytedance/seedream-4", { $0.shape = .size(Sample.size(5000, 1024)) }),
        (
            kontext,
            {
                $0.references = [Sample.picture()]
                $0.mask = Sample.picture("m")
            }
        ),
    ]

    @Test(arguments: impossible.indices)
    func `what the model's schema refuses is not sent`(row: Int) throws {
        let (model, change) = Self.impossible[row]
        let adapter = try adapter()
        let error = #expect(throws: ProviderFailure.self) {
            try adapter.encode(.create(Sample.request(model, .generate, change), uploads: [:]))
        }
        #expect(error?.kind == .unavailable(.unsupported))
    }

    static let handles: [(String, String)] = [
        ("https://api.replicate.com/v1/predictions/abc", "https://api.replicate.com/v1/predictions/abc"),
        ("https://evil.example/v1/predictions/abc", "https://api.replicate.com/v1/predictions/abc"),
        ("https://api.replicate.com@evil.example/", "https://api.replicate.com/v1/predictions/abc"),
    ]

    @Test(arguments: handles)
    func `the key goes to no address but the provider's own`(given: String, called: String) throws {
        let adapter = try adapter()
        let handle = VendorHandle(id: "abc", pollURL: given, cancelURL: given)
        #expect(try adapter.encode(.poll(handle)).url == called)
        let cancel = try adapter.encode(.cancel(handle))
        #expect(cancel.method == .post && cancel.url == (given == called ? given : called + "/cancel"))
        let crooked = VendorHandle(id: "../account", pollURL: "https://evil.example/")
        #expect(try adapter.encode(.poll(crooked)).url == "https://api.replicate.com/v1/predictions/unknown")
    }
}
