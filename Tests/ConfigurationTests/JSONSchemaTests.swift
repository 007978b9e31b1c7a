import Orchestrator
import Testing

@testable import Configuration

@Suite struct JSONSchemaTests {
    private let schema = JSONSchema.document(kinds: .stubs)

    private func problems(_ text: String) throws -> [String] {
        let root = try #require(YAMLDocument(Array(text.utf8), file: "f.yaml").root)
        return SchemaValidator.problems(root.asEditorsSeeIt, schema)
    }

    @Test func `what loads is valid`() throws {
        #expect(try problems(Sample.complete) == [])
        #expect(try problems(Sample.least) == [])
        #expect(try problems(String(decoding: ShippedFile.bytes(), as: UTF8.self)) == [])
    }

    /// Some mistakes take more than a schema to see: names that must exist elsewhere, calendars, values that belong together.
    static let beyondSchemas: Set<String> = [
        "routing.policy", "aliases.dall-e-3.policy", "routing.policies.house.order[0]", "aliases.old.model",
        "aliases.auto",
        "routing.policies.mix.weights", "providers.replicate.wait", "providers.stability.models.core",
        "providers.openai.models.gpt-image-2.operations", "providers.openai.models.gpt-image-2.retires",
        "providers.openai.models.gpt-image-2.sizes.min_edge", "providers.replicate.poll.max", "routing.deadline",
        "server.trusted_proxies[0]", "billing.credit_usd", "billing.packs.small.price", "database",
        "providers.stability",
        "providers.stability.base_url", "providers.openai.models.gpt-image-2.tiers.high.params",
    ]

    @Test(
        arguments: (MistakeTests.structure + MistakeTests.names + MistakeTests.money + MistakeTests.secrets).filter {
            mistake in
            let key = mistake.expected.drop { $0 != " " }.dropFirst().prefix { $0 != ":" }
            return !beyondSchemas.contains(String(key)) && !mistake.expected.contains("finer than")
                && !mistake.expected.contains("'1e-3'")
        }
    )
    func `what the shape of a file forbids is invalid`(mistake: Mistake) throws {
        #expect(try !problems(mistake.text).isEmpty)
    }

    @Test func `every key has a description`() {
        func check(_ schema: JSON, _ path: String) {
            for (name, property) in schema["properties"]?.object ?? [:] {
                if path.hasSuffix("/if") { continue }
                #expect(property["description"]?.string?.hasSuffix(".") == true, "\(path)/\(name)")
            }
            for (name, part) in schema.object ?? [:] { check(part, "\(path)/\(name)") }
            for part in schema.array ?? [] { check(part, path + "/[]") }
        }
        check(schema, "")
        #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
    }

    @Test func `keys of one adapter are known with it alone`() throws {
        let wait = Sample.complete.changing("    timeout: 20s\n", to: "    wait: 20s\n")
        #expect(try problems(wait) == ["providers.openai.wait enum"])
    }

    @Test func `the text is the document`() throws {
        #expect(try JSON(parsing: JSONSchema.text(kinds: .stubs)) == schema)
    }
}
