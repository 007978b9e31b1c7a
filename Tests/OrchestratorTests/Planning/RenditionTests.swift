import Testing

@testable import Orchestrator

@Suite struct RenditionTests {
    /// A model that does the least: one PNG a call from words alone.
    static let plain = ModelCapabilities()

    static func able(_ adjust: (inout ModelCapabilities) -> Void) -> ModelCapabilities {
        var capabilities = plain
        adjust(&capabilities)
        return capabilities
    }

    private func rendition(
        _ capabilities: ModelCapabilities,
        _ fidelity: Fidelity = .adapt,
        of request: ImageRequest
    ) -> Result<Rendition, Mismatch> {
        do throws(Mismatch) {
            return .success(try Rendition(of: request, by: capabilities, fidelity: fidelity))
        } catch {
            return .failure(error)
        }
    }

    private func constraint(_ result: Result<Rendition, Mismatch>) -> Constraint? {
        if case .failure(let mismatch) = result { mismatch.constraint } else { nil }
    }

    // MARK: The work

    static let work: [(Operation, Int, Bool, ModelCapabilities, Constraint?)] = [
        (.generate, 0, false, plain, nil),
        (.edit, 1, false, plain, .operation),
        (.variation, 1, false, plain, .operation),
        (
            .edit, 1, false,
            able {
                $0.operations = [.edit]; $0.maxReferences = 1
            }, nil
        ),
        (.generate, 0, false, able { $0.operations = [.edit] }, .operation),
        (
            .variation, 1, false,
            able {
                $0.operations = [.edit]; $0.maxReferences = 1
            }, nil
        ),
        (
            .variation, 1, false,
            able {
                $0.operations = [.variation]; $0.maxReferences = 1
            }, nil
        ),
        (
            .edit, 2, false,
            able {
                $0.operations = [.edit]; $0.maxReferences = 1
            }, .references
        ),
        (
            .edit, 16, false,
            able {
                $0.operations = [.edit]; $0.maxReferences = 16
            }, nil
        ),
        (
            .edit, 1, true,
            able {
                $0.operations = [.edit]; $0.maxReferences = 1
            }, .mask
        ),
        (
            .edit, 1, true,
            able {
                $0.operations = [.edit]; $0.maxReferences = 1; $0.masks = true
            }, nil
        ),
        (
            .edit, 1, false,
            able {
                $0.operations = [.edit]; $0.maxReferences = 1; $0.masks = true; $0.requiresMask = true
            }, .mask
        ),
        (
            .edit, 1, true,
            able {
                $0.operations = [.edit]; $0.maxReferences = 1; $0.masks = true; $0.requiresMask = true
            }, nil
        ),
    ]

    @Test(arguments: work)
    func `a model is asked only for work that it does`(
        operation: Operation,
        references: Int,
        hasMask: Bool,
        capabilities: ModelCapabilities,
        expected: Constraint?
    ) {
        let request = ImageRequest.sample(operation) {
            $0.references = (0..<references).map { .sample("r\($0)") }
            $0.mask = hasMask ? .sample("mask", hasAlpha: true) : nil
        }
        for fidelity in Fidelity.allCases {
            #expect(constraint(rendition(capabilities, fidelity, of: request)) == expected)
        }
    }

    // MARK: The format

    struct FormatPromise: Sendable {
        var formats: Set<ImageFormat>
        var compresses = false
        var wanted: ImageFormat
        var compression: Int?
        var strict: Constraint?
        /// The format asked of the vendor, whether it is converted here, what compression the vendor is told.
        var adapt: (ImageFormat, Bool, Int?)
        var adapted: [String] = []
    }

    static let formats = [
        FormatPromise(formats: [.png], wanted: .png, adapt: (.png, false, nil)),
        FormatPromise(formats: [.png, .jpeg], wanted: .jpeg, adapt: (.jpeg, false, nil)),
        FormatPromise(
            formats: [.jpeg, .webp],
            wanted: .png,
            strict: .format,
            adapt: (.webp, true, nil),
            adapted: ["output_format"]
        ),
        FormatPromise(
            formats: [.png, .webp],
            wanted: .jpeg,
            strict: .format,
            adapt: (.png, true, nil),
            adapted: ["output_format"]
        ),
        FormatPromise(
            formats: [.jpeg],
            wanted: .webp,
            strict: .format,
            adapt: (.jpeg, true, nil),
            adapted: ["output_format"]
        ),
        FormatPromise(
            formats: [.png, .jpeg],
            compresses: true,
            wanted: .jpeg,
            compression: 60,
            adapt: (.jpeg, false, 60)
        ),
        FormatPromise(
            formats: [.png, .jpeg],
            wanted: .jpeg,
            compression: 60,
            strict: .compression,
            adapt: (.png, true, nil),
            adapted: ["output_format"]
        ),
        FormatPromise(
            formats: [.jpeg],
            wanted: .jpeg,
            compression: 60,
            strict: .compression,
            adapt: (.jpeg, false, nil),
            adapted: ["output_compression"]
        ),
        FormatPromise(
            formats: [.png],
            compresses: true,
            wanted: .webp,
            compression: 60,
            strict: .format,
            adapt: (.png, true, nil),
            adapted: ["output_format"]
        ),
    ]

    @Test(arguments: formats)
    func `a format is the model's own, or made here from its least lossy one`(promise: FormatPromise) throws {
        let capabilities = Self.able {
            $0.formats = promise.formats
            if promise.compresses { $0.features = [.compression] }
        }
        let request = ImageRequest.sample {
            $0.format = promise.wanted
            $0.compression = promise.compression
        }
        #expect(constraint(rendition(capabilities, .strict, of: request)) == promise.strict)
        for fidelity in [Fidelity.adapt, .bestEffort] {
            let found = try rendition(capabilities, fidelity, of: request).get()
            #expect(found.format == promise.adapt.0)
            #expect(found.convertsFormat == promise.adapt.1)
            #expect(found.compression == promise.adapt.2)
            #expect(found.adapted.map(\.field) == promise.adapted)
        }
    }

    static let transparency: [(Set<ImageFormat>, Bool, ImageFormat, Constraint?)] = [
        ([.png, .webp], true, .png, nil), ([.png], true, .webp, nil), ([.png], false, .png, .transparency),
        ([.jpeg], true, .png, .transparency), ([.jpeg, .webp], true, .png, nil),
    ]

    @Test(arguments: transparency)
    func `transparency needs a model and a format that have it`(
        formats: Set<ImageFormat>,
        isAble: Bool,
        wanted: ImageFormat,
        expected: Constraint?
    ) {
        let capabilities = Self.able {
            $0.formats = formats
            $0.features = isAble ? [.transparency] : []
        }
        let request = ImageRequest.sample {
            $0.format = wanted
            $0.background = .transparent
        }
        #expect(constraint(rendition(capabilities, of: request)) == expected)
    }

    // MARK: What is dropped

    static let soft: [(Feature, Constraint)] = [(.style, .style), (.moderation, .moderation), (.user, .user)]
    static let hard: [(Feature, Constraint)] = [(.seed, .seed), (.negativePrompt, .negativePrompt)]

    private static func asking(_ feature: Feature) -> ImageRequest {
        .sample {
            switch feature {
            case .style: $0.style = "vivid"
            case .moderation: $0.moderation = .low
            case .user: $0.user = "u-1"
            case .seed: $0.seed = 7
            case .negativePrompt: $0.negativePrompt = "hands"
            case .transparency, .compression: break
            }
        }
    }

    @Test(arguments: soft)
    func `a field that only colours the picture is dropped with a word, unless fidelity is strict`(
        feature: Feature,
        expected: Constraint
    ) throws {
        let request = Self.asking(feature)
        #expect(constraint(rendition(Self.plain, .strict, of: request)) == expected)
        for fidelity in [Fidelity.adapt, .bestEffort] {
            let found = try rendition(Self.plain, fidelity, of: request).get()
            #expect(found.dropped == [feature] && found.adapted.map(\.field) == [feature.rawValue])
        }
        let able = try rendition(Self.able { $0.features = [feature] }, .strict, of: request).get()
        #expect(able.dropped.isEmpty && able.adapted.isEmpty)
    }

    @Test func `a style that the model does not know is dropped with a word and not sent`() throws {
        let request = Self.asking(.style)
        let knows = { (styles: Set<String>) in
            Self.able { ($0.features, $0.styles) = ([.style], styles) }
        }
        #expect(constraint(rendition(knows(["anime"]), .strict, of: request)) == .style)
        for fidelity in [Fidelity.adapt, .bestEffort] {
            let found = try rendition(knows(["anime"]), fidelity, of: request).get()
            #expect(found.dropped == [.style] && found.adapted.map(\.asked) == ["vivid"])
        }
        let known = try rendition(knows(["anime", "vivid"]), .strict, of: request).get()
        #expect(known.dropped.isEmpty && known.adapted.isEmpty)
    }

    @Test(arguments: hard)
    func `a field that changes the picture is dropped for best effort alone`(feature: Feature, expected: Constraint)
        throws
    {
        let request = Self.asking(feature)
        #expect(constraint(rendition(Self.plain, .strict, of: request)) == expected)
        #expect(constraint(rendition(Self.plain, .adapt, of: request)) == expected)
        let found = try rendition(Self.plain, .bestEffort, of: request).get()
        #expect(found.dropped == [feature] && found.adapted.map(\.field) == [feature.rawValue])
    }

    @Test func `the usual moderation is no wish`() throws {
        let found = try rendition(Self.plain, .strict, of: .sample { $0.moderation = .auto }).get()
        #expect(found.dropped.isEmpty)
    }

    @Test func `a count over a call's is split, unless fidelity is strict`() {
        let three = ImageRequest.sample { $0.count = 3 }
        #expect(constraint(rendition(Self.able { $0.maxImages = 2 }, .strict, of: three)) == .count)
        #expect(constraint(rendition(Self.able { $0.maxImages = 2 }, .adapt, of: three)) == nil)
        #expect(constraint(rendition(Self.able { $0.maxImages = 3 }, .strict, of: three)) == nil)
    }
}
