import Orchestrator

/// OpenAI's Images API, and whatever server speaks it: generations as JSON, edits as a form, streams as events.
///
/// Every call is synchronous: there is no handle, and an answer that is lost was billed.
struct OpenAIAdapter: ProviderAdapter {
    static let kind = "openai"

    private let base: BaseURL

    init(_ node: ConfigNode) throws(ConfigError) {
        base = try BaseURL(node, standard: "https://api.openai.com/v1")
    }

    func knownCapabilities(of model: String) -> ModelCapabilities? {
        OpenAIModelFamily(model: model)?.capabilities
    }

    func tokenBound(of request: ProviderRequest) -> TokenUsage? {
        OpenAIModelFamily(model: request.model)?.tokenBound(of: request)
    }

    func tokenRule(of model: String) -> TokenRule? {
        OpenAIModelFamily(model: model)?.tokenRule
    }

    func encode(_ call: VendorCall) throws(ProviderFailure) -> WireRequest {
        switch call {
        case .create(let request, uploads: _):
            let body = try OpenAIBody(request)
            return WireRequest(
                .post,
                base.appending(body.path),
                body: body.wire,
                authentication: .bearer,
                reply: request.partialImages == nil ? .document : .events
            )
        case .upload, .poll, .collect, .cancel:
            throw .foreignHandle(Self.kind)
        }
    }

    func decode(_ reply: WireReply, to call: VendorCall) throws(ProviderFailure) -> Outcome {
        guard reply.isSuccess else { throw OpenAIFailure(reply).failure }
        if case .picture(let blob) = reply.body { return .pictures([VendorPicture(.blob(blob))], usage: nil) }
        guard let document = reply.document else {
            throw ProviderFailure(.unusable, "a success without a document")
        }
        // Relays are seen to wrap a vendor's error in a 200.
        if let failure = OpenAIFailure(document: document, status: reply.status) { throw failure.failure }
        let pictures = (document["data"]?.array ?? []).compactMap(picture)
        guard !pictures.isEmpty else { throw ProviderFailure(.unusable, "a success without pictures") }
        return .pictures(pictures, usage: OpenAIUsage.read(document["usage"], to: call))
    }

    func decode(_ event: WireEvent, to call: VendorCall) throws(ProviderFailure) -> StreamStep {
        let document = event.document
        if let failure = OpenAIFailure(event: event) { throw failure.failure }
        let type = document["type"]?.string ?? event.name
        if type.hasSuffix(".partial_image") {
            guard let picture = VendorPicture.inline(document["b64_json"]) else { return .ignored }
            return .partial(picture, index: max(0, document["partial_image_index"]?.int ?? 0))
        }
        if type.hasSuffix(".completed") {
            guard let picture = picture(document) else {
                throw ProviderFailure(.unusable, "a completed event without a picture")
            }
            return .completed(picture, usage: OpenAIUsage.read(document["usage"], to: call))
        }
        return .ignored
    }

    private func picture(_ item: JSON) -> VendorPicture? {
        let revised = item["revised_prompt"]?.string
        if let picture = VendorPicture.inline(item["b64_json"], revisedPrompt: revised) { return picture }
        guard let url = item["url"]?.string, !url.isEmpty else { return nil }
        if url.hasPrefix("data:") { return VendorPicture(.base64(url), revisedPrompt: revised) }
        return VendorPicture(.url(url, authenticated: base.isOrigin(of: url)), revisedPrompt: revised)
    }
}
