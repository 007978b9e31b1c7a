import Orchestrator
import Testing

@testable import Providers

@Suite struct ReplicateConfigurationTests {
    private func adapter(_ model: String, _ entry: JSON) throws -> ReplicateAdapter {
        try ReplicateAdapter(Sample.node(["models": .object(JSONObject([(model, entry)]))]))
    }

    @Test func `a model of one's own says what its fields are called`() throws {
        let entry: JSON = [
            "version": "abc123",
            "inputs": [
                "prompt": "text", "image": "picture", "mask": "hole", "mask_polarity": "black", "width": "w",
                "height": "h",
                "n": "batch", "seed": "noise", "negative_prompt": "avoid", "format": "kind", "jpeg": "jpeg",
            ],
        ]
        let adapter = try adapter("mine", entry)
        let wire = try adapter.encode(
            .create(
                Sample.request("mine", .edit) {
                    $0.references = [Sample.picture()]
                    $0.mask = Sample.picture("m")
                    $0.shape = .size(Sample.size(640, 480))
                    $0.count = 2
                    $0.seed = 9
                    $0.negativePrompt = "rain"
                    $0.format = .jpeg
                },
                uploads: [:]
            )
        )
        #expect(
            wire.jsonText
                == #"{"version":"abc123","input":{"text":"a red fox","picture":"data:image/png;base64,BwcH","hole":"data:image/png;base64,BwcH","w":640,"h":480,"batch":2,"noise":9,"avoid":"rain","kind":"jpeg"}}"#
        )
        let capabilities = try #require(adapter.knownCapabilities(of: "mine"))
        #expect(capabilities.maskPolarity == .black && capabilities.masks && capabilities.maxReferences == 1)
        #expect(capabilities.features == [.seed, .negativePrompt])
    }

    @Test func `what the file leaves out stays as it is known`() throws {
        let adapter = try adapter(
            "black-forest-labs/flux-schnell",
            ["inputs": ["n": "samples", "seed": .null, "ratio": "shape"]]
        )
        let wire = try adapter.encode(
            .create(
                Sample.request("black-forest-labs/flux-schnell") {
                    $0.count = 2
                    $0.seed = 4
                    $0.shape = .ratio(Sample.ratio("16:9"))
                },
                uploads: [:]
            )
        )
        #expect(wire.jsonText == #"{"input":{"prompt":"a red fox","shape":"16:9","samples":2,"output_format":"png"}}"#)
    }

    @Test func `a model of which nothing is known gets its prompt`() throws {
        let adapter = try adapter("me/mine", [:])
        let wire = try adapter.encode(.create(Sample.request("me/mine") { $0.seed = 1 }, uploads: [:]))
        #expect(wire.jsonText == #"{"input":{"prompt":"a red fox"}}"#)
        #expect(try ReplicateAdapter(Sample.node()).knownCapabilities(of: "me/mine") == nil)
    }

    static let mistakes: [(String, JSON, String)] = [
        ("mine", [:], "providers.it.models.mine"), ("a/b/c", [:], "providers.it.models.a/b/c"),
        ("../b", [:], "providers.it.models.../b"),
        ("a/b", ["inputs": ["colour": "c"]], "providers.it.models.a/b.inputs.colour"),
        ("a/b", ["inputs": ["mask_polarity": "grey"]], "providers.it.models.a/b.inputs.mask_polarity"),
        ("a/b", ["inputs": ["prompt": ["x"]]], "providers.it.models.a/b.inputs.prompt"),
    ]

    @Test(arguments: mistakes)
    func `a mistake is found at its key`(model: String, entry: JSON, key: String) {
        let error = #expect(throws: ConfigError.self) { try adapter(model, entry) }
        #expect(error?.key == key)
    }

    @Test(arguments: ["0s", "61s", "soon"])
    func `a wait must be one that the vendor takes`(wait: String) {
        let error = #expect(throws: ConfigError.self) { try ReplicateAdapter(Sample.node(["wait": .string(wait)])) }
        #expect(error?.key == "providers.it.wait")
    }
}
