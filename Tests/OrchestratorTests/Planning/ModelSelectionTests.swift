import Testing

@testable import Orchestrator

@Suite struct ModelSelectionTests {
    static let registry = Registry.sample([
        .sample("openai", [.sample("gpt-image-1"), .sample("gpt-image-1-mini")]),
        .sample(
            "replicate",
            [.sample("black-forest-labs/flux-schnell"), .sample("openai/gpt-image-1"), .sample("shared")]
        ),
        .sample("stability", [.sample("core"), .sample("shared")]),
    ]) { registry in
        var old = ModelAlias()
        old.model = "openai/gpt-image-1"
        old.quality = ["standard": .medium, "hd": .high, "low": .low]
        old.size = [size("1792x1024"): size("1536x1024"), size("1024x1024"): size("1024x1024")]
        var best = ModelAlias()
        best.policy = "quality"
        var ghost = ModelAlias()
        ghost.model = "nobody/nothing"
        registry.aliases = ["dall-e-3": old, "best": best, "ghost": ghost]
    }

    static let everything = [
        "openai/gpt-image-1", "openai/gpt-image-1-mini", "replicate/black-forest-labs/flux-schnell",
        "replicate/openai/gpt-image-1", "replicate/shared", "stability/core", "stability/shared",
    ]

    static let names: [(String, [String], String?)] = [
        ("", everything, nil),
        ("auto", everything, nil),
        ("auto/price", everything, "price"),
        ("auto/quality", everything, "quality"),
        ("gpt-image-1-mini", ["openai/gpt-image-1-mini"], nil),
        ("gpt-image-1", ["openai/gpt-image-1"], nil),
        ("shared", ["replicate/shared", "stability/shared"], nil),
        ("stability/shared", ["stability/shared"], nil),
        ("black-forest-labs/flux-schnell", ["replicate/black-forest-labs/flux-schnell"], nil),
        ("replicate/black-forest-labs/flux-schnell", ["replicate/black-forest-labs/flux-schnell"], nil),
        // The provider in front wins over a model elsewhere whose own name happens to be the same.
        ("openai/gpt-image-1", ["openai/gpt-image-1"], nil),
        ("replicate/openai/gpt-image-1", ["replicate/openai/gpt-image-1"], nil),
        ("dall-e-3", ["openai/gpt-image-1"], nil),
        ("best", everything, "quality"),
    ]

    @Test(arguments: names)
    func `a name selects the models that it stands for`(name: String, models: [String], policy: String?) throws {
        let selection = try ModelSelection(.sample { $0.model = name }, in: Self.registry)
        #expect(selection.entries.map { "\($0.provider.id)/\($0.model.id)" } == models)
        #expect(selection.policy == policy)
    }

    @Test(arguments: [
        "gpt-image-99", "nobody/x", "auto/nope", "auto/", "openai/core", "openai/", "/core", "openai", "AUTO", "Core",
        "../x",
        "core/", "openai/gpt-image-1/", "stability/openai/gpt-image-1", "ghost",
    ])
    func `a name that nothing answers to is an error of the model field`(name: String) {
        let error = apiError { try ModelSelection(.sample { $0.model = name }, in: Self.registry) }
        #expect(error?.status == 404 && error?.code == "model_not_found" && error?.param == "model")
        #expect(error?.message.contains("'\(name)'") == true)
    }

    @Test func `an alias reads quality and size its own way and says so`() throws {
        let asked = ImageRequest.sample {
            $0.model = "dall-e-3"
            $0.qualityWord = "hd"
            $0.quality = .tier(.medium)
            $0.size = size("1792x1024")
        }
        let selection = try ModelSelection(asked, in: Self.registry)
        #expect(selection.request.quality == .tier(.high))
        #expect(selection.request.size == size("1536x1024"))
        #expect(selection.adapted.map(\.field) == ["quality", "size"])
        #expect(selection.adapted.map(\.asked) == ["hd", "1792x1024"])
        #expect(selection.adapted.map(\.given) == ["high", "1536x1024"])
    }

    @Test func `an alias that changes nothing says nothing`() throws {
        let asked = ImageRequest.sample {
            $0.model = "dall-e-3"
            $0.qualityWord = "hd"
            $0.quality = .tier(.high)
            $0.size = size("1024x1024")
        }
        #expect(try ModelSelection(asked, in: Self.registry).adapted.isEmpty)
    }

    @Test func `names mean what the registry holds now`() throws {
        var registry = Self.registry
        #expect(registry.models(named: "shared").map(\.provider.id) == ["replicate", "stability"])
        registry.providers.removeLast()
        #expect(registry.models(named: "shared").map(\.provider.id) == ["replicate"])
        registry.providers[0].models.append(.sample("shared"))
        #expect(registry.models(named: "shared").map(\.provider.id) == ["openai", "replicate"])
        #expect(Self.registry.models(named: "shared").map(\.provider.id) == ["replicate", "stability"])
        #expect(registry.models(named: "nothing").isEmpty && registry.models(named: "").isEmpty)
    }
}
