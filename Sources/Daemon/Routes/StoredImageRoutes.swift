import Orchestrator
import Transport

/// Stored pictures: their bytes, their facts, and who may see them.
enum StoredImageRoutes {
    static let all: [Route] = [
        Route(.get, "/images/{file}", .anyone, "The bytes of an image") {
            exchange throws(APIError) in try await file(exchange)
        },
        Route(.get, "/v1/images", .anyone, "List public images, newest first") {
            exchange throws(APIError) in try await list(exchange)
        },
        Route(
            .get,
            "/v1/images/user/{user_id}",
            .anyone,
            "List a user's images, newest first; to others the public ones"
        ) {
            exchange throws(APIError) in try await list(of: exchange.parameters[0], exchange)
        },
        Route(.get, "/v1/images/{image}", .anyone, "Describe one image") {
            exchange throws(APIError) in
            let image = try await visible(exchange)
            return .json(body(of: image, exchange.service, toOwner: await isOwner(of: image, exchange)))
        },
        Route(
            .get,
            "/v1/images/{image}/content",
            .anyone,
            "The bytes of an image, or with ?original=1 of the vendor's file"
        ) {
            exchange throws(APIError) in try await content(exchange)
        },
        Route(.get, "/v1/images/{image}/thumbnail", .anyone, "A small WebP file of an image") {
            exchange throws(APIError) in
            try await PictureFile(exchange: exchange).thumbnail(visible(exchange).image)
        },
        Route(.put, "/v1/images/{image}/visibility", .scope(.imagesWrite), "Make an image public or private") {
            exchange throws(APIError) in try await setVisibility(exchange)
        },
        Route(.delete, "/v1/images/{image}", .scope(.imagesWrite), "Delete an image") {
            exchange throws(APIError) in try await delete(exchange)
        },
    ]

    /// `/images/ID.EXT`: public pictures for everyone, private ones by signature or by their owner's key.
    private static func file(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (service, request) = (exchange.service, exchange.request)
        let name = exchange.parameters[0]
        let missing = APIError.notFound("there is no image at '\(request.path)'")
        guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")), let id = ImageID(name[..<dot]) else {
            throw missing
        }
        let stored = try await exchange.reading { store throws(StoreError) in try await store.image(id) }
        guard let image = stored?.image, service.links.path(of: image) == request.path else { throw missing }
        if !image.isPublic {
            let isSigned = service.links.isValid(
                path: request.path,
                expires: request.query("expires"),
                signature: request.query("signature"),
                now: service.time.now()
            )
            guard isSigned || Authenticator.hasCredential(request.headers) else {
                throw APIError(
                    401,
                    .authentication,
                    "invalid_api_key",
                    "this image is private: use its owner's key or a link that has not expired"
                )
            }
            // Who shows a key asks by its right, whatever the link; a browser's cookie goes along unasked.
            if !isSigned || request.headers.contains("authorization") || request.headers.contains("x-api-key") {
                let caller = try await service.authenticator.caller(of: exchange)
                if !isSigned { try caller.require(.imagesRead) }
                guard caller.user.id == image.owner || caller.user.isAdmin else { throw missing }
            }
        }
        return try await PictureFile(exchange: exchange).response(image)
    }

    /// The delivered file, or the vendor's where that one was kept beside it.
    private static func content(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let wantsOriginal = try QueryReader(exchange.request).integer("original", in: 0...1) == 1
        var image = try await visible(exchange).image
        if wantsOriginal {
            guard let original = image.original else {
                throw .notFound("no other file of image '\(image.id)' was kept: see its 'original'")
            }
            (image.digest, image.format) = (original.digest, original.format)
            do throws(ArtifactError) {
                // What is on record is the length of the delivered file.
                image.byteCount = try await exchange.service.engine.storage.open(original.digest).source.byteCount
            } catch {
                throw .unread(error, "the original of image '\(image.id)'")
            }
        }
        return try await PictureFile(exchange: exchange).response(image)
    }

    private static func list(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (words, service) = (QueryReader(exchange.request), exchange.service)
        var query = ImageQuery()
        query.text = words.text("q")
        query.model = words.text("model")
        query.from = try words.time("from")
        query.to = try words.time("to", endOfDay: true)
        let all = query
        let count = { () async throws(APIError) -> Int in
            try await exchange.reading { store throws(StoreError) in try await store.imageCount(all) }
        }
        let total =
            query.isNarrowed
            ? try await count() : try await service.publicPictures.value(at: service.time.monotonic(), count)
        return .json(.object(try await page(all, total: total, exchange)))
    }

    /// Whose user nobody knows has no images, so that nobody learns who exists.
    private static func list(of name: String, _ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        var caller: Caller?
        if Authenticator.hasCredential(exchange.request.headers) {
            caller = try await exchange.service.authenticator.caller(of: exchange)
            try caller?.require(.imagesRead)
        }
        let user = UserID(trusted: name)
        var query = ImageQuery()
        query.owner = user
        query.publicOnly = caller.map { $0.user.id != user && !$0.user.isAdmin } ?? true
        let all = query
        let total = try await exchange.reading { store throws(StoreError) in try await store.imageCount(all) }
        var body = try await page(all, total: total, exchange)
        body["user_id"] = .string(user.text)
        return .json(.object(body))
    }

    /// One page of what `query` finds, by `limit` and `after`, or by `page` and `per_page`.
    private static func page(_ query: ImageQuery, total: Int, _ exchange: Exchange) async throws(APIError) -> JSONObject
    {
        let (page, service) = (QueryReader(exchange.request), exchange.service)
        var query = query
        let perPage = try page.integer("per_page", in: 1...100)
        let wanted = try page.integer("limit", in: 1...100) ?? perPage ?? 20
        query.after = try page.identifier("after")
        let number = try page.integer("page", in: 1...1_000_000) ?? 1
        if query.after == nil { query.offset = (number - 1) * wanted }
        query.limit = wanted + 1
        let extended = query
        let found = try await exchange.reading { store throws(StoreError) in try await store.images(extended) }
        let images = JSON.array(found.prefix(wanted).map { body(of: $0, service) })
        return [
            "object": "list", "data": images, "images": images, "has_more": .bool(found.count > wanted),
            "total": .integer(total), "page": .integer(number), "per_page": .integer(wanted),
        ]
    }

    /// The picture of the path, if the caller may see it.
    private static func visible(_ exchange: Exchange) async throws(APIError) -> StoredImage {
        guard let id = ImageID(exchange.parameters[0]) else {
            throw .notFound("there is no image '\(exchange.parameters[0])'")
        }
        return try await visible(id, exchange)
    }

    /// A picture that the caller may see; a key is looked at only where one is needed.
    static func visible(_ id: ImageID, _ exchange: Exchange) async throws(APIError) -> StoredImage {
        let missing = APIError.notFound("there is no image '\(id)'")
        let stored = try await exchange.reading { store throws(StoreError) in try await store.image(id) }
        guard let stored else { throw missing }
        if stored.image.isPublic { return stored }
        guard Authenticator.hasCredential(exchange.request.headers) else { throw missing }
        let caller = try await exchange.service.authenticator.caller(of: exchange)
        try caller.require(.imagesRead)
        return try await exchange.service.visibleImage(id, to: caller)
    }

    /// The picture of the path, if it is the caller's own.
    private static func own(_ exchange: Exchange) async throws(APIError) -> StoredImage {
        let caller = try exchange.requireCaller()
        let missing = APIError.notFound("there is no image '\(exchange.parameters[0])'")
        guard let id = ImageID(exchange.parameters[0]) else { throw missing }
        let stored = try await exchange.reading { store throws(StoreError) in try await store.image(id) }
        guard let stored, stored.image.owner == caller.user.id || caller.user.isAdmin else { throw missing }
        return stored
    }

    private static func setVisibility(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        var stored = try await own(exchange)
        let id = stored.image.id
        guard let isPublic = try FieldReader(try await exchange.jsonObject()).bool("is_public") else {
            throw .missingField("is_public")
        }
        _ = try await exchange.reading { store throws(StoreError) in
            try await store.setVisibility(id, isPublic: isPublic)
        }
        stored.image.isPublic = isPublic
        return .json(body(of: stored, exchange.service, toOwner: true))
    }

    /// The row goes first and the bytes after it: until they do, no link finds them.
    private static func delete(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let image = try await own(exchange).image
        _ = try await exchange.reading { store throws(StoreError) in try await store.deleteImage(image.id) }
        await exchange.service.sweeper.release([image.digest] + [image.original?.digest].compactMap { $0 })
        return .json(["deleted": true, "image_id": .string(image.id.text)])
    }

    /// Whether the caller has shown the key of the picture's owner or of an administrator; who shows none, or a wrong one,
    /// still sees what everybody may.
    private static func isOwner(of stored: StoredImage, _ exchange: Exchange) async -> Bool {
        let headers = exchange.request.headers
        guard headers.contains("authorization") || headers.contains("x-api-key"),
            let caller = try? await exchange.service.authenticator.caller(of: exchange)
        else { return false }
        return caller.user.id == stored.image.owner || caller.user.isAdmin
    }

    /// What a caller wrote beside the prompt is told to its owner alone.
    static func body(of stored: StoredImage, _ service: Service, toOwner: Bool = false) -> JSON {
        let image = stored.image
        let original = image.original.map { file in
            var body = JobAnswer.original(file)
            body["url"] = .string("\(service.links.publicURL)/v1/images/\(image.id)/content?original=1")
            return JSON.object(body)
        }
        return [
            "id": .string(image.id.text), "object": "image", "url": .string(service.link(to: image)),
            "prompt": .string(stored.prompt), "created_at": .text(image.created),
            "user_id": .string(image.owner.text), "operation": .string(stored.operation.rawValue),
            "size": .text(image.size), "quality": .string(image.tier.rawValue),
            "output_format": .string(image.format.rawValue), "bytes": .integer(image.byteCount),
            "provider": .string(image.provider), "model": .string(image.model), "cost_usd": .text(image.cost),
            "sha256": .string(image.digest), "job_id": .string(image.job.text), "is_public": .bool(image.isPublic),
            "provenance": .text(image.provenance?.rawValue), "original": original ?? .null,
            "metadata": toOwner ? stored.metadata ?? .null : .null, "user": .text(toOwner ? stored.user : nil),
        ]
    }
}

extension Service {
    /// A picture that `caller` may see: a public one, or its own.
    func visibleImage(_ id: ImageID, to caller: Caller) async throws(APIError) -> StoredImage {
        let stored = try await reading { store throws(StoreError) in try await store.image(id) }
        guard let stored, stored.image.isPublic || stored.image.owner == caller.user.id || caller.user.isAdmin else {
            throw .notFound("there is no image '\(id)'")
        }
        return stored
    }
}
