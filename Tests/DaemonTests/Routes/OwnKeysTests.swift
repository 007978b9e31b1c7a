import CLLHTTP
import Orchestrator
import Testing

@testable import Daemon
@testable import Transport

@Suite struct OwnKeysTests {
    private static let registry: Registry = {
        var registry = Registry()
        registry.providers = ["openai", "stability", "second"].map { id in
            Provider(id: id, kind: id == "stability" ? "stability" : "openai", adapter: NoAdapter())
        }
        return registry
    }()

    private func read(_ values: [String], _ fields: JSONObject = [:]) throws(APIError) -> [String: String] {
        let headers = HTTPHeaders(values.map { ("X-Provider-Key", $0) })
        return try OwnKeys.read(headers, fields: fields, registry: Self.registry).mapValues { $0.reveal() }
    }

    private func param(_ values: [String], _ fields: JSONObject = [:]) -> String? {
        do throws(APIError) {
            _ = try read(values, fields)
            return nil
        } catch {
            return error.param
        }
    }

    static let good: [([String], [String: String])] = [
        ([], [:]), ([""], [:]), (["openai=sk-1"], ["openai": "sk-1"]),
        (["openai=sk-1, stability=sk-2"], ["openai": "sk-1", "stability": "sk-2"]),
        (["openai=sk-1", "stability=sk-2"], ["openai": "sk-1", "stability": "sk-2"]),
        (["openai=a=b=="], ["openai": "a=b=="]), ([" openai = sk-1 "], ["openai": "sk-1"]),
        (["openai=first,openai=last"], ["openai": "last"]),
    ]

    @Test(arguments: good)
    func `keys are read by the provider they are for`(values: [String], keys: [String: String]) throws {
        #expect(try read(values) == keys)
    }

    @Test(arguments: [
        "openai", "openai=", "=sk-1", "nobody=sk-1", "OpenAI=sk-1", "openai:sk-1", "openai=sk\u{E9}",
        "openai=sk-1, stability",
        "openai=" + String(repeating: "x", count: 513),
    ])
    func `what is no key of a provider here is an error of the header`(value: String) {
        #expect(param([value]) == "X-Provider-Key")
    }

    @Test func `where credits are charged, a key of the caller's own is refused by the field that brought it`() throws {
        var official = Self.registry
        official.server.mode = .official
        func read(_ values: [String], _ fields: JSONObject = [:]) throws(APIError) -> Int {
            let headers = HTTPHeaders(values.map { ("X-Provider-Key", $0) })
            return try OwnKeys.read(headers, fields: fields, registry: official).count
        }
        #expect(try read([]) == 0 && read([""]) == 0 && read([], ["openai_api_key": ""]) == 0)
        for (values, fields, param) in [
            (["openai=sk-1"], [:], "X-Provider-Key"), ([], ["openai_api_key": "sk-b"], "openai_api_key"),
        ] as [([String], JSONObject, String)] {
            let error = #expect(throws: APIError.self) { try read(values, fields) }
            #expect(error?.status == 400 && error?.param == param && error?.message.contains("sk-") == false)
        }
    }

    @Test func `OpenAI's key in the body is for every provider of its kind that has none in the header`() throws {
        #expect(try read([], ["openai_api_key": "sk-b"]) == ["openai": "sk-b", "second": "sk-b"])
        #expect(try read(["openai=sk-h"], ["openai_api_key": "sk-b"]) == ["openai": "sk-h", "second": "sk-b"])
        #expect(try read([], ["openai_api_key": ""]).isEmpty && read([], ["openai_api_key": nil]).isEmpty)
    }

    @Test(
        arguments: [
            "sk 1", "sk\r\nX-Evil: 1", "sk\n", "sk\u{0}", "sk\u{E9}", .string(String(repeating: "x", count: 513)), 5,
            ["sk"],
        ] as [JSON]
    )
    func `a key in the body that could not stand in a header is an error of its field`(value: JSON) {
        #expect(param([], ["openai_api_key": value]) == "openai_api_key")
    }
}

/// An adapter that nobody asks.
struct NoAdapter: ProviderAdapter {
    static let kind = "none"

    init() {}
    init(_ node: ConfigNode) throws(ConfigError) {}

    func knownCapabilities(of model: String) -> ModelCapabilities? { nil }

    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        throw ProviderFailure(.unusable, "never asked")
    }

    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        throw ProviderFailure(.unusable, "never asked")
    }
}

extension HTTPHeaders {
    /// Headers as they would have come in a request.
    init(_ pairs: [(String, String)]) {
        var arena: [UInt8] = []
        var fields: [head_field] = []
        for (name, value) in pairs {
            let start = UInt32(arena.count)
            arena += Array((name + value).utf8)
            fields.append(
                head_field(
                    name: start,
                    value: start + UInt32(name.utf8.count),
                    value_length: UInt32(value.utf8.count),
                    name_length: UInt16(name.utf8.count),
                    reserved: 0
                )
            )
        }
        self.init(arena: arena, fields: fields)
    }
}
