import Orchestrator

/// A valid call to draw, with every default filled in.
struct OpenAIOrder: Sendable {
    var model: OpenAIModel
    var prompt: String
    var count: Int
    var width: Int
    var height: Int
    var quality: String
    var format: ImageFormat
    var background: String
    var streams: Bool
    var partialCount: Int
    var isEdit: Bool
    /// Tokens of the pictures sent along.
    var inputImageTokens = 0
    var safetyIdentifier: String?
}

extension OpenAIOrder {
    private static let common: Set<String> = [
        "prompt", "model", "n", "size", "quality", "background", "output_format", "output_compression", "stream",
        "partial_images", "safety_identifier", "user",
    ]

    /// Checks everything but the pictures sent along.
    init(_ parameters: OpenAIParameters, isEdit: Bool, today: String) throws(Refusal) {
        model = try OpenAIOrder.model(parameters, isEdit: isEdit, today: today)
        self.isEdit = isEdit
        try OpenAIOrder.refuseUnknown(parameters, model: model, isEdit: isEdit)
        guard let prompt = try parameters.string("prompt"), !prompt.isEmpty else {
            throw .openAI("missing_required_parameter", "prompt", "Missing required parameter: 'prompt'.")
        }
        guard prompt.unicodeScalars.count <= 32_000 else {
            throw .openAI("string_above_max_length", "prompt", "Invalid 'prompt': string too long.")
        }
        self.prompt = prompt
        count = try parameters.integer("n", in: 1...10) ?? 1
        let quality = try parameters.choice("quality", of: model.qualities + ["auto"]) ?? "auto"
        self.quality = quality == "auto" ? "high" : quality
        let background = try parameters.choice("background", of: ["transparent", "opaque", "auto"]) ?? "auto"
        self.background = background == "auto" ? "opaque" : background
        _ = try parameters.choice("moderation", of: ["auto", "low"])
        format = try OpenAIOrder.format(parameters, model: model)
        try OpenAIOrder.checkFormat(parameters, format: format, background: background)
        streams = try parameters.bool("stream") ?? false
        partialCount = try parameters.integer("partial_images", in: 0...3) ?? 0
        guard streams || parameters["partial_images"] == nil else {
            throw .openAI("invalid_value", "partial_images", "'partial_images' is only supported with 'stream'.")
        }
        (width, height) = try OpenAIOrder.size(parameters, model: model)
        _ = try parameters.string("user")
        safetyIdentifier = try parameters.string("safety_identifier")
        if isEdit {
            let words = model.takesHighFidelity ? ["high", "low"] : ["low"]
            _ = try parameters.choice("input_fidelity", of: words)
        }
        _ = try parameters.choice("complexity", of: ["low", "medium", "high"])
    }

    private static func model(
        _ parameters: OpenAIParameters,
        isEdit: Bool,
        today: String
    ) throws(Refusal) -> OpenAIModel {
        // Without a model the vendor falls back to one that is long gone, but for edits in JSON.
        let fallback = isEdit && !parameters.isForm ? "gpt-image-1.5" : "dall-e-2"
        let name = try parameters.string("model") ?? fallback
        guard let model = OpenAIModel.all.first(where: { $0.name == name }), model.shutdown.map({ today < $0 }) ?? true
        else {
            throw .openAI("model_not_found", "model", "The model '\(name)' does not exist.", status: 404)
        }
        return model
    }

    private static func refuseUnknown(
        _ parameters: OpenAIParameters,
        model: OpenAIModel,
        isEdit: Bool
    ) throws(Refusal) {
        var known = common
        if !isEdit || !parameters.isForm { known.insert("moderation") }
        if isEdit, !parameters.isForm { known.formUnion(["images", "mask"]) }
        if isEdit, model.generation == .fixedSizes { known.insert("input_fidelity") }
        if isEdit, !parameters.isForm, model.generation >= .twoFive { known.insert("markup") }
        if model.generation == .twoSix { known.insert("complexity") }
        for name in parameters.values.keys where !known.contains(name) {
            throw .openAI("unknown_parameter", name, "Unknown parameter: '\(name)'.")
        }
    }

    private static func format(_ parameters: OpenAIParameters, model: OpenAIModel) throws(Refusal) -> ImageFormat {
        let preview = model.generation == .twoSix ? ["gif", "svg"] : []
        let word = try parameters.choice("output_format", of: ["png", "jpeg", "webp"] + preview) ?? "png"
        guard let format = ImageFormat(name: word) else {
            throw .openAI(nil, "output_format", "Your organization has no access to '\(word)' output.", status: 403)
        }
        return format
    }

    private static func checkFormat(
        _ parameters: OpenAIParameters,
        format: ImageFormat,
        background: String
    ) throws(Refusal) {
        if let compression = try parameters.integer("output_compression", in: 0...100), format == .png,
            compression < 100
        {
            throw .openAI(
                "invalid_value",
                "output_compression",
                "Compression less than 100 is not supported for PNG output format."
            )
        }
        if background == "transparent", format == .jpeg {
            throw .openAI(
                "invalid_value",
                "background",
                "Transparent background is not supported for JPEG output format."
            )
        }
    }

    private static func size(
        _ parameters: OpenAIParameters,
        model: OpenAIModel
    ) throws(Refusal) -> (width: Int, height: Int) {
        guard let text = try parameters.string("size"), text != "auto" else { return (1024, 1024) }
        guard let size = PixelSize(text), model.takes(width: size.width, height: size.height) else {
            let list = OpenAIModel.fixedSizes.map { "'\($0)'" }.joined(separator: ", ")
            throw .openAI(
                "invalid_value",
                "size",
                "Invalid value: '\(text)'. Supported values are: \(list), and 'auto'."
            )
        }
        return (size.width, size.height)
    }
}
