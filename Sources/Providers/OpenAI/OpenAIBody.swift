import Orchestrator

/// The body of one call: the same fields as JSON for words alone, as a form where pictures go along.
///
/// Never sent: `response_format` and `style`, which today's models answer with 400, and anything not asked for.
struct OpenAIBody {
    /// Below the base address.
    let path: String
    let wire: WireBody

    /// The vendor's bounds for what is sent along (images guide and endpoint text, 2026-11).
    private static let mostReferences = 16
    private static let referenceBytes: Int64 = 50_000_000
    private static let maskBytes: Int64 = 4_000_000

    init(_ request: ProviderRequest) throws(ProviderFailure) {
        var fields = try Self.fields(request).merging(parameters: request.parameters)
        guard !request.references.isEmpty else {
            path = "/images/generations"
            wire = .json(.object(fields))
            return
        }
        try Self.check(request)
        // The form has no such field, and answers 400; a tier's parameters are for all operations alike.
        fields.remove("moderation")
        path = "/images/edits"
        let name = request.references.count == 1 ? "image" : "image[]"
        var parts = fields.flatMap { FormField.parts($0.key, $0.value) }
        parts += request.references.map { FormPart(name, $0) }
        if let mask = request.mask { parts.append(FormPart("mask", mask)) }
        wire = .form(parts)
    }

    private static func fields(_ request: ProviderRequest) throws(ProviderFailure) -> JSONObject {
        var fields: JSONObject = [
            "model": .string(request.model), "prompt": .string(request.words), "n": JSON(request.count),
            "size": .string(try size(request)), "quality": .string(request.quality),
            "output_format": .string(request.format.rawValue),
        ]
        if request.background != .auto {
            guard request.background != .transparent || request.format.canBeTransparent else {
                throw ProviderFailure(.unavailable(.unsupported), "jpeg cannot be transparent")
            }
            fields["background"] = .string(request.background.rawValue)
        }
        if let compression = request.compression, request.format != .png {
            fields["output_compression"] = JSON(compression)
        }
        fields["moderation"] = request.moderation.map { .string($0.rawValue) }
        fields["user"] = request.user.map(JSON.string)
        if let partials = request.partialImages {
            fields["stream"] = true
            if partials > 0 { fields["partial_images"] = JSON(partials) }
        }
        return fields
    }

    private static func size(_ request: ProviderRequest) throws(ProviderFailure) -> String {
        switch request.shape {
        case .automatic: return "auto"
        case .size(let size): return size.description
        case .ratio(let ratio):
            // The API knows no ratios; an entry that states some for a compatible server gets pixels of that ratio.
            let family = OpenAIModelFamily(model: request.model)
            guard let size = (family ?? .gpt2).size(of: ratio) else {
                throw ProviderFailure(.unavailable(.unsupported), "no size of ratio \(ratio)")
            }
            return size.description
        }
    }

    private static func check(_ request: ProviderRequest) throws(ProviderFailure) {
        guard request.references.count <= mostReferences else {
            throw ProviderFailure(.unavailable(.unsupported), "more than \(mostReferences) pictures")
        }
        guard request.references.allSatisfy({ $0.source.byteCount < referenceBytes }) else {
            throw ProviderFailure(.unavailable(.unsupported), "a picture of \(referenceBytes) bytes or more")
        }
        guard let mask = request.mask else { return }
        guard mask.format == .png, mask.source.byteCount < maskBytes, mask.size == request.references[0].size else {
            throw ProviderFailure(.unavailable(.unsupported), "a mask that is no PNG of the picture's size below 4 MB")
        }
    }
}
