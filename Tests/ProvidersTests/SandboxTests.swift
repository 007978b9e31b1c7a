import Orchestrator
import Testing

@testable import Providers

@Suite struct SandboxTests {
    private func draw(_ change: @Sendable (inout ProviderRequest) -> Void) throws -> [[UInt8]] {
        let request = Sample.request("placeholder", .generate) {
            $0.shape = .size(Sample.size(64, 48))
            change(&$0)
        }
        return try SandboxAdapter(Sample.node()).draw(request)
    }

    @Test func `equal requests give equal pictures`() throws {
        #expect(try draw { $0.count = 3 } == draw { $0.count = 3 })
    }

    @Test func `whatever is asked differently shows`() throws {
        let changes: [@Sendable (inout ProviderRequest) -> Void] = [
            { _ in }, { $0.prompt = "a blue fox" }, { $0.seed = 1 }, { $0.seed = 2 },
            { $0.references = [Sample.picture("a")] }, { $0.references = [Sample.picture("b")] },
            { $0.mask = Sample.picture("a") }, { $0.operation = .edit }, { $0.operation = .variation },
            { $0.shape = .size(Sample.size(48, 64)) },
        ]
        var pictures: Set<[UInt8]> = []
        for change in changes { pictures.formUnion(try draw(change)) }
        #expect(pictures.count == changes.count)
        #expect(Set(try draw { $0.count = 10 }).count == 10)
    }

    @Test func `a transparent background is one, and alone decides about alpha`() throws {
        let facts = { (bytes: [UInt8]) in
            var inspector = ImageInspector()
            try inspector.consume(bytes.span)
            return try inspector.finish()
        }
        let clear = try draw { $0.background = .transparent }[0]
        #expect(try facts(clear).hasAlpha)
        // The sky and its rings, the clearest colours, come first in the palette.
        let chunk = try #require(clear.indices.first { clear[$0...].starts(with: "tRNS".utf8) })
        let alpha = clear[chunk + 4..<chunk + 4 + 192]
        #expect(alpha.prefix(64).allSatisfy { $0 == 0 } && Set(alpha).count == 3)
        for background in [Background.auto, .opaque] {
            #expect(try !facts(try draw { $0.background = background }[0]).hasAlpha)
        }
        let wire = try SandboxAdapter(Sample.node()).encode(
            .create(Sample.request("placeholder") { $0.background = .transparent }, uploads: [:])
        )
        #expect(wire.jsonText.contains("transparent"))
    }

    static let shapes: [(Shape, String)] = [
        (.automatic, "1024x1024"), (.size(Sample.size(333, 77)), "333x77"), (.ratio(Sample.ratio("3:2")), "1248x832"),
        (.ratio(Sample.ratio("16:9")), "1408x792"), (.ratio(Sample.ratio("9:21")), "672x1568"),
    ]

    @Test(arguments: shapes)
    func `a shape becomes pixels, which explain shows`(shape: Shape, size: String) throws {
        let wire = try SandboxAdapter(Sample.node()).encode(
            .create(Sample.request("placeholder") { $0.shape = shape }, uploads: [:])
        )
        #expect(wire.jsonText.contains("\"size\":\"\(size)\""))
        #expect(wire.authentication == .none)
    }

    @Test func `a size that would exhaust the machine is not drawn`() {
        let error = #expect(throws: ProviderFailure.self) { try draw { $0.shape = .size(Sample.size(65_535, 65_535)) } }
        #expect(error?.kind == .unavailable(.unsupported))
    }
}
