package import Orchestrator

extension PostgresStore {
    private static let stored = """
        SELECT row_to_json(images), operation, request FROM images JOIN jobs ON jobs.id = images.job_id
        """
    private static let oneImage = PostgresStatement("image", isRepeatable: true, stored + " WHERE images.id = $1")

    package func image(_ id: ImageID) async throws(StoreError) -> StoredImage? {
        try await ask(PostgresStore.oneImage, [.id(id)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try StoredImage(row) }
        }
    }

    package func images(_ query: ImageQuery) async throws(StoreError) -> [StoredImage] {
        var list = PostgresStore.list("images", PostgresStore.stored, query)
        list.filter("after", query.after.map { .id($0) }) { "images.id < \($0)" }
        let (statement, values) = list.finish(" ORDER BY images.id DESC", limit: query.limit, offset: query.offset)
        return try await ask(statement, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try StoredImage(row) }
        }
    }

    package func imageCount(_ query: ImageQuery) async throws(StoreError) -> Int {
        let list = PostgresStore.list("image-count", "SELECT count(*) FROM images", query)
        let (statement, values) = list.finish("")
        return try await ask(statement, values) { result throws(PostgresError) in
            Int(try result.first { row throws(PostgresError) in try row.integer(0) } ?? 0)
        }
    }

    private static func list(_ name: String, _ sql: String, _ query: ImageQuery) -> PostgresList {
        var list = PostgresList(name, sql)
        list.filter("owner", query.owner.map { .id($0) }) { "images.owner = \($0)" }
        // Written as in the partial index; the parameter is there for the name alone.
        if query.publicOnly { list.filter("public", .count(1)) { "is_public = 1 AND \($0)::bigint = 1" } }
        list.filter("text", query.text.map { .text($0) }) { text in
            "EXISTS (SELECT 1 FROM jobs WHERE jobs.id = images.job_id AND \(PostgresStore.promptHolds(text)))"
        }
        list.filter("model", query.model.map { .text($0) }) { model in
            "(images.model = \(model) OR images.provider || '/' || images.model = \(model))"
        }
        // An id begins with its picture's time.
        list.filter("from", query.from.map { .id(ImageID(time: $0, random: (0, 0))) }) { "images.id >= \($0)" }
        list.filter("to", query.to.map { .id(ImageID(time: $0, random: (0, 0))) }) { "images.id < \($0)" }
        return list
    }

    private static let unused = PostgresStatement(
        "unreferenced",
        isRepeatable: true,
        """
        SELECT d FROM unnest(string_to_array($1, ' ')) AS d
        WHERE NOT EXISTS (SELECT 1 FROM images WHERE digest = d)
            AND NOT EXISTS (SELECT 1 FROM images WHERE original_digest = d)
            AND NOT EXISTS (SELECT 1 FROM jobs
                WHERE status IN ('queued', 'running') AND strpos(request::text, d) > 0)
        """
    )

    package func unreferenced(_ digests: [String]) async throws(StoreError) -> [String] {
        let names = digests.joined(separator: " ")
        return try await ask(PostgresStore.unused, [.text(names)]) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try row.text(0) }
        }
    }

    private static let visibility = PostgresStatement(
        "visibility",
        isRepeatable: true,
        "UPDATE images SET is_public = $2 WHERE id = $1"
    )

    package func setVisibility(_ id: ImageID, isPublic: Bool) async throws(StoreError) -> Bool {
        try await ask(PostgresStore.visibility, [.id(id), .flag(isPublic)]) { result throws(PostgresError) in
            result.changes == 1
        }
    }

    private static let deletion = PostgresStatement(
        "delete-image",
        """
        WITH gone AS (DELETE FROM images WHERE id = $1 RETURNING digest)
        SELECT NOT EXISTS (SELECT 1 FROM gone)
            OR EXISTS (SELECT 1 FROM images JOIN gone ON images.digest = gone.digest WHERE images.id <> $1)
        """
    )

    /// True also when there is no such picture: its bytes are then nobody's to remove here.
    package func deleteImage(_ id: ImageID) async throws(StoreError) -> Bool {
        try await ask(PostgresStore.deletion, [.id(id)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try row.bool(0) } ?? true
        }
    }
}

// MARK: - Retention

extension PostgresStore {
    private static let expiry = PostgresStatement(
        "delete-images",
        """
        DELETE FROM images WHERE id IN (SELECT id FROM images WHERE id < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING digest
        """
    )

    /// An id begins with its time, so that no index of times is needed.
    package func deleteImages(createdBefore time: Timestamp, limit: Int) async throws(StoreError) -> [String] {
        let values: [PostgresValue] = [.id(ImageID(time: time, random: (0, 0))), .count(limit)]
        return try await ask(PostgresStore.expiry, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try row.text(0) }
        }
    }
}

// MARK: - Gallery

extension PostgresStore {
    private static let entries = """
        SELECT time_ms, row_to_json(images) FROM gallery JOIN images ON images.id = image_id WHERE is_public = 1
        """
    private static let galleryPage = PostgresStatement(
        "gallery",
        isRepeatable: true,
        entries + " AND time_ms < $1 ORDER BY time_ms DESC LIMIT $2"
    )
    private static let entryAt = PostgresStatement("gallery-at", isRepeatable: true, entries + " AND time_ms = $1")
    private static let entryOf = PostgresStatement("gallery-of", isRepeatable: true, entries + " AND image_id = $1")

    package func gallery(before time: Timestamp?, limit: Int) async throws(StoreError) -> [GalleryEntry] {
        let values: [PostgresValue] = [.integer(time?.milliseconds ?? .max), .count(limit)]
        return try await ask(PostgresStore.galleryPage, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try GalleryEntry(row) }
        }
    }

    package func galleryEntry(at time: Timestamp) async throws(StoreError) -> GalleryEntry? {
        try await ask(PostgresStore.entryAt, [.time(time)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try GalleryEntry(row) }
        }
    }

    package func galleryEntry(of image: ImageID) async throws(StoreError) -> GalleryEntry? {
        try await ask(PostgresStore.entryOf, [.id(image)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try GalleryEntry(row) }
        }
    }
}

extension GalleryEntry {
    fileprivate init(_ row: PostgresRow) throws(PostgresError) {
        let time = Timestamp(milliseconds: try row.integer(0))
        self.init(time: time, image: try ImageRecord(PostgresFields(row.text(1))))
    }
}

extension StoredImage {
    fileprivate init(_ row: PostgresRow) throws(PostgresError) {
        let words = PostgresFields(operation: try row.text(1), request: try row.text(2))
        let request = try words.json("request")
        self.init(
            image: try ImageRecord(PostgresFields(row.text(0))),
            prompt: request["prompt"]?.string ?? "",
            operation: try words.word("operation"),
            metadata: request["metadata"],
            user: request["user"]?.string
        )
    }
}
