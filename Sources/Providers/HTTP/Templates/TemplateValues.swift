import Orchestrator

/// What the variables of a template stand for in one call.
protocol TemplateValues {
    /// Nil where a variable has no value, which leaves out whatever is made of it.
    func json(of variable: Variable) throws(ProviderFailure) -> JSON?
}

/// The values of a request.
struct RequestValues: TemplateValues {
    var request: ProviderRequest
    /// Names that the vendor gave to pictures, by digest.
    var uploads: [String: String]
    var declared: [DeclaredValue]
    /// The picture at hand within `$each`.
    var current: InputImage?

    func json(of variable: Variable) throws(ProviderFailure) -> JSON? {
        switch variable {
        case .field(let field): return value(of: field)
        case .declared(let index): return try declared[index].value(self)
        case .picture(.all, let form):
            guard !request.references.isEmpty else { return nil }
            var list: [JSON] = []
            for picture in request.references { list.append(try value(of: picture, as: form)) }
            return .array(list)
        case .picture(let choice, let form):
            guard let picture = pictures(choice).first else { return nil }
            return try value(of: picture, as: form)
        case .workID, .item: return nil
        }
    }

    /// The pictures that a choice means, none where the request has none of them.
    func pictures(_ choice: PictureChoice) -> [InputImage] {
        switch choice {
        case .current: [current ?? request.references.first].compactMap(\.self)
        case .at(let index): request.references.indices.contains(index) ? [request.references[index]] : []
        case .all: request.references
        case .mask: [request.mask].compactMap(\.self)
        }
    }

    private func value(of field: RequestField) -> JSON? {
        switch field {
        case .prompt: .string(request.words)
        case .negativePrompt: request.negativePrompt.map { .string($0) }
        case .model: .string(request.model)
        case .operation: .string(request.operation.rawValue)
        case .count: JSON(request.count)
        case .width: size.map { JSON($0.width) }
        case .height: size.map { JSON($0.height) }
        case .size: size.map { .string($0.description) }
        case .ratio: ratio.map { .string($0.description) }
        case .ratioWidth: ratio.map { JSON($0.width) }
        case .ratioHeight: ratio.map { JSON($0.height) }
        case .tier: .string(request.tier.rawValue)
        case .quality: .string(request.quality)
        case .format: .string(request.format.rawValue)
        case .mediaType: .string(request.format.mediaType)
        case .compression: request.format == .png ? JSON?.none : request.compression.map { JSON($0) }
        case .background: request.background == .auto ? JSON?.none : .string(request.background.rawValue)
        case .moderation: request.moderation.map { .string($0.rawValue) }
        case .style: request.style.map { .string($0) }
        case .user: request.user.map { .string($0) }
        case .seed: request.seed.map { JSON(Int64($0)) }
        case .timeLimit: JSON(max(1, request.timeLimit.components.seconds))
        }
    }

    private var size: PixelSize? { if case .size(let size) = request.shape { size } else { nil } }

    private var ratio: AspectRatio? {
        switch request.shape {
        case .automatic: nil
        case .size(let size): size.ratio
        case .ratio(let ratio): ratio
        }
    }

    private func value(of picture: InputImage, as form: PictureForm) throws(ProviderFailure) -> JSON {
        switch form {
        case .base64: return .string(try base64(picture))
        case .dataURI: return .string("data:\(picture.format.mediaType);base64," + (try base64(picture)))
        case .mediaType: return .string(picture.format.mediaType)
        case .width: return JSON(picture.size.width)
        case .height: return JSON(picture.size.height)
        case .uploaded:
            guard let name = uploads[picture.digest] else {
                throw ProviderFailure(.unavailable(.unsupported), "a picture was not handed over")
            }
            return .string(name)
        // Files are parts of forms, which take them from `pictures`.
        case .file: return .null
        }
    }

    private func base64(_ picture: InputImage) throws(ProviderFailure) -> String {
        guard case .bytes(let bytes) = picture.source else {
            throw ProviderFailure(.unavailable(.unsupported), "a picture lies in a file")
        }
        return String(decoding: Base64.encode(bytes.span), as: UTF8.self)
    }
}

/// The values of a call about work under way.
struct WorkValues: TemplateValues {
    var ticket: WorkTicket

    func json(of variable: Variable) -> JSON? {
        switch variable {
        case .workID: .string(ticket.id)
        case .field(.model): .string(ticket.model)
        case .field(.operation): .string(ticket.operation.rawValue)
        case .field, .picture, .declared, .item: nil
        }
    }
}

/// The values of one item of a result.
struct ItemValues: TemplateValues {
    var item: JSON

    func json(of variable: Variable) -> JSON? {
        if case .item(let pointer) = variable { pointer.first(in: item) } else { nil }
    }
}
