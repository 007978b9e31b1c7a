import Foundation
import Orchestrator
import Testing

@testable import Providers

/// Holds every input that the adapter can build against the schemas that the models published.
@Suite struct ReplicateSchemaTests {
    private static let schemas: JSONObject = {
        let file = RecordedReply.folder.appending(path: "replicate.schemas.json")
        guard let data = try? Data(contentsOf: file), let document = try? JSON(parsing: [UInt8](data)) else {
            return [:]
        }
        return document.object ?? [:]
    }()

    /// One that needs a second vendor's key and is shut down, and one that draws no pixels.
    private static let leftOut: Set = ["openai/gpt-image-1", "recraft-ai/recraft-v4-svg"]

    @Test func `every model with a published schema is known, and no other`() {
        #expect(Set(ReplicateModel.known.keys) == Set(Self.schemas.keys).subtracting(Self.leftOut))
    }

    @Test(arguments: ReplicateModel.known.keys.sorted())
    func `whatever a model says it can do is a valid input`(model: String) throws {
        let adapter = try ReplicateAdapter(Sample.node())
        let capabilities = try #require(adapter.knownCapabilities(of: model))
        let schema = try #require(Self.schemas[model])
        for request in Self.requests(model, capabilities) {
            let wire = try adapter.encode(.create(request, uploads: [:]))
            guard case .json(let body) = wire.body, let input = body["input"]?.object else {
                Issue.record("no input")
                continue
            }
            for fault in Self.faults(input, schema) { Issue.record("\(model): \(fault) in \(body.text)") }
        }
    }

    /// Everything that the abilities allow, one thing at a time, and all of them together.
    private static func requests(_ model: String, _ capabilities: ModelCapabilities) -> [ProviderRequest] {
        var requests: [ProviderRequest] = []
        for operation in Operation.allCases where capabilities.operations.contains(operation) {
            var plain = Sample.request(model, operation)
            plain.format = capabilities.formats.sorted { $0.rawValue < $1.rawValue }[0]
            if operation != .generate {
                plain.references = (0..<capabilities.maxReferences).map { Sample.picture("\($0)") }
                if capabilities.requiresMask { plain.mask = Sample.picture("m") }
            }
            requests.append(plain)
            for shape in shapes(capabilities.shapes) {
                var shaped = plain
                shaped.shape = shape
                requests.append(shaped)
            }
            for format in capabilities.formats {
                var full = plain
                full.format = format
                full.compression = 55
                full.count = capabilities.maxImages
                full.seed = 2_147_483_647
                full.negativePrompt = "rain"
                full.moderation = .low
                full.user = "u"
                full.background = .opaque
                full.quality = "medium"
                if operation != .generate, capabilities.masks { full.mask = Sample.picture("m") }
                requests.append(full)
            }
        }
        return requests
    }

    private static func shapes(_ range: ShapeRange) -> [Shape] {
        switch range {
        case .any: [.size(Sample.size(1024, 1024))]
        case .sizes(let sizes): sizes.map { .size($0) }
        case .ratios(let ratios): ratios.map { .ratio($0) }
        case .free(let bounds):
            [(bounds.maxEdge, bounds.maxEdge), (1024, 1024), (bounds.maxEdge, 1024)].map {
                .size(Sample.size($0.0, $0.1))
            }
        }
    }

    /// What the vendor's validation would say.
    private static func faults(_ input: JSONObject, _ schema: JSON) -> [String] {
        var faults = (schema["required"]?.array ?? []).compactMap { name in
            name.string.flatMap { input[$0] == nil ? "\($0) is required" : nil }
        }
        for (name, value) in input {
            guard let rule = schema["properties"]?[name] else {
                faults.append("\(name) is unknown")
                continue
            }
            let hasType =
                switch rule["type"]?.string {
                case "string": value.string != nil
                case "integer": value.int != nil
                case "number": value.number != nil
                case "boolean": value.bool != nil
                case "array": value.array != nil
                default: true
                }
            if !hasType { faults.append("\(name) has another type") }
            if let words = rule["enum"]?.array, !words.contains(value) { faults.append("\(name) has another word") }
            if let least = rule["minimum"]?.double, let number = value.double, number < least {
                faults.append("\(name) is low")
            }
            if let most = rule["maximum"]?.double, let number = value.double, number > most {
                faults.append("\(name) is high")
            }
        }
        return faults
    }
}
