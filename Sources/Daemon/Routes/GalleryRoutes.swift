import Orchestrator
import Transport

/// The routes of the gallery worker that this daemon replaces: one request that makes a public picture, and the gallery
/// of those pictures, each under the time at which it was shown.
enum GalleryRoutes {
    static let all: [Route] = [
        Route(.post, "/api/generate", .scope(.imagesWrite), "Make a public picture for the gallery", repeats: .byRoute)
        {
            exchange throws(APIError) in try await generate(exchange)
        },
        Route(.get, "/api/images", .anyone, "List the gallery, newest first") {
            exchange throws(APIError) in try await list(exchange)
        },
        Route(.get, "/api/images/latest", .anyone, "Describe the newest picture of the gallery") {
            exchange throws(APIError) in
            guard let newest = try await newest(exchange) else { throw nothingYet }
            return .json(body(of: newest, exchange.service.links.publicURL))
        },
        Route(.get, "/art/{file}", .anyone, "The bytes of a picture of the gallery; 'latest.jpg' is the newest") {
            exchange throws(APIError) in try await art(exchange)
        },
    ]

    private static let nothingYet = APIError(404, .notFound, "no_images_found", "the gallery is empty")

    // MARK: - Making

    private static func generate(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        try exchange.requireJSON()
        try exchange.requireRoom()
        let body = try await exchange.bytes(atMost: GalleryPrompt.longestBody)
        let repeats = try Repeats(exchange, body: body)
        if let job = try await repeats.earlier() {
            return try await answer(try await repeats.end(of: job), [], exchange)
        }
        let fields = try Exchange.object(in: body)
        let prompt = try GalleryPrompt(fields).text
        let request = try ImageRequest(.generate, fields: ["prompt": .string(prompt)])
        do throws(APIError) {
            let (end, headers) = try await Submission(exchange, fields: fields, isForGallery: true)
                .runForGallery(request, repeats)
            return try await answer(end, headers, exchange)
        } catch {
            // Elsewhere that is the caller's to mend; who can only send a prompt has no part in it.
            throw error.code == "no_eligible_provider" ? .galleryFailure(error) : error
        }
    }

    /// `limits` are the headers that say what is left of them.
    private static func answer(
        _ end: RunningJob.End,
        _ limits: [(name: String, value: String)],
        _ exchange: Exchange
    ) async throws(APIError) -> HTTPResponse {
        let job = end.job
        let headers = ImageAnswer.headers(job) + limits
        guard let image = job.images.first else {
            let error = end.refusal ?? job.error ?? .internalError("job '\(job.id)' ended without pictures")
            var failure = end.refusal ?? APIError.galleryFailure(error, after: job.attempts)
            failure.headers += headers
            throw failure
        }
        let entry = try await exchange.reading { store throws(StoreError) in
            try await store.galleryEntry(of: image.id)
        }
        guard let entry else { throw .internalError("image '\(image.id)' has no place in the gallery") }
        let publicURL = exchange.service.links.publicURL
        return .json(
            [
                "latestUrl": .string("\(publicURL)/\(GalleryKey.latest)"),
                "historyUrl": .string("\(publicURL)/\(GalleryKey(entry))"), "prompt": job.request["prompt"] ?? "",
            ],
            headers: headers
        )
    }

    // MARK: - Lists

    private static func list(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let page = QueryReader(exchange.request)
        let limit = try page.integer("limit", in: 1...100) ?? 100
        let (cursor, after) = (try time("cursor", page), try time("after", page))
        let time = cursor ?? after
        let found = try await exchange.reading { store throws(StoreError) in
            try await store.gallery(before: time, limit: limit + 1)
        }
        let shown = found.prefix(limit)
        let hasMore = found.count > limit
        let publicURL = exchange.service.links.publicURL
        return .json([
            "count": .integer(shown.count), "images": .array(shown.map { body(of: $0, publicURL) }),
            "has_more": .bool(hasMore),
            "cursor": hasMore ? shown.last.map { .string(GalleryKey.name($0.time)) } ?? .null : .null,
        ])
    }

    private static func time(_ name: String, _ page: QueryReader) throws(APIError) -> Timestamp? {
        guard let text = page.text(name) else { return nil }
        guard let time = GalleryKey.time(text) else {
            throw .invalidValue(name, "must be the 'cursor' of an earlier answer")
        }
        return time
    }

    private static func newest(_ exchange: Exchange) async throws(APIError) -> GalleryEntry? {
        try await exchange.reading { store throws(StoreError) in try await store.gallery(before: nil, limit: 1) }.first
    }

    private static func body(of entry: GalleryEntry, _ publicURL: String) -> JSON {
        let key = GalleryKey(entry).description
        return [
            "url": .string("\(publicURL)/\(key)"), "key": .string(key), "uploaded": .text(entry.time),
            "size": .integer(entry.image.byteCount),
        ]
    }

    // MARK: - Bytes

    /// Pages of every origin may read the gallery's pictures, whatever `server.cors_origins` says of the rest.
    private static func art(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let forEveryOrigin = (name: "access-control-allow-origin", value: "*")
        do throws(APIError) {
            var response = try await picture(exchange)
            response.headers.append(forEveryOrigin)
            return response
        } catch {
            var error = error
            error.headers.append(forEveryOrigin)
            throw error
        }
    }

    private static func picture(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let name = exchange.parameters[0]
        let file = PictureFile(exchange: exchange)
        if GalleryKey.isLatest(name) {
            guard let newest = try await newest(exchange) else { throw nothingYet }
            return try await file.response(newest.image, cacheControl: "no-store, max-age=0")
        }
        let missing = APIError.notFound("there is no picture at '\(exchange.request.path)'")
        guard let dot = name.firstIndex(of: "."), let time = GalleryKey.time(name[..<dot]) else { throw missing }
        let found = try await exchange.reading { store throws(StoreError) in try await store.galleryEntry(at: time) }
        guard let found, GalleryKey(found).description == "art/" + name else { throw missing }
        return try await file.response(found.image)
    }
}
