import Orchestrator
import Transport

/// Reads the vendor keys that a caller brings: `X-Provider-Key: openai=sk-…, stability=sk-…`, or OpenAI's in the body.
enum OwnKeys {
    private static let longest = 512

    static func read(
        _ headers: HTTPHeaders,
        fields: JSONObject,
        registry: Registry
    ) throws(APIError) -> [String: Secret] {
        var keys: [String: Secret] = [:]
        for pair in headers.all(named: "x-provider-key").joined(separator: ",").split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else {
                throw .invalidValue("X-Provider-Key", "must be PROVIDER=KEY, several separated by commas")
            }
            let name = String(parts[0].filter { $0 != " " })
            let key = String(parts[1].filter { $0 != " " })
            guard registry.provider(name) != nil else {
                throw .invalidValue("X-Provider-Key", "no provider is called '\(name)'")
            }
            guard isUsable(key) else { throw .invalidValue("X-Provider-Key", "the key of '\(name)' is none") }
            keys[name] = Secret(key)
        }
        if let key = try FieldReader(fields).string("openai_api_key"), !key.isEmpty {
            guard isUsable(key) else { throw .invalidValue("openai_api_key", "is no key") }
            for provider in registry.providers where provider.kind == "openai" && keys[provider.id] == nil {
                keys[provider.id] = Secret(key)
            }
        }
        if let name = keys.keys.min(), registry.server.mode == .official {
            throw .invalidValue(
                headers.contains("x-provider-key") ? "X-Provider-Key" : "openai_api_key",
                "this server uses its own key for '\(name)' and charges credits; send none of yours"
            )
        }
        return keys
    }

    /// Whether a text can be a key: it goes into a header of ours.
    private static func isUsable(_ key: String) -> Bool {
        (1...longest).contains(key.utf8.count) && key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
