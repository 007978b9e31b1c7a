import Orchestrator

/// The vendor of `vendor.py`: `POST /draw` with a prompt and a size, answered by the bytes of one PNG.
struct EchoAdapter: ProviderAdapter {
    static let kind = "echo"

    /// `grain:` in a provider's entry is ours; a key that is listed nowhere is an error in `providers.yaml`.
    static let providerKeys: Set<String> = ["grain"]

    private let address: String
    private let grain: Int

    init(_ node: ConfigNode) throws(ConfigError) {
        address = try node.string("base_url")
        grain = try node["grain"]?.integer(in: 1...64) ?? 8
    }

    /// What its models can do where `providers.yaml` says nothing.
    func knownCapabilities(of model: String) -> ModelCapabilities? {
        var capabilities = ModelCapabilities(operations: [.generate])
        var sizes = FreeSizes()
        sizes.multipleOf = 8
        sizes.maxEdge = 2048
        capabilities.shapes = .free(sizes)
        return capabilities
    }

    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        guard case .create(let request, uploads: _) = call else {
            throw ProviderFailure(.unavailable(.unsupported), "this vendor answers at once: nothing to ask after")
        }
        let size = if case .size(let size) = request.shape { size } else { PixelSize(width: 512, height: 512) }
        guard let size else { throw ProviderFailure(.unavailable(.unsupported), "no size") }
        return WireRequest(
            .post,
            address + "/draw",
            body: .json([
                "model": .string(request.model), "prompt": .string(request.prompt), "grain": JSON(grain),
                "width": JSON(size.width), "height": JSON(size.height),
            ]),
            authentication: .header(name: "x-echo-key", prefix: "")
        )
    }

    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        if reply.isSuccess, case .picture(let bytes) = reply.body {
            return .pictures([VendorPicture(.blob(bytes))], usage: nil)
        }
        throw ProviderFailure(failure(of: reply), reply.document?["error"]?.string ?? "status \(reply.status)")
    }

    /// The vendor's own word comes first; the status is what is left where it has none.
    private func failure(of reply: WireReply) -> FailureKind {
        switch (reply.document?["error"]?.string, reply.status) {
        case ("refused", _): .refused
        case (_, 200..<300): .unusable
        case (_, 401), (_, 403): .unavailable(.credential)
        case (_, 429): .unavailable(.rateLimited(retryAfter: reply.retryAfter))
        case (_, 400..<500): .rejected
        default: .unavailable(.server(mayRepeat: true))
        }
    }
}
