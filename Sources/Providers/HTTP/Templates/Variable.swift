import Orchestrator

/// What a template can name.
enum Variable: Sendable, Hashable {
    /// A part of the request.
    case field(RequestField)
    /// Something of a picture that was sent along.
    case picture(PictureChoice, PictureForm)
    /// A value that the file declares, by its position.
    case declared(Int)
    /// The vendor's id of work under way.
    case workID
    /// What one item of a result says.
    case item(Pointer)
}

/// The parts of a request, by their names in templates.
enum RequestField: String, Sendable, CaseIterable {
    case prompt
    case negativePrompt = "negative_prompt"
    case model
    case operation
    /// Pictures asked of this call.
    case count
    case width, height
    /// `WxH`.
    case size
    /// `W:H`, of a ratio or of a size in lowest terms.
    case ratio
    case ratioWidth = "ratio_width"
    case ratioHeight = "ratio_height"
    case tier
    /// The vendor's word for the tier.
    case quality
    /// `png`, `jpeg`, `webp`.
    case format
    /// `image/png` and so on.
    case mediaType = "media_type"
    case compression, background, moderation, style, user, seed
    /// Whole seconds left for the attempt.
    case timeLimit = "time_limit"
}

/// Which of the pictures of a request.
enum PictureChoice: Sendable, Hashable {
    /// Within `$each` the one at hand, elsewhere the first.
    case current
    /// By position, from 0.
    case at(Int)
    case all
    case mask
}

/// In what form a picture is put into a call.
enum PictureForm: String, Sendable, CaseIterable {
    case base64
    case dataURI = "data_uri"
    /// As a file of a form.
    case file
    case mediaType = "media_type"
    /// The name that the vendor gave to the picture when it was handed over.
    case uploaded
    case width, height
}

extension Variable {
    /// Whether its value is a list.
    var isList: Bool { if case .picture(.all, _) = self { true } else { false } }

    /// Whether its value is made of a picture's bytes.
    var isText: Bool {
        if case .picture(_, let form) = self { form == .base64 || form == .dataURI } else { false }
    }

    /// Whether its value is a file.
    var isFile: Bool { if case .picture(_, .file) = self { true } else { false } }
}
