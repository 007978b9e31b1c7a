import Orchestrator

/// The form of one call; the API takes nothing else, even where there is no file.
struct StabilityForm {
    let parts: [FormPart]

    /// The bounds that hold for every service.
    private static let longestPrompt = 10_000
    private static let bodyBytes: Int64 = 10 << 20
    /// What boundaries and part headers may take of the body.
    private static let framing: Int64 = 16 << 10
    private static let highestSeed: UInt32 = 4_294_967_294
    /// How far a picture made from another may leave it, where the registry says nothing: 0 repeats it, 1 ignores it.
    private static let strength: JSON = JSON(0.65)

    init(_ request: ProviderRequest, service: StabilityService) throws(ProviderFailure) {
        try Self.checkPictures(request, service)
        let fields = try Self.fields(request, service).merging(parameters: request.parameters)
        var parts = fields.flatMap { FormField.parts($0.key, $0.value) }
        parts += zip(service.imageFields, request.references).map { FormPart($0, $1) }
        if let mask = request.mask { parts.append(FormPart("mask", mask)) }
        let size = parts.reduce(Self.framing) { $0 + $1.content.byteCount }
        guard size <= Self.bodyBytes else { throw Self.unsupported("a body over 10 MiB") }
        self.parts = parts
    }

    private static func fields(
        _ request: ProviderRequest,
        _ service: StabilityService
    ) throws(ProviderFailure) -> JSONObject {
        var fields = JSONObject()
        if let field = service.promptField, !request.words.isEmpty { fields[field] = .string(try text(request.words)) }
        let hasPicture = !request.references.isEmpty
        if let model = service.sharedModel {
            fields["model"] = .string(model)
            if hasPicture { fields["mode"] = "image-to-image" }
        }
        // From a picture, `sd3` takes that picture's shape and refuses to be told another.
        if service.fields.contains(.ratio), !(hasPicture && service.sharedModel != nil) {
            fields["aspect_ratio"] = try ratio(request.shape).map(JSON.string)
        } else if request.shape != .automatic {
            throw unsupported("\(service.name) keeps the shape of its picture")
        }
        if service.fields.contains(.strength), hasPicture { fields["strength"] = strength }
        if let negative = request.negativePrompt, service.fields.contains(.negativePrompt) {
            fields["negative_prompt"] = .string(try text(negative))
        }
        if let seed = request.seed, service.fields.contains(.seed) {
            guard seed <= highestSeed else { throw unsupported("a seed over \(highestSeed)") }
            fields["seed"] = JSON(Int(seed))
        }
        if let style = request.style, service.fields.contains(.style), StabilityService.styles.contains(style) {
            fields["style_preset"] = .string(style)
        }
        fields["output_format"] = .string(request.format.rawValue)
        return fields
    }

    private static func ratio(_ shape: Shape) throws(ProviderFailure) -> String? {
        let wanted: AspectRatio
        switch shape {
        case .automatic: return nil
        case .ratio(let ratio): wanted = ratio
        case .size(let size): wanted = size.ratio
        }
        guard let found = StabilityService.ratios.first(where: { $0.deviation(of: wanted) < 0.001 }) else {
            throw unsupported("the ratio \(wanted)")
        }
        return found.description
    }

    /// Counted as the vendor's runtime counts, in UTF-16 units, which is never fewer than characters.
    private static func text(_ text: String) throws(ProviderFailure) -> String {
        guard text.utf16.count <= longestPrompt else { throw unsupported("a prompt over \(longestPrompt) characters") }
        return text
    }

    private static func checkPictures(_ request: ProviderRequest, _ service: StabilityService) throws(ProviderFailure) {
        let count = request.references.count
        guard request.count == 1 else { throw unsupported("\(request.count) pictures in one call") }
        guard count == service.imageFields.count || count == 0 && service.generates else {
            throw unsupported("\(service.name) takes \(service.imageFields.count) pictures, not \(count)")
        }
        guard request.mask == nil || service.takesMask else { throw unsupported("\(service.name) takes no mask") }
        guard service.formats.contains(request.format) else {
            throw unsupported("\(service.name) makes no \(request.format.rawValue)")
        }
        for picture in request.references {
            let (short, long) = (
                min(picture.size.width, picture.size.height), max(picture.size.width, picture.size.height)
            )
            let limits = service.limits
            guard short >= limits.minEdge, long <= limits.maxEdge, picture.size.area <= limits.maxPixels,
                Double(long) <= limits.maxRatio * Double(short)
            else { throw unsupported("\(service.name) takes no picture of \(picture.size)") }
        }
    }

    private static func unsupported(_ what: String) -> ProviderFailure {
        ProviderFailure(.unavailable(.unsupported), "stability does not take \(what)")
    }
}

extension FormPart.Content {
    /// Bytes of the part's content.
    fileprivate var byteCount: Int64 {
        switch self {
        case .text(let text): Int64(text.utf8.count)
        case .file(let source, name: _, mediaType: _): source.byteCount
        }
    }
}
