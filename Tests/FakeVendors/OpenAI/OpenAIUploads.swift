import Orchestrator

/// The pictures of an edit, checked as the vendor checks them.
struct OpenAIUploads {
    /// Largest uploads in bytes; tests shrink them rather than send so much.
    package struct Limits: Sendable {
        package var image = 50 << 20
        package var mask = 4 << 20
        package var dataURLCharacters = 20_971_520
    }

    private struct Upload {
        var bytes: [UInt8]
        /// Nil for a link that nobody here can follow.
        var facts: ImageFacts?
    }

    let limits: Limits
    private var images: [Upload] = []
    private var mask: Upload?
    private var markup: Upload?

    /// Reads `image` or `image[]`, `mask` and `markup` from a form.
    init(_ form: FormBody, model: OpenAIModel, limits: Limits) throws(Refusal) {
        self.limits = limits
        let names = ["image", "image[]", "mask"] + (model.generation >= .twoFive ? ["markup"] : [])
        for part in form.parts where part.fileName != nil && !names.contains(part.name) {
            throw .openAI("unknown_parameter", part.name, "Unknown parameter: '\(part.name)'.")
        }
        for name in ["image", "mask", "markup"] where form.all(name).count > 1 {
            throw .openAI("duplicate_parameter", name, "Duplicate parameter: '\(name)'. Use '\(name)[]' for a list.")
        }
        for part in form.parts where part.name == "image" || part.name == "image[]" {
            images.append(try OpenAIUploads.file(part, limit: limits.image))
        }
        if let part = form.file("mask") { mask = try OpenAIUploads.file(part, limit: limits.mask) }
        if let part = form.file("markup") { markup = try OpenAIUploads.file(part, limit: limits.image) }
        try check()
    }

    /// Reads `images`, `mask` and `markup` from JSON.
    init(_ body: JSONObject, limits: Limits) throws(Refusal) {
        self.limits = limits
        for reference in body["images"]?.array ?? [] {
            images.append(try OpenAIUploads.reference(reference, "images", limits))
        }
        if let reference = body["mask"], !reference.isNull {
            mask = try OpenAIUploads.reference(reference, "mask", limits)
        }
        if let reference = body["markup"], !reference.isNull {
            markup = try OpenAIUploads.reference(reference, "markup", limits)
        }
        try check()
    }

    /// What the pictures cost as input; the vendor's own rule is not known, this one only grows with the area.
    var tokens: Int {
        images.reduce(0) { $0 + 65 + ($1.facts.map { ($0.width * $0.height + 4095) / 4096 } ?? 0) }
    }

    private static func file(_ part: FormBody.Part, limit: Int) throws(Refusal) -> Upload {
        guard part.fileName != nil else { throw .openAIType(part.name, "a file") }
        let type = part.contentType ?? "application/octet-stream"
        guard ImageFormat(mediaType: type) != nil else {
            throw .openAI(
                "unsupported_file_mimetype",
                part.name,
                "Invalid file '\(part.name)': unsupported mimetype ('\(type)')."
            )
        }
        return try upload(part.bytes, part.name, limit: limit)
    }

    private static func upload(_ bytes: [UInt8], _ param: String, limit: Int) throws(Refusal) -> Upload {
        guard bytes.count < limit else {
            throw .openAI("invalid_value", param, "The file is larger than \(limit >> 20) MB.", status: 413)
        }
        guard let facts = try? ImageInspector.facts(of: bytes) else {
            throw .openAI("invalid_image_file", param, "Invalid image file or mode for image.")
        }
        return Upload(bytes: bytes, facts: facts)
    }

    /// One of `{image_url}` and `{file_id}`.
    private static func reference(_ value: JSON, _ param: String, _ limits: Limits) throws(Refusal) -> Upload {
        guard let object = value.object, object.count == 1,
            let (key, target) = object.first.map({ ($0.key, $0.value) }),
            let text = target.string, key == "image_url" || key == "file_id"
        else { throw .openAI("invalid_value", param, "Provide exactly one of 'image_url' and 'file_id'.") }
        guard key == "image_url" else {
            throw .openAI("invalid_value", param, "No such File object: \(text).", status: 404)
        }
        guard text.utf8.count <= limits.dataURLCharacters else {
            throw .openAI("string_above_max_length", param, "Invalid '\(param)': string too long.")
        }
        if text.hasPrefix("https://") { return Upload(bytes: [], facts: nil) }
        guard let data = DataURL(text), data.mediaType.hasPrefix("image/") else {
            throw .openAI("invalid_value", param, "Expected an https URL or a base64 data URL of an image.")
        }
        return try upload(data.bytes, param, limit: param == "mask" ? limits.mask : limits.image)
    }

    private func check() throws(Refusal) {
        guard let first = images.first else {
            throw .openAI("missing_required_parameter", "image", "Missing required parameter: 'image'.")
        }
        guard images.count <= 16 else {
            throw .openAI("invalid_value", "image", "Too many images: expected at most 16, got \(images.count).")
        }
        if mask != nil, markup != nil {
            throw .openAI("invalid_value", "markup", "'markup' cannot be used together with 'mask'.")
        }
        if let mask { try overlay(mask, "mask", over: first) }
        if let markup { try overlay(markup, "markup", over: first) }
    }

    private func overlay(_ overlay: Upload, _ param: String, over image: Upload) throws(Refusal) {
        guard let facts = overlay.facts, let under = image.facts else { return }
        guard facts.format == .png else {
            throw .openAI("invalid_image_format", param, "Invalid \(param): must be a PNG.")
        }
        guard facts.width == under.width, facts.height == under.height else {
            throw .openAI("invalid_value", param, "Invalid \(param): must have the same dimensions as the first image.")
        }
        guard facts.hasAlpha else {
            throw .openAI("invalid_value", param, "Invalid \(param): an alpha channel is required.")
        }
    }
}
