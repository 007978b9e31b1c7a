internal import Orchestrator

extension Connection {
    static let imageColumns = """
        SELECT images.id, job_id, images.owner, position, images.created_ms, digest, byte_count, format, width, height,
            has_alpha, provider, images.model, tier, images.cost_micro_usd, seed_bits, revised_prompt, is_public,
            provenance, original_digest, original_format
        """
    /// How many those are: what a query adds comes behind them.
    static let imageColumnCount: CInt = 21

    /// With what the picture's job says of it.
    private static let storedColumns =
        imageColumns + """
            , operation, request FROM images JOIN jobs ON jobs.id = images.job_id
            """

    func insert(_ image: ImageRecord) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO images (id, job_id, owner, position, created_ms, digest, byte_count, format, width, height,
                has_alpha, provider, model, tier, cost_micro_usd, seed_bits, revised_prompt, is_public,
                provenance, original_digest, original_format)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        .bind(image.id).bind(image.job).bind(image.owner).bind(image.index).bind(image.created).bind(image.digest)
        .bind(image.byteCount).bind(word: image.format).bind(image.size.width).bind(image.size.height)
        .bind(image.hasAlpha).bind(image.provider).bind(image.model).bind(word: image.tier).bind(image.cost)
        .bind(image.seed.map(Int64.init(bitPattern:))).bind(image.revisedPrompt).bind(image.isPublic)
        .bind(word: image.provenance).bind(image.original?.digest).bind(word: image.original?.format)
        .run()
    }

    func images(of job: JobID) throws(DatabaseError) -> [ImageRecord] {
        try statement(composed: Connection.imageColumns + " FROM images WHERE job_id = ? ORDER BY position")
            .bind(job).all(ImageRecord.init)
    }

    func image(_ id: ImageID) throws(DatabaseError) -> StoredImage? {
        try statement(composed: Connection.storedColumns + " WHERE images.id = ?").bind(id).first(StoredImage.init)
    }

    func images(_ query: ImageQuery) throws(DatabaseError) -> [StoredImage] {
        var filter = Connection.filter(query)
        if query.after != nil { filter.append("images.id < ?") }
        var conditions = filter
        if query.offset > 0 {
            // Those to skip are counted off in the index alone, without a look at them and their jobs.
            conditions.append(
                "images.id <= (SELECT id FROM images\(Connection.clause(filter)) ORDER BY id DESC LIMIT 1 OFFSET ?)"
            )
        }
        let statement = try statement(
            composed: Connection.storedColumns + Connection.clause(conditions) + " ORDER BY images.id DESC LIMIT ?"
        )
        for _ in 0..<(query.offset > 0 ? 2 : 1) {
            Connection.bind(query, to: statement)
            if let after = query.after { statement.bind(after) }
        }
        if query.offset > 0 { statement.bind(query.offset) }
        return try statement.bind(query.limit).all(StoredImage.init)
    }

    func imageCount(_ query: ImageQuery) throws(DatabaseError) -> Int {
        let statement = try statement(
            composed: "SELECT count(*) FROM images" + Connection.clause(Connection.filter(query))
        )
        Connection.bind(query, to: statement)
        return try statement.first { Int($0.integer(0)) } ?? 0
    }

    private static func filter(_ query: ImageQuery) -> [String] {
        var conditions: [String] = []
        if query.owner != nil { conditions.append("images.owner = ?") }
        // Written as in the partial index, or SQLite would not use it.
        if query.publicOnly { conditions.append("is_public = 1") }
        if query.text != nil {
            conditions.append("EXISTS (SELECT 1 FROM jobs WHERE jobs.id = images.job_id AND \(Connection.promptHolds))")
        }
        if query.model != nil {
            conditions.append("(images.model = ? OR images.provider || '/' || images.model = ?)")
        }
        // An id begins with its picture's time.
        if query.from != nil { conditions.append("images.id >= ?") }
        if query.to != nil { conditions.append("images.id < ?") }
        return conditions
    }

    /// Binds what `filter` asks for, in its order.
    private static func bind(_ query: ImageQuery, to statement: Statement) {
        if let owner = query.owner { statement.bind(owner) }
        if let text = query.text { statement.bind(text) }
        if let model = query.model { statement.bind(model).bind(model) }
        if let from = query.from { statement.bind(ImageID(time: from, random: (0, 0))) }
        if let to = query.to { statement.bind(ImageID(time: to, random: (0, 0))) }
    }

    private static func clause(_ conditions: [String]) -> String {
        conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    }

    func setVisibility(_ id: ImageID, isPublic: Bool) throws(DatabaseError) -> Bool {
        try statement("UPDATE images SET is_public = ? WHERE id = ?").bind(isPublic).bind(id).run()
        return changes == 1
    }

    /// True also when there is no such picture: its bytes are then nobody's to remove here.
    func deleteImage(_ id: ImageID) throws(DatabaseError) -> Bool {
        let digest = try statement("DELETE FROM images WHERE id = ? RETURNING digest").bind(id)
            .all { $0.text(0) }.first
        guard let digest else { return true }
        return try statement("SELECT 1 FROM images WHERE digest = ? LIMIT 1").bind(digest).first { _ in true } ?? false
    }

    /// An id begins with its time, so that no index of times is needed.
    func deleteImages(createdBefore time: Timestamp, limit: Int) throws(DatabaseError) -> [String] {
        try statement(
            """
            DELETE FROM images WHERE id IN (SELECT id FROM images WHERE id < ? ORDER BY id LIMIT ?) RETURNING digest
            """
        )
        .bind(ImageID(time: time, random: (0, 0))).bind(limit).all { $0.text(0) }
    }

    /// A request names its pictures by digest, so its text is searched for them: unfinished jobs are few.
    func unreferenced(_ digests: [String]) throws(DatabaseError) -> [String] {
        try statement(
            """
            SELECT value FROM json_each(?)
            WHERE NOT EXISTS (SELECT 1 FROM images WHERE digest = value)
                AND NOT EXISTS (SELECT 1 FROM images WHERE original_digest = value)
                AND NOT EXISTS (SELECT 1 FROM jobs WHERE status IN ('queued', 'running') AND instr(request, value) > 0)
            """
        )
        .bind(JSON.array(digests.map(JSON.string))).all { $0.text(0) }
    }
}

extension ImageRecord {
    /// Reads the columns that `Connection.imageColumns` names.
    init(_ row: borrowing Row) throws(DatabaseError) {
        let (width, height) = (Int(row.integer(8)), Int(row.integer(9)))
        guard let size = PixelSize(width: width, height: height) else {
            throw .unreadable("\(width)x\(height) is no size")
        }
        let facts = ImageFacts(
            format: try row.word(7, "format"),
            width: width,
            height: height,
            hasAlpha: row.bool(10),
            byteCount: row.integer(6)
        )
        self.init(
            id: row.id(0),
            job: row.id(1),
            owner: row.id(2),
            index: Int(row.integer(3)),
            created: row.time(4),
            digest: row.text(5),
            facts: facts,
            size: size,
            provider: row.text(11),
            model: row.text(12),
            tier: try row.word(13, "tier"),
            cost: row.money(14),
            isPublic: row.bool(17)
        )
        seed = row.optionalInteger(15).map(UInt64.init(bitPattern:))
        revisedPrompt = row.optionalText(16)
        provenance = try row.optionalWord(18, "provenance")
        if let digest = row.optionalText(19) {
            original = OriginalFile(digest: digest, format: try row.word(20, "original_format"))
        }
    }
}

extension StoredImage {
    /// Reads the columns that `Connection.storedColumns` names.
    fileprivate init(_ row: borrowing Row) throws(DatabaseError) {
        let request = try row.json(Connection.imageColumnCount + 1, "request")
        self.init(
            image: try ImageRecord(row),
            prompt: request["prompt"]?.string ?? "",
            operation: try row.word(Connection.imageColumnCount, "operation"),
            metadata: request["metadata"],
            user: request["user"]?.string
        )
    }
}
