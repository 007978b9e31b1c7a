import Orchestrator

/// The `input` of one prediction: what was asked for, under the model's own names, and nothing else.
struct ReplicateInput {
    private(set) var fields = JSONObject()
    private let model: ReplicateModel

    init(
        _ request: ProviderRequest,
        model: ReplicateModel,
        uploads: [String: String]
    ) throws(ProviderFailure) {
        self.model = model
        if let prompt = model.prompt { fields[prompt] = .string(request.words) }
        try addPictures(request, uploads)
        try addShape(request.shape)
        try addCount(request.count)
        try addSeed(request.seed)
        if let field = model.negativePrompt { fields[field] = request.negativePrompt.map(JSON.string) }
        try addFormat(request)
        if let field = model.background, request.background != .auto {
            fields[field] = .string(request.background.rawValue)
        }
        if let field = model.moderation { fields[field] = request.moderation.map { .string($0.rawValue) } }
        if let field = model.quality { fields[field] = .string(request.quality) }
        if let field = model.user { fields[field] = request.user.map(JSON.string) }
        fields = fields.merging(parameters: request.parameters)
    }

    private mutating func addPictures(
        _ request: ProviderRequest,
        _ uploads: [String: String]
    ) throws(ProviderFailure) {
        guard !request.references.isEmpty else {
            guard model.generates else { throw unsupported("words without a picture") }
            return
        }
        guard let images = model.images, request.references.count <= images.most else {
            throw unsupported("\(request.references.count) pictures")
        }
        var addresses: [JSON] = []
        for picture in request.references { addresses.append(try address(picture, uploads)) }
        fields[images.field] = images.isList ? .array(addresses) : addresses[0]
        if let mask = request.mask {
            guard let field = model.mask?.field else { throw unsupported("a mask") }
            fields[field] = try address(mask, uploads)
        } else if model.mask?.isRequired == true {
            throw unsupported("a picture without a mask")
        }
    }

    private func address(_ picture: InputImage, _ uploads: [String: String]) throws(ProviderFailure) -> JSON {
        if let uploaded = uploads[picture.digest] { return .string(uploaded) }
        guard let inline = DataURI(picture) else { throw unsupported("a picture that was not handed over") }
        return .string(inline.text)
    }

    private mutating func addShape(_ shape: Shape) throws(ProviderFailure) {
        switch shape {
        case .automatic: return
        case .size(let size):
            if setSize(size) || setRatio(size.ratio) { return }
            throw unsupported("the size \(size)")
        case .ratio(let ratio):
            if setRatio(ratio) || PixelSize.natural(ratio).map({ setSize($0) }) == true || setWord(of: ratio) { return }
            throw unsupported("the ratio \(ratio)")
        }
    }

    private mutating func setSize(_ size: PixelSize) -> Bool {
        switch model.size {
        case .words(let field, let words)?:
            guard words?.contains(size.description) ?? true else { return false }
            fields[field] = .string(size.description)
        case .edges(let width, let height, let bounds, let toggle)?:
            guard bounds.contains(size) else { return false }
            if let toggle { fields[toggle.field] = .string(toggle.word) }
            fields[width] = JSON(size.width)
            fields[height] = JSON(size.height)
        case nil: return false
        }
        return true
    }

    private mutating func setRatio(_ ratio: AspectRatio) -> Bool {
        guard let field = model.ratio?.field else { return false }
        guard let words = model.ratio?.words else {
            fields[field] = .string(ratio.description)
            return true
        }
        guard let word = words.first(where: { AspectRatio($0)?.deviation(of: ratio) == 0 }) else { return false }
        fields[field] = .string(word)
        return true
    }

    /// The first of the model's sizes that has the ratio, near enough for no eye to see.
    private mutating func setWord(of ratio: AspectRatio) -> Bool {
        guard case .words(let field, let words?)? = model.size,
            let word = words.first(where: { word in
                PixelSize(word).map { $0.ratio.deviation(of: ratio) < 0.01 } ?? false
            })
        else { return false }
        fields[field] = .string(word)
        return true
    }

    private mutating func addCount(_ count: Int) throws(ProviderFailure) {
        guard count > 1 else { return }
        guard let field = model.count else { throw unsupported("\(count) pictures in one run") }
        if let toggle = field.toggle { fields[toggle.field] = .string(toggle.word) }
        fields[field.field] = JSON(count)
    }

    private mutating func addSeed(_ seed: UInt32?) throws(ProviderFailure) {
        guard let seed, let field = model.seed else { return }
        guard seed <= field.highest else { throw unsupported("a seed over \(field.highest)") }
        fields[field.field] = JSON(Int(seed))
    }

    private mutating func addFormat(_ request: ProviderRequest) throws(ProviderFailure) {
        if let format = model.format {
            guard let word = format.words[request.format] else { throw unsupported("the format \(request.format)") }
            fields[format.field] = .string(word)
        }
        if let field = model.compression, let compression = request.compression, request.format != .png {
            fields[field] = JSON(compression)
        }
    }

    private func unsupported(_ what: String) -> ProviderFailure {
        ProviderFailure(.unavailable(.unsupported), "the model does not take \(what)")
    }
}
