import Orchestrator

extension ReplicateModel {
    /// Reads `version` and `inputs` of a model's entry over what is known of the model.
    init(id: String, _ node: ConfigNode) throws(ConfigError) {
        self = Self.known[id] ?? ReplicateModel()
        if let version = try node.optionalString("version") { self.version = version }
        guard version != nil || Self.isOwnerAndName(id) else {
            throw node.error("'\(id)' is no owner/name", hint: "a model of another name needs its version")
        }
        for entry in node["inputs"]?.entries ?? [] { try apply(entry.name, entry.value) }
    }

    /// One key of `inputs`: the name of the model's field, or nothing for a field that it does not have.
    private mutating func apply(_ key: String, _ value: ConfigNode) throws(ConfigError) {
        let field = value.isNull ? nil : try value.string()
        switch key {
        case "prompt": prompt = field
        case "image": images = field.map { Images(field: $0, isList: false, most: 1) }
        case "images": images = field.map { Images(field: $0, isList: true, most: images?.most ?? 16) }
        case "mask": mask = field.map { Mask(field: $0, polarity: mask?.polarity ?? .white) }
        case "mask_polarity": mask = Mask(field: mask?.field ?? "mask", polarity: try value.choice())
        case "ratio": ratio = field.map { Ratio(field: $0, words: ratio?.words) }
        case "size": size = field.map { .words(field: $0, words: nil) }
        case "width": setEdges(width: field, height: nil)
        case "height": setEdges(width: nil, height: field)
        case "n": count = field.map { Count(field: $0, most: count?.most ?? 4) }
        case "seed": seed = field.map { Seed(field: $0, highest: seed?.highest ?? .max) }
        case "negative_prompt": negativePrompt = field
        case "format": format = field.map { Format(field: $0, words: format?.words ?? Self.usualFormats) }
        case "jpeg": format?.words[.jpeg] = field
        case "compression": compression = field
        case "background": background = field
        case "moderation": moderation = field
        case "quality": quality = field
        case "user": user = field
        default:
            throw value.error("unknown input '\(key)'", hint: "one of \(Self.inputKeys.joined(separator: ", "))")
        }
    }

    private mutating func setEdges(width: String?, height: String?) {
        guard case .edges(let oldWidth, let oldHeight, let bounds, let toggle)? = size else {
            size = .edges(width: width ?? "width", height: height ?? "height", bounds: FreeSizes())
            return
        }
        size = .edges(width: width ?? oldWidth, height: height ?? oldHeight, bounds: bounds, toggle: toggle)
    }

    private static let inputKeys = [
        "prompt", "image", "images", "mask", "mask_polarity", "ratio", "size", "width", "height", "n", "seed",
        "negative_prompt", "format", "jpeg", "compression", "background", "moderation", "quality", "user",
    ]

    private static let usualFormats: [ImageFormat: String] = [.png: "png", .jpeg: "jpg", .webp: "webp"]
}
