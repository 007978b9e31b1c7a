import Testing

@testable import Orchestrator

@Suite struct FidelityTableTests {
    /// A model, a part of a request, and what becomes of it under strict, adapt and best effort.
    static let promises: [(ModelCapabilities, FidelityTable.Part, String)] = {
        let plain = ModelCapabilities()
        let able = RenditionTests.able
        let ratios = able { $0.shapes = .ratios([PixelSize.usual.ratio]) }
        let sizes = able { $0.shapes = .sizes([size("1536x1024")]) }
        let free = able { $0.shapes = .free(ShapeMappingTests.free) }
        return [
            (plain, .size, "kept kept kept"), (plain, .otherSize, "kept kept kept"),
            (sizes, .size, "kept kept kept"), (sizes, .otherSize, "refused converted converted"),
            (sizes, .aspectRatio, "kept kept kept"), (free, .size, "kept kept kept"),
            (free, .otherSize, "refused converted converted"), (free, .aspectRatio, "kept kept kept"),
            (ratios, .size, "refused converted converted"), (ratios, .aspectRatio, "kept kept kept"),
            (able { $0.shapes = .ratios([]) }, .size, "refused refused refused"),
            (plain, .count, "refused split split"), (able { $0.maxImages = 10 }, .count, "kept kept kept"),
            (plain, .png, "kept kept kept"), (plain, .jpeg, "refused converted converted"),
            (plain, .compression, "refused converted converted"),
            (able { $0.formats = [.jpeg] }, .compression, "refused dropped dropped"),
            (
                able {
                    $0.formats = [.webp]
                    $0.features = [.compression]
                }, .compression, "kept kept kept"
            ),
            (plain, .transparency, "refused refused refused"),
            (able { $0.features = [.transparency] }, .transparency, "kept kept kept"),
            (plain, .seed, "refused refused dropped"), (able { $0.features = [.seed] }, .seed, "kept kept kept"),
            (plain, .negativePrompt, "refused refused dropped"), (plain, .style, "refused dropped dropped"),
            (
                able {
                    $0.features = [.style]
                    $0.styles = ["anime"]
                }, .style, "kept kept kept"
            ),
            (plain, .moderation, "refused dropped dropped"), (plain, .user, "refused dropped dropped"),
            (plain, .mask, "refused refused refused"),
            (
                able {
                    $0.operations = [.edit]
                    $0.maxReferences = 1
                    $0.masks = true
                }, .mask, "kept kept kept"
            ),
            (plain, .partialImages, "refused dropped dropped"),
            (able { $0.streams = true }, .partialImages, "kept kept kept"),
        ]
    }()

    @Test(arguments: promises)
    func `each part meets what the table promises`(
        capabilities: ModelCapabilities,
        part: FidelityTable.Part,
        expected: String
    ) {
        let table = FidelityTable(capabilities)
        #expect(Fidelity.allCases.map { table[part, $0].rawValue }.joined(separator: " ") == expected)
    }

    @Test func `a word that holds for all is said once`() {
        let json = FidelityTable(ModelCapabilities()).json
        #expect(json.object?.keys == FidelityTable.Part.allCases.map(\.rawValue))
        #expect(json["png"] == "kept")
        #expect(json["seed"] == ["strict": "refused", "adapt": "refused", "best_effort": "dropped"])
    }
}
