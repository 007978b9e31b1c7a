extension ImageRequest {
    /// Characters of a prompt, as OpenAI's limit for its image models.
    static let longestPrompt = 32_000
    static let longestNegativePrompt = 10_000
    /// Bytes of `metadata` as JSON.
    static let largestMetadata = 16 << 10
    /// Reference pictures, as OpenAI's limit.
    package static let mostReferences = 16

    /// Reads the fields that all image routes share; pictures are added by the caller, which then calls `validate`.
    package init(_ operation: Operation, fields: JSONObject, isForm: Bool = false) throws(APIError) {
        self.init(operation: operation)
        let reader = FieldReader(fields, isForm: isForm)
        try readWords(reader)
        try readShape(reader)
        try readDelivery(reader)
        if let routing = try reader.object("routing") {
            self.routing = try RoutingWishes(FieldReader(routing, prefix: "routing."))
        }
        if let metadata = try reader.object("metadata") {
            let text = JSON.object(metadata).text
            guard text.utf8.count <= Self.largestMetadata else {
                throw reader.invalid("metadata", "must have at most \(Self.largestMetadata) bytes")
            }
            guard !JSON.object(metadata).containsNUL else {
                throw reader.invalid("metadata", "must not contain U+0000")
            }
            self.metadata = metadata
        }
    }

    private mutating func readWords(_ reader: FieldReader) throws(APIError) {
        model = try reader.string("model", atMost: 256) ?? ""
        if let text = try reader.string("prompt", atMost: Self.longestPrompt) {
            guard text.contains(where: { !$0.isWhitespace }) || operation == .variation else {
                throw reader.invalid("prompt", "must not be blank")
            }
            prompt = text
        } else if operation != .variation {
            throw APIError.missingField("prompt")
        }
        negativePrompt = try reader.string("negative_prompt", atMost: Self.longestNegativePrompt)
        style = try reader.string("style", atMost: 100)
        user = try reader.string("user", atMost: 512)
        moderation = try reader.choice("moderation")
        seed = try reader.integer("seed", in: 0...Int(UInt32.max)).map { UInt32($0) }
        count = try reader.integer("n", in: 1...10) ?? 1
        if let word = try reader.string("quality", atMost: 100) {
            guard let quality = Quality(word) else {
                throw reader.invalid(
                    "quality",
                    "'\(word)' is none of low, medium, high, xhigh, max, auto, standard, hd"
                )
            }
            self.quality = quality
            qualityWord = word
        }
    }

    private mutating func readShape(_ reader: FieldReader) throws(APIError) {
        if let text = try reader.string("size", atMost: 100), text != "auto" {
            guard let size = PixelSize(text) else { throw reader.invalid("size", "must be 'WIDTHxHEIGHT' or 'auto'") }
            self.size = size
        }
        if let text = try reader.string("aspect_ratio", atMost: 100), text != "auto" {
            guard let ratio = AspectRatio(text) else {
                throw reader.invalid("aspect_ratio", "must be 'W:H', such as '3:2'")
            }
            if let size, size.ratio.deviation(of: ratio) > ShapeMapping.resampleTolerance {
                throw reader.invalid("aspect_ratio", "\(ratio) contradicts the size \(size)")
            }
            aspectRatio = ratio
        }
    }

    private mutating func readDelivery(_ reader: FieldReader) throws(APIError) {
        background = try reader.choice("background") ?? .auto
        if let word = try reader.string("output_format", atMost: 100) {
            guard let format = ImageFormat(name: word) else {
                throw reader.invalid("output_format", "'\(word)' is none of png, jpeg, webp")
            }
            self.format = format
        }
        compression = try reader.integer("output_compression", in: 0...100)
        if compression == 100, wantedFormat == .png { compression = nil }
        guard compression == nil || wantedFormat != .png else {
            throw reader.invalid("output_compression", "is for jpeg and webp; png is always lossless")
        }
        guard background != .transparent || wantedFormat.canBeTransparent else {
            throw reader.invalid("background", "a transparent background needs output_format png or webp")
        }
        responseFormat = try reader.choice("response_format")
        stream = try reader.bool("stream") ?? false
        partialImages = try reader.integer("partial_images", in: 0...3) ?? 0
    }

    /// Checks what is known only once the pictures are there.
    package func validate() throws(APIError) {
        switch operation {
        case .generate: return
        case .edit where references.isEmpty, .variation where references.isEmpty:
            throw .missingField("image")
        case .variation where references.count > 1:
            throw .invalidValue("image", "a variation is made of one image")
        case .edit, .variation: break
        }
        guard references.count <= Self.mostReferences else {
            throw .invalidValue("image", "at most \(Self.mostReferences) images, not \(references.count)")
        }
        if let mask {
            guard mask.format == .png else { throw .invalidValue("mask", "must be a PNG") }
            guard mask.hasAlpha else {
                throw .invalidValue("mask", "has no alpha channel; transparent pixels are edited")
            }
            guard mask.size == references[0].size else {
                throw .invalidValue("mask", "is \(mask.size), but the first image is \(references[0].size)")
            }
        }
    }
}

extension RoutingWishes {
    init(_ reader: FieldReader) throws(APIError) {
        self.init()
        policy = try reader.string("policy", atMost: 100)
        maxCost = try reader.dollars("max_cost_usd")
        minScore = try reader.number("min_score")
        providers = try reader.strings("providers")
        exclude = try reader.strings("exclude") ?? []
        fidelity = try reader.choice("fidelity")
        fallback = try reader.bool("fallback")
        maxAttempts = try reader.integer("max_attempts", in: 1...6)
    }
}

extension JSON {
    /// Whether U+0000 is in any text or name of the document.
    fileprivate var containsNUL: Bool {
        switch self {
        case .null, .bool, .number, .blob: false
        case .string(let text): text.utf8.contains(0)
        case .array(let elements): elements.contains(where: \.containsNUL)
        case .object(let members): members.contains { $0.key.utf8.contains(0) || $0.value.containsNUL }
        }
    }
}
