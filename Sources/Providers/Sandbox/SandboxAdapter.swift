import Orchestrator

/// A vendor without network or price: a picture that depends on nothing but the request, for trying things out.
struct SandboxAdapter: LocalAdapter {
    static let kind = "sandbox"

    init(_ node: ConfigNode) throws(ConfigError) {}

    func knownCapabilities(of model: String) -> ModelCapabilities? {
        var capabilities = ModelCapabilities(operations: Set(Operation.allCases))
        capabilities.streams = true
        capabilities.shapes = .free(Self.bounds)
        capabilities.formats = [.png]
        capabilities.maxImages = 10
        capabilities.maxReferences = 16
        capabilities.masks = true
        capabilities.features = Set(Feature.allCases)
        return capabilities
    }

    /// Any size that one machine can draw without harm to what else it does.
    private static let bounds: FreeSizes = {
        var bounds = FreeSizes()
        bounds.maxEdge = 8192
        bounds.maxPixels = 4096 * 4096
        return bounds
    }()

    func draw(_ request: ProviderRequest) throws(ProviderFailure) -> [[UInt8]] {
        guard let size = size(of: request.shape), Self.bounds.contains(size) else {
            throw ProviderFailure(.unavailable(.unsupported), "the sandbox does not draw this size")
        }
        return (0..<request.count).map { index in
            let picture = PlaceholderPicture(
                prompt: caption(request),
                seed: seed(request, index),
                size: (size.width, size.height),
                isTransparent: request.background == .transparent
            )
            return picture.png()
        }
    }

    /// What `explain` shows; nothing is ever sent.
    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        guard case .create(let request, uploads: _) = call else { throw .foreignHandle(Self.kind) }
        var body: JSONObject = [
            "model": .string(request.model), "prompt": .string(request.words), "n": JSON(request.count),
            "output_format": "png",
        ]
        if request.background == .transparent { body["background"] = "transparent" }
        body["size"] = size(of: request.shape).map { .string($0.description) }
        body["seed"] = request.seed.map { JSON(Int($0)) }
        if !request.references.isEmpty { body["references"] = JSON(request.references.count) }
        return WireRequest(.post, "sandbox:draw", body: .json(.object(body)))
    }

    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        throw ProviderFailure(.unusable, "the sandbox makes no calls")
    }

    private func size(of shape: Shape) -> PixelSize? {
        switch shape {
        case .automatic: PixelSize(width: 1024, height: 1024)
        case .size(let size): size
        case .ratio(let ratio): PixelSize.natural(ratio, step: 8)
        }
    }

    private func caption(_ request: ProviderRequest) -> String {
        switch request.operation {
        case .generate: request.words
        case .edit: "edit: " + request.words
        case .variation: "variation"
        }
    }

    /// FNV-1a over all that shall make a difference: equal requests give equal pictures, and a reference, a mask, a
    /// seed or the place within `n` gives another.
    private func seed(_ request: ProviderRequest, _ index: Int) -> UInt64 {
        let parts =
            [request.operation.rawValue, request.words, request.seed.map(String.init) ?? "", String(index)]
            + request.references.map(\.digest) + [request.mask?.digest ?? ""]
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in parts {
            for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            // Ends each part, so that moving a byte from one to the next changes the sum.
            hash = (hash ^ 0xFF) &* 0x0000_0100_0000_01B3
        }
        return hash
    }
}
