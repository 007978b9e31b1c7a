@testable import Orchestrator

/// A vendor with the plainest possible interface: what is asked stands in the body, what comes back says what it is.
struct StubAdapter: ProviderAdapter {
    static let kind = "stub"

    var base: String
    /// What a call may consume at most, for each picture.
    var bound: TokenUsage?

    init(base: String, bound: TokenUsage? = nil) {
        self.base = base
        self.bound = bound
    }

    init(_ node: ConfigNode) throws(ConfigError) {
        base = try node.string("base_url")
    }

    func knownCapabilities(of model: String) -> ModelCapabilities? { nil }

    func tokenBound(of request: ProviderRequest) -> TokenUsage? {
        (0..<request.count).reduce(nil) { sum, _ in bound.map { (sum ?? .zero) + $0 } }
    }

    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        switch call {
        case .create(let request, _):
            var body: JSONObject = [
                "model": .string(request.model), "prompt": .string(request.prompt), "n": .integer(request.count),
                "quality": .string(request.quality), "format": .string(request.format.rawValue),
            ]
            body["seed"] = request.seed.map { .integer($0) }
            if case .size(let size) = request.shape { body["size"] = .text(size) }
            if let mask = request.mask, case .bytes(let bytes) = mask.source {
                body["mask"] = .string(String(decoding: bytes, as: UTF8.self))
            }
            return WireRequest(
                .post,
                base + "/create",
                body: .json(.object(body)),
                authentication: .bearer,
                reply: request.partialImages == nil ? .document : .events
            )
        case .poll(let handle): return WireRequest(.get, handle.pollURL, authentication: .bearer)
        case .collect(let handle): return WireRequest(.get, handle.collectURL ?? "", authentication: .bearer)
        case .cancel(let handle): return WireRequest(.post, handle.cancelURL ?? "", authentication: .bearer)
        case .upload: throw ProviderFailure(.unusable, "takes no uploads")
        }
    }

    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        guard let document = reply.document else { throw ProviderFailure(.unusable, "no document") }
        if let failure = document["failure"]?.string { throw ProviderFailure(FailureKind(scripted: failure), failure) }
        if let id = document["pending"]?.string {
            return .pending(
                VendorHandle(id: id, pollURL: base + "/poll/" + id, cancelURL: base + "/cancel/" + id),
                after: nil
            )
        }
        if document["canceled"] != nil { return .canceled }
        if let url = document["url"]?.string {
            return .pictures([VendorPicture(.url(url, authenticated: true))], usage: nil)
        }
        let usage = document["tokens"]?.int.map { TokenUsage(imageOutput: $0) }
        return .pictures((document["pictures"]?.array ?? []).compactMap { .inline($0) }, usage: usage)
    }

    func decode(_ event: WireEvent, to call: VendorCall) throws(ProviderFailure) -> StreamStep {
        if let failure = event.document["failure"]?.string {
            throw ProviderFailure(FailureKind(scripted: failure), failure)
        }
        guard let picture = VendorPicture.inline(event.document["picture"]) else { return .ignored }
        return event.name == "partial" ? .partial(picture, index: 0) : .completed(picture, usage: nil)
    }
}

/// Draws by itself, as the sandbox does.
struct StubLocalAdapter: LocalAdapter {
    static let kind = "local-stub"

    init() {}
    init(_ node: ConfigNode) throws(ConfigError) {}

    func knownCapabilities(of model: String) -> ModelCapabilities? { nil }

    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        throw ProviderFailure(.unusable, "makes no calls")
    }

    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        throw ProviderFailure(.unusable, "makes no calls")
    }

    func draw(_ request: ProviderRequest) throws(ProviderFailure) -> [[UInt8]] {
        (0..<request.count).map { _ in ScriptedPicture().bytes }
    }
}

extension FailureKind {
    /// Every class of failure with the word by which a script asks for it.
    static let scripted: [String: FailureKind] = [
        "rejected": .rejected, "refused": .refused, "unusable": .unusable,
        "rate_limited": .unavailable(.rateLimited(retryAfter: nil)),
        "rate_limited_2s": .unavailable(.rateLimited(retryAfter: .seconds(2))),
        "rate_limited_9s": .unavailable(.rateLimited(retryAfter: .seconds(9))),
        "quota": .unavailable(.quota), "credential": .unavailable(.credential), "model": .unavailable(.model),
        "unsupported": .unavailable(.unsupported), "server": .unavailable(.server(mayRepeat: true)),
        "server_once": .unavailable(.server(mayRepeat: false)), "connection": .unavailable(.connection),
        "timeout": .unknown(.timeout), "cut": .unknown(.cut),
    ]

    init(scripted word: String) {
        self = Self.scripted[word] ?? .unusable
    }
}
