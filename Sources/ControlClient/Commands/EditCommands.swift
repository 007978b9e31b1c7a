internal import CommandLineInterface
internal import Orchestrator

/// `orchestratorctl edit` and `vary`: pictures made of pictures.
enum EditCommands {
    private static let editPath = "/v1/images/edits"
    private static let varyPath = "/v1/images/variations"
    private static let most = 16
    private static let largest = 50 << 20
    /// What files may have in all to go along in a JSON body, a third larger as base64, below the daemon's limit of 10 MiB.
    private static let mostInline = 6 << 20

    static let edit = Command(
        "edit",
        "make pictures from a picture and a prompt",
        details: [
            "IMAGE is a PNG, JPEG or WebP file of at most 50 MB, or gallery:ID, a picture of the server by its id or the "
                + "beginning of one. PROMPT may be '-': it is then read from standard input."
        ],
        operands: [Operand("IMAGE", .file), Operand("PROMPT")],
        options: [
            CommandOption("image", short: "i", "IMAGE", .file, isRepeated: true, "one more picture; may be repeated"),
            CommandOption("mask", "FILE", .file, "a PNG file, or gallery:ID; what is transparent is drawn anew"),
            CommandOption(
                "fidelity",
                "NAME",
                .choice(["low", "high", "strict", "adapt", "best_effort"]),
                "how closely the vendor keeps to the picture, or what may be changed to fit a provider"
            ),
        ] + PictureOptions.shape + PictureOptions.route + PictureOptions.more + PictureOptions.result
    ) { call throws(CommandFailure) in
        try PictureOptions.check(call)
        var fields = PictureOptions.fields(call, try call.settings())
        let images = [call.operand(0)] + call.arguments.all("image")
        let sources = try sources(images, call)
        let mask = try call.arguments["mask"].map { name throws(CommandFailure) in try source(name, call) }
        fields["prompt"] = .string(try GenerateCommand.prompt(call.operand(1)))
        try order(call, editPath, fields, sources, mask)
    }

    static let vary = Command(
        "vary",
        "make more pictures like one",
        details: ["IMAGE is a PNG, JPEG or WebP file, or gallery:ID."],
        operands: [Operand("IMAGE", .file)],
        options: PictureOptions.shape + PictureOptions.route + PictureOptions.result
    ) { call throws(CommandFailure) in
        try PictureOptions.check(call)
        let sources = try sources([call.operand(0)], call)
        try order(call, varyPath, PictureOptions.fields(call, try call.settings()), sources, nil)
    }

    // MARK: - Sources

    /// Where a picture comes from.
    private enum Source {
        case file(path: String, FetchedPicture)
        case image(id: String)

        var byteCount: Int {
            switch self {
            case .file(_, let picture): picture.bytes.count
            case .image: 0
            }
        }
    }

    private static func sources(_ names: [String], _ call: Invocation) throws(CommandFailure) -> [Source] {
        guard names.count <= most else { throw .misuse("at most \(most) pictures, not \(names.count)") }
        var sources: [Source] = []
        for name in names { sources.append(try source(name, call)) }
        return sources
    }

    private static func source(_ name: String, _ call: Invocation) throws(CommandFailure) -> Source {
        let mark = "gallery:"
        if name.hasPrefix(mark) {
            return .image(id: try ImageName(String(name.dropFirst(mark.count))).resolved(try call.api()))
        }
        guard let bytes = try FileBytes.read(name, atMost: largest) else {
            throw .failure("there is no file '\(name)'")
        }
        return .file(path: name, try FetchedPicture(bytes, called: "'\(name)'"))
    }

    // MARK: - Ordering

    /// Files alone go as a form, images of the server as JSON, which keeps on record what was made of what; both together
    /// as JSON where they are small, else as a form.
    private static func order(
        _ call: Invocation,
        _ path: String,
        _ fields: JSONObject,
        _ sources: [Source],
        _ mask: Source?
    ) throws(CommandFailure) {
        let api = try call.api()
        let all = sources + [mask].compactMap { $0 }
        let hasImage = all.contains { source in if case .image = source { true } else { false } }
        let isInline = hasImage && all.reduce(0) { $0 + $1.byteCount } <= mostInline
        var order: PictureOrder
        if isInline {
            var body = fields
            body["images"] = .array(sources.map { ["image_url": .string(address(of: $0))] })
            body["mask"] = mask.map { ["image_url": .string(address(of: $0))] }
            order = PictureOrder(call, api, path, body)
        } else {
            order = PictureOrder(call, api, path, fields)
            for source in sources {
                order.uploads.append(try part(sources.count > 1 ? "image[]" : "image", source, api))
            }
            if let mask { order.uploads.append(try part("mask", mask, api)) }
        }
        try order.run(references: sources.count)
    }

    private static func address(of source: Source) -> String {
        switch source {
        case .image(let id): return id
        case .file(_, let picture):
            let text = String(decoding: Base64.encode(picture.bytes.span), as: UTF8.self)
            return "data:\(picture.format.mediaType);base64,\(text)"
        }
    }

    private static func part(_ name: String, _ source: Source, _ api: API) throws(CommandFailure)
        -> HTTPRequest.FormPart
    {
        let (picture, file): (FetchedPicture, String)
        switch source {
        case .file(let path, let content):
            (picture, file) = (content, path.split(separator: "/").last.map(String.init) ?? path)
        case .image(let id): (picture, file) = (try FetchedPicture.image(id, api), id)
        }
        return HTTPRequest.FormPart(
            name: name,
            bytes: picture.bytes,
            fileName: file,
            mediaType: picture.format.mediaType
        )
    }
}
