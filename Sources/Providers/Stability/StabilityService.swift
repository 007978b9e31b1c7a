import Orchestrator

/// One service of the v2beta API: its path, and what its form may hold.
struct StabilityService: Sendable, Hashable {
    /// What an operator writes as the model: the last part of the path, or the model of the shared `sd3` service.
    var name: String
    /// Below `/v2beta/stable-image/`.
    var path: String
    /// The field of the caller's words; nil where the service takes none.
    var promptField: String?
    /// The file fields of the reference pictures, in order.
    var imageFields: [String] = []
    /// Whether it works without a picture.
    var generates = false
    /// The word for `model`, where several share a path.
    var sharedModel: String?
    /// Optional fields that it takes.
    var fields: Set<Field> = [.seed, .negativePrompt, .style]
    var takesMask = false
    /// Fields that the registry must state for every tier; of a group, one over zero is enough.
    var required = Required.nothing
    var formats: Set<ImageFormat> = Set(ImageFormat.allCases)
    /// Whether the reply is a handle.
    var isAsynchronous = false
    var limits = Limits()

    /// The optional fields with a meaning of their own here; all others come from the registry.
    enum Field: Sendable, Hashable {
        case seed, negativePrompt, style, ratio
        /// How much the picture counts, 0...1; required with one.
        case strength
    }

    /// What a service cannot do without and no caller's request holds.
    enum Required: Sendable, Hashable {
        case nothing
        case field(String)
        case positive(anyOf: [String])
    }

    /// Bounds of the pictures sent along.
    struct Limits: Sendable, Hashable {
        var minEdge = 64
        var maxEdge = 16_384
        var maxPixels = 9_437_184
        /// Longest edge over shortest edge.
        var maxRatio = Double.infinity

        /// What most services of the edit and control groups take.
        static let edit = Limits(maxRatio: 2.5)
    }

    var capabilities: ModelCapabilities {
        var capabilities = ModelCapabilities(operations: generates ? [.generate] : [])
        if !imageFields.isEmpty {
            capabilities.operations.insert(.edit)
            // Without a mask or a second picture a new one like the first can be asked for, where words steer it.
            if fields.contains(.strength) { capabilities.operations.insert(.variation) }
        }
        capabilities.shapes = .ratios(fields.contains(.ratio) ? Self.ratios : [])
        capabilities.formats = formats
        capabilities.maxReferences = imageFields.count
        capabilities.masks = takesMask
        capabilities.maskPolarity = .white
        if fields.contains(.seed) { capabilities.features.insert(.seed) }
        if fields.contains(.negativePrompt) { capabilities.features.insert(.negativePrompt) }
        if fields.contains(.style) {
            capabilities.features.insert(.style)
            capabilities.styles = Self.styles
        }
        return capabilities
    }

    /// Finds what a tier's `params` lack.
    func checkParameters(of tier: ConfigNode) throws(ConfigError) {
        let parameters = tier["params"]
        switch required {
        case .nothing: return
        case .field(let name):
            guard let text = try parameters?.optionalString(name), !text.isEmpty else {
                throw tier.error("params", "the service \(self.name) needs '\(name)'", hint: "params: {\(name): …}")
            }
        case .positive(anyOf: let names):
            for name in names {
                if let value = parameters?[name], try value.number() > 0 { return }
            }
            throw tier.error(
                "params",
                "the service \(name) needs one of \(names.joined(separator: ", ")) over 0",
                hint: "params: {\(names[0]): 256}"
            )
        }
    }
}
