import Orchestrator
import Transport

/// `/v1/images/generations`, `/edits`, `/variations`: the daemon's main job.
enum ImageRoutes {
    static let all: [Route] = [
        Route(.post, "/v1/images/generations", .scope(.imagesWrite), "Make images from a prompt", repeats: .byRoute) {
            exchange throws(APIError) in
            let (repeats, body) = try await opened(exchange)
            if let job = try await repeats.earlier() { return try await repeats.answer(from: job) }
            let (submission, request) = try submitted(body, exchange)
            return try await submission.serve(request, repeats, uploads: [])
        },
        Route(
            .post,
            "/v1/images/edits",
            .scope(.imagesWrite),
            "Make images from a prompt and reference images",
            repeats: .byRoute
        ) {
            exchange throws(APIError) in try await withImages(.edit, exchange)
        },
        Route(.post, "/v1/images/variations", .scope(.imagesWrite), "Make more images like one", repeats: .byRoute) {
            exchange throws(APIError) in try await withImages(.variation, exchange)
        },
        Route(.post, "/v1/routes/explain", .caller, "Preview the route and price of a request") {
            exchange throws(APIError) in try await explain(exchange)
        },
    ]

    /// The bytes of a JSON request, and whether it came before.
    private static func opened(_ exchange: Exchange) async throws(APIError) -> (Repeats, [UInt8]) {
        try exchange.requireJSON()
        try exchange.requireRoom()
        let body = try await exchange.bytes()
        return (try Repeats(exchange, body: body), body)
    }

    // Not inlined: what it works with would take its place in the frame of everyone who waits for an answer.
    @inline(never)
    private static func submitted(
        _ body: [UInt8],
        _ exchange: Exchange
    ) throws(APIError) -> (Submission, ImageRequest) {
        let fields = try Exchange.object(in: body)
        let request = try ImageRequest(.generate, fields: fields)
        return (try Submission(exchange, fields: fields), request)
    }

    /// Serves a request that comes with pictures, as a form or as JSON.
    private static func withImages(_ operation: Operation, _ exchange: Exchange) async throws(APIError) -> HTTPResponse
    {
        var images = InputImages(service: exchange.service, caller: try exchange.requireCaller())
        var request: ImageRequest
        let fields: JSONObject
        let repeats: Repeats
        if exchange.mediaType == "multipart/form-data" {
            try exchange.requireRoom()
            let form = try await exchange.form()
            repeats = try await Repeats(exchange, form: form)
            if let job = try await repeats.earlier() { return try await repeats.answer(from: job) }
            fields = try Self.fields(of: form)
            request = try ImageRequest(operation, fields: fields, isForm: true)
            for file in form.files {
                switch file.name {
                case "mask": request.mask = try await images.load(file, field: "mask")
                case let name where name == "image" || name.hasPrefix("image["):
                    guard request.references.count < ImageRequest.mostReferences else {
                        throw .invalidValue("image", "at most \(ImageRequest.mostReferences) images")
                    }
                    request.references.append(try await images.load(file, field: "image"))
                default: break
                }
            }
        } else {
            let body: [UInt8]
            (repeats, body) = try await opened(exchange)
            if let job = try await repeats.earlier() { return try await repeats.answer(from: job) }
            fields = try Exchange.object(in: body)
            request = try ImageRequest(operation, fields: fields)
            for reference in try Self.references(in: fields) {
                request.references.append(try await images.load(reference, field: "image"))
            }
            if let mask = fields["mask"], !mask.isNull { request.mask = try await images.load(mask, field: "mask") }
        }
        try request.validate()
        return try await Submission(exchange, fields: fields).serve(request, repeats, uploads: images.owners)
    }

    /// The text fields of a form; a name that is there twice is somebody's mistake.
    private static func fields(of form: MultipartForm) throws(APIError) -> JSONObject {
        var fields: JSONObject = [:]
        for (name, value) in form.fields {
            guard fields[name] == nil else { throw .invalidValue(name, "is given twice") }
            fields[name] = .string(value)
        }
        return fields
    }

    /// `images: [{image_url}]` as OpenAI's JSON form has it, or `image` as one or several addresses.
    private static func references(in fields: JSONObject) throws(APIError) -> [JSON] {
        let named: [JSON]
        switch fields["images"] ?? fields["image"] {
        case nil, .null?: named = []
        case .array(let list)?: named = list
        case let single?: named = [single]
        }
        guard named.count <= ImageRequest.mostReferences else {
            throw .invalidValue("image", "at most \(ImageRequest.mostReferences) images, not \(named.count)")
        }
        return named
    }

    // MARK: - Preview

    private static func explain(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let fields = try await exchange.jsonObject()
        let request = try ExplainRequest(fields).request
        let submission = try Submission(exchange, fields: fields)
        let quote = CreditQuote(submission.registry.billing, mode: submission.registry.server.mode)
        return .json(PlanAnswer.body(of: try await submission.plan(request), quote: quote))
    }
}
