import Configuration
import Orchestrator

/// Stands in for a vendor's adapter: knows a few models, reads one key of its own, and is never called.
protocol StubAdapter: ProviderAdapter {
    static var knownModels: [String: ModelCapabilities] { get }
}

extension StubAdapter {
    func knownCapabilities(of model: String) -> ModelCapabilities? { Self.knownModels[model] }

    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        throw ProviderFailure(.unusable, "never called")
    }

    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        throw ProviderFailure(.unusable, "never called")
    }
}

struct StubOpenAI: StubAdapter {
    static let kind = "openai"
    static let knownModels: [String: ModelCapabilities] = {
        var capabilities = ModelCapabilities(operations: [.generate, .edit])
        capabilities.streams = true
        capabilities.formats = [.png, .webp]
        capabilities.maxImages = 10
        capabilities.maxReferences = 16
        capabilities.masks = true
        capabilities.features = [.transparency, .moderation, .user]
        return ["known": capabilities]
    }()

    init(_ node: ConfigNode) throws(ConfigError) { _ = try node.string("base_url") }

    /// A token for each tenth of a megapixel, and no rule for the quality `unknown`.
    func tokenRule(of model: String) -> TokenRule? {
        TokenRule(earlyView: 100, automaticSizes: [PixelSize("1024x1024")].compactMap { $0 }) { quality, size in
            quality == "unknown" ? nil : (size.area + 99_999) / 100_000
        }
    }
}

struct StubStability: StubAdapter {
    static let kind = "stability"
    static let knownModels: [String: ModelCapabilities] = [:]

    init(_ node: ConfigNode) throws(ConfigError) {}
}

struct StubReplicate: StubAdapter, AnnouncingAdapter {
    static let kind = "replicate"
    static let providerKeys: Set<String> = ["wait"]
    static let modelKeys: Set<String> = ["version", "inputs"]
    static let knownModels: [String: ModelCapabilities] = [:]

    init(_ node: ConfigNode) throws(ConfigError) {
        if let wait = node["wait"] { _ = try wait.duration() }
    }

    static func work(in news: JSON) -> String? { nil }
}

struct StubSandbox: StubAdapter, LocalAdapter {
    static let kind = "sandbox"
    static let knownModels: [String: ModelCapabilities] = [:]

    init(_ node: ConfigNode) throws(ConfigError) {}

    func draw(_ request: ProviderRequest) throws(ProviderFailure) -> [[UInt8]] { [] }
}

extension AdapterKinds {
    static let stubs = AdapterKinds([StubOpenAI.self, StubStability.self, StubReplicate.self, StubSandbox.self])
}
