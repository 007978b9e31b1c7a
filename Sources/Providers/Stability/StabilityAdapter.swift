import Orchestrator

/// Stability AI's v2beta services: one form, one picture; two of the services answer with a handle.
struct StabilityAdapter: ProviderAdapter {
    static let kind = "stability"

    private let base: BaseURL

    init(_ node: ConfigNode) throws(ConfigError) {
        base = try BaseURL(node, standard: "https://api.stability.ai")
        for entry in node["models"]?.entries ?? [] {
            guard let service = StabilityService.named(entry.name) else { continue }
            for tier in entry.value["tiers"]?.entries ?? [] { try service.checkParameters(of: tier.value) }
        }
    }

    func knownCapabilities(of model: String) -> ModelCapabilities? {
        StabilityService.named(model)?.capabilities
    }

    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        switch call {
        case .create(let request, uploads: _):
            guard let service = StabilityService.named(request.model) else {
                throw ProviderFailure(.unavailable(.model), "no service is called '\(request.model)'")
            }
            let form = try StabilityForm(request, service: service)
            let url = base.appending("/v2beta/stable-image/" + service.path)
            var wire = WireRequest(.post, url, body: .form(form.parts), authentication: .bearer)
            // As JSON, because the verdict of the output filter is a header otherwise, which proxies lose. The services
            // that begin work take no such header.
            if !service.isAsynchronous { wire.headers = [("accept", "application/json")] }
            return wire
        case .poll(let handle):
            var wire = WireRequest(.get, pollURL(of: handle), authentication: .bearer)
            wire.headers = [("accept", "application/json")]
            return wire
        case .upload, .collect, .cancel:
            throw .foreignHandle(Self.kind)
        }
    }

    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        if case .poll(let handle) = call {
            if reply.status == 202 { return .pending(handle, after: Self.pollPause) }
            // Results are kept for a day; one that is gone was made and paid.
            if reply.status == 404 { throw ProviderFailure(.unusable, "the result is gone") }
        }
        guard reply.isSuccess else { throw StabilityFailure(reply, to: call).failure }
        if let handle = handle(in: reply, to: call) { return .pending(handle, after: Self.pollPause) }
        return .pictures([try StabilityResult(reply).picture], usage: nil)
    }

    /// Asking more often than once in ten seconds may be counted against the rate limit.
    private static let pollPause = Duration.seconds(10)

    private func handle(in reply: WireReply, to call: VendorCall) -> VendorHandle? {
        guard case .create(let request, uploads: _) = call,
            StabilityService.named(request.model)?.isAsynchronous == true,
            let id = reply.document?["id"]?.string, VendorHandle.isPlain(id)
        else { return nil }
        return VendorHandle(id: id, pollURL: resultURL(id))
    }

    private func resultURL(_ id: String) -> String { base.appending("/v2beta/results/" + id) }

    /// The handle's own address where it is ours to call; a record may be older than the configuration.
    private func pollURL(of handle: VendorHandle) -> String {
        base.isOrigin(of: handle.pollURL) ? handle.pollURL : resultURL(handle.id)
    }
}
