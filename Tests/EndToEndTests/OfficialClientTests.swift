import FakeVendors
import Foundation
import Orchestrator
import Testing

/// The official Python package, unchanged but for address and key, through each adapter.
///
/// `Support/official_client.py` asks and checks what a user sees; here is checked what the vendors saw.
@Suite(.timeLimit(.minutes(3))) struct OfficialClientTests {
    /// One line of the script: a check that passed, and facts about its answer.
    struct Check: Sendable {
        var name: String
        var facts: [String: String]

        /// The checksums of the pictures that were delivered.
        var sums: [String] { facts["sha256"]?.split(separator: ",").map(String.init) ?? [] }
    }

    static let generators = ["openai/gpt-image-2", "stability/core", "replicate/black-forest-labs/flux-schnell"]

    /// Adds what the farm's own registry leaves out: the models on Replicate that take a mask.
    static func withMasks(_ registry: inout RegistryText) {
        for name in ["stability-ai/sdxl", "ideogram-ai/ideogram-v3-balanced"] {
            var model = registry["replicate"].models[0]
            model.name = name
            model.operations = "[edit]"
            model.tiers = [("medium", "0.04")]
            model.extra = ["formats: [png]", "max_references: 1", "mask: true"]
            registry["replicate"].models.append(model)
        }
    }

    /// Runs one group of checks to its end; every line must be that of a check that passed.
    ///
    /// By the administrator's key unless another is given.
    static func run(_ group: String, _ scene: Scene, key: String? = nil) async throws -> [Check] {
        let python = try await Shell.python()
        let script = Shell.root.appending(path: "Tests/EndToEndTests/Support/official_client.py").path
        let ran = try await Shell.run(
            // The package calls variations deprecated, as OpenAI retired its own.
            ["\(python)/python3", "-W", "ignore::DeprecationWarning", script, group, scene.daemon.base + "/v1"],
            in: scene.daemon.directory,
            environment: ["PATH": "/usr/bin:/bin", "ORCHESTRATOR_KEY": key ?? scene.daemon.adminKey]
        )
        #expect(ran.status == 0, "\(ran.output)")
        return ran.output.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.first == "ok", words.count > 1 else {
                Issue.record("\(line)")
                return nil
            }
            let facts = words.dropFirst(2).map { word in
                let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
                return (pair[0], pair.count > 1 ? pair[1] : "")
            }
            return Check(name: words[1], facts: Dictionary(facts) { first, _ in first })
        }
    }

    /// Every picture that a vendor drew was delivered once, byte for byte, and nothing else was.
    private static func expectVendorsBytes(_ checks: [Check], _ scene: Scene) {
        let drawn = scene.farm.vendors.flatMap(\.pictures).map(\.sha256)
        #expect(checks.flatMap(\.sums).sorted() == drawn.sorted())
    }

    @Test func `generations come in every format and both forms from each vendor`() async throws {
        try await Scene.play { scene in
            let checks = try await Self.run("generations", scene)
            let expected = Self.generators.flatMap { model in
                ["png", "jpeg", "webp"].flatMap { format in
                    ["url", "b64_json"].map { "generate:\(model):\(format):\($0)" }
                }
            }
            #expect(checks.map(\.name) == expected)
            Self.expectVendorsBytes(checks, scene)
            #expect(scene.farm.vendors.map(\.creates.count) == [6, 6, 6])
        }
    }

    @Test func `edits go with references and mask to whoever takes them, and to nobody else`() async throws {
        try await Scene.play(Self.withMasks) { scene in
            let checks = try await Self.run("edits", scene)
            let served = [
                "openai/gpt-image-2:2+mask", "stability/inpaint:1+mask", "replicate/stability-ai/sdxl:1+mask",
                "replicate/ideogram-ai/ideogram-v3-balanced:1+mask", "replicate/black-forest-labs/flux-2-pro:2",
            ]
            let refused = [
                "stability/inpaint", "replicate/stability-ai/sdxl", "replicate/ideogram-ai/ideogram-v3-balanced",
                "replicate/black-forest-labs/flux-2-pro",
            ]
            #expect(checks.map(\.name) == (served + refused.map { "\($0):2+mask" }).map { "edit:\($0)" })
            #expect(checks.compactMap { $0.facts["code"] } == refused.map { _ in "no_eligible_provider" })
            #expect(scene.farm.vendors.map(\.creates.count) == [1, 1, 3])

            let form = try #require(scene.farm.openAI.creates.first?.form)
            #expect((form.all("image[]") + form.all("image")).count == 2)
            #expect(form.file("mask") != nil)
            #expect(scene.farm.stability.creates.first?.form?.file("mask") != nil)
            let inputs = scene.farm.replicate.creates.map { $0.json?["input"] }
            // Two models take a mask, the third a list of references.
            #expect(inputs.prefix(2).allSatisfy { $0?["image"]?.string != nil && $0?["mask"]?.string != nil })
            #expect(inputs.last??["input_images"]?.array?.count == 2)
        }
    }

    @Test func `variations go through each adapter`() async throws {
        try await Scene.play { scene in
            let checks = try await Self.run("variations", scene)
            let models = ["openai/gpt-image-2", "stability/ultra", "replicate/black-forest-labs/flux-2-pro"]
            #expect(checks.map(\.name) == models.map { "variation:\($0)" })
            Self.expectVendorsBytes(checks, scene)
            #expect(scene.farm.vendors.map(\.creates.count) == [1, 1, 1])
        }
    }

    @Test func `streams end in the finished picture, after the partial ones of whoever sends them`() async throws {
        try await Scene.play { scene in
            let checks = try await Self.run("streams", scene)
            let names = Self.generators.map { "stream:generate:\($0)" } + ["stream:edit:openai/gpt-image-2"]
            #expect(checks.map(\.name) == names)
            Self.expectVendorsBytes(checks, scene)
            #expect(scene.farm.openAI.partialPictures.count == 3)
            #expect(scene.farm.vendors.map(\.creates.count) == [2, 1, 1])
        }
    }

    @Test func `twelve calls at once each get their own picture`() async throws {
        try await Scene.play { scene in
            let checks = try await Self.run("together", scene)
            #expect(checks.map(\.name) == (0..<12).map { "together:\($0)" })
            Self.expectVendorsBytes(checks, scene)
            #expect(scene.farm.creates.count == 12)
        }
    }

    @Test func `a vendor that begins to fail is replaced and no caller notices`() async throws {
        try await Scene.play({ $0.policy = "quality" }) { scene in
            scene.farm.openAI.script(.ok, .ok, then: .fail(.server))
            let checks = try await Self.run("failing", scene)
            let generations = (0..<6).map { "failing:generate:\($0)" }
            #expect(checks.map(\.name) == generations + ["failing:edit:0", "failing:edit:1", "failing:variation"])
            let providers = checks.compactMap { $0.facts["provider"] }
            // Next by score: Stability's `core` at the low tier, Replicate's `flux-2-pro` for two references.
            let next = Array(repeating: "stability", count: 4) + Array(repeating: "replicate", count: 3)
            #expect(providers == ["openai", "openai"] + next)
            Self.expectVendorsBytes(checks, scene)
            #expect(scene.farm.openAI.pictures.count == 2)
            #expect(scene.farm.openAI.creates.count > 2, "the failing vendor was asked again")
        }
    }
}
