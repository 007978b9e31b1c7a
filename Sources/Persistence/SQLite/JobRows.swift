internal import Orchestrator

// MARK: - Writing jobs

extension Connection {
    func insert(_ job: JobRecord) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO jobs (id, owner, key_id, request_id, operation, status, model, policy, created_ms, started_ms,
                finished_ms, cost_micro_usd, request, answer, adapted, error)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        .bind(job.id).bind(job.owner).bind(job.key?.text).bind(job.requestID).bind(word: job.operation)
        .bind(word: job.status).bind(job.request["model"]?.string ?? "").bind(job.policy).bind(job.created)
        .bind(job.started).bind(job.finished).bind(job.cost).bind(.object(job.request)).bind(job.answer.json)
        .bind(Connection.json(job.adapted)).bind(job.error?.record)
        .run()
        for attempt in job.attempts { try insert(attempt, of: job.id) }
        for image in job.images { try insert(image) }
    }

    /// Writes the end of a job that has none yet; what was fixed at its acceptance stays.
    func finish(_ job: JobRecord, inGallery: Bool) throws(DatabaseError) {
        try statement(
            """
            UPDATE jobs SET status = ?, policy = ?, started_ms = ?, finished_ms = ?, cost_micro_usd = ?, answer = ?,
                adapted = ?, error = ?
            WHERE id = ? AND status IN ('queued', 'running')
            """
        )
        .bind(word: job.status).bind(job.policy).bind(job.started).bind(job.finished).bind(job.cost)
        .bind(job.answer.json).bind(Connection.json(job.adapted)).bind(job.error?.record).bind(job.id)
        .run()
        guard changes == 1 else { return try requireJob(job.id) }
        for attempt in job.attempts { try put(attempt, of: job.id) }
        // What was intended and never made would be taken for work under way, at its worst cost.
        try statement("DELETE FROM attempts WHERE job_id = ? AND n NOT IN (SELECT value FROM json_each(?))")
            .bind(job.id).bind(.array(job.attempts.map { .integer($0.n) })).run()
        for image in job.images {
            try insert(image)
            if inGallery { try hang(image.id, at: job.finished ?? image.created) }
        }
    }

    /// Writes an attempt and, by it, that its job is running.
    func record(_ attempt: AttemptRecord, of job: JobID) throws(DatabaseError) {
        try put(attempt, of: job)
        try statement(
            "UPDATE jobs SET status = 'running', started_ms = coalesce(started_ms, ?) WHERE id = ? AND status = 'queued'"
        )
        .bind(attempt.started).bind(job).run()
    }

    private func put(_ attempt: AttemptRecord, of job: JobID) throws(DatabaseError) {
        // An upsert would take the entry out of the index of times and put it back, though the time hardly ever changes.
        let update = try statement(
            """
            UPDATE attempts SET provider = ?, model = ?, tier = ?, count = ?, ended_ms = ?, outcome = ?, label = ?,
                cost_micro_usd = ?, delivered = ?, handle = ?, usage = ?
            WHERE job_id = ? AND n = ? AND started_ms = ?
            """
        )
        try bind(attempt, to: update).bind(job).bind(attempt.n).bind(attempt.started).run()
        if changes == 1 { return }
        try statement("DELETE FROM attempts WHERE job_id = ? AND n = ?").bind(job).bind(attempt.n).run()
        try insert(attempt, of: job)
    }

    private func insert(_ attempt: AttemptRecord, of job: JobID) throws(DatabaseError) {
        let insertion = try statement(
            """
            INSERT INTO attempts (provider, model, tier, count, ended_ms, outcome, label, cost_micro_usd, delivered,
                handle, usage, job_id, n, started_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        try bind(attempt, to: insertion).bind(job).bind(attempt.n).bind(attempt.started).run()
    }

    /// Binds everything but what an attempt is found by.
    private func bind(_ attempt: AttemptRecord, to statement: Statement) -> Statement {
        statement.bind(attempt.provider).bind(attempt.model).bind(word: attempt.tier).bind(attempt.count)
            .bind(attempt.ended).bind(word: attempt.outcome).bind(attempt.label).bind(attempt.cost)
            .bind(attempt.delivered).bind(attempt.handle?.json).bind(attempt.usage?.json)
    }

    private func requireJob(_ id: JobID) throws(DatabaseError) {
        let exists = try statement("SELECT 1 FROM jobs WHERE id = ?").bind(id).first { _ in true }
        guard exists == true else { throw .conflict("no job '\(id)' was accepted") }
    }

    private static func json(_ adapted: [Adaptation]) -> JSON? {
        adapted.isEmpty ? nil : .array(adapted.map(\.json))
    }
}

// MARK: - Reading jobs

extension Connection {
    private static let jobColumns = """
        SELECT id, owner, key_id, request_id, operation, status, created_ms, started_ms, finished_ms, request, policy,
            answer, adapted, cost_micro_usd, error FROM jobs
        """

    func job(_ id: JobID) throws(DatabaseError) -> JobRecord? {
        let job = try statement(composed: Connection.jobColumns + " WHERE id = ?").bind(id).first(JobRecord.init)
        guard let job else { return nil }
        return try completed(job)
    }

    func unfinishedJobs() throws(DatabaseError) -> [JobRecord] {
        let jobs = try statement(composed: Connection.jobColumns + " WHERE status IN ('queued', 'running') ORDER BY id")
            .all(JobRecord.init)
        return try jobs.map { job throws(DatabaseError) in try completed(job) }
    }

    func jobs(_ query: JobQuery) throws(DatabaseError) -> [JobRecord] {
        var conditions: [String] = []
        if query.owner != nil { conditions.append("owner = ?") }
        if query.after != nil { conditions.append("id < ?") }
        if query.status != nil { conditions.append("status = ?") }
        if query.model != nil {
            conditions.append(
                """
                (model = ? OR EXISTS (SELECT 1 FROM images
                    WHERE images.job_id = jobs.id AND images.provider || '/' || images.model = ?))
                """
            )
        }
        // An id begins with its job's time, so the bounds of time are bounds of the index; the columns have the last word.
        if query.from != nil { conditions.append("id >= ? AND created_ms >= ?") }
        if query.to != nil { conditions.append("id < ? AND created_ms < ?") }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let statement = try statement(composed: Connection.jobColumns + filter + " ORDER BY id DESC LIMIT ?")
        if let owner = query.owner { statement.bind(owner) }
        if let after = query.after { statement.bind(after) }
        if let status = query.status { statement.bind(word: status) }
        if let model = query.model { statement.bind(model).bind(model) }
        if let from = query.from { statement.bind(Connection.firstID(from)).bind(from) }
        if let to = query.to { statement.bind(Connection.firstID(to)).bind(to) }
        let jobs = try statement.bind(query.limit).all(JobRecord.init)
        return try jobs.map { job throws(DatabaseError) in try completed(job) }
    }

    /// No id made at `time` or later sorts before it.
    private static func firstID(_ time: Timestamp) -> JobID {
        JobID(time: time, random: (0, 0))
    }

    /// Adds attempts and pictures to the row of a job.
    private func completed(_ row: JobRecord) throws(DatabaseError) -> JobRecord {
        var job = row
        job.attempts = try statement(
            """
            SELECT n, provider, model, tier, count, started_ms, ended_ms, outcome, label, cost_micro_usd, delivered,
                handle, usage
            FROM attempts WHERE job_id = ? ORDER BY n
            """
        )
        .bind(job.id).all(AttemptRecord.init)
        job.images = try images(of: job.id)
        return job
    }
}

extension JobRecord {
    /// Reads the columns that `Connection.jobColumns` names; attempts and pictures are other tables' rows.
    fileprivate init(_ row: borrowing Row) throws(DatabaseError) {
        guard case .object(let request) = try row.json(9, "request") else {
            throw .unreadable("the request of job '\(row.text(0))' is no object")
        }
        guard let answer = AnswerFacts(try row.json(11, "answer")) else {
            throw .unreadable("the answer of job '\(row.text(0))' is incomplete")
        }
        self.init(
            id: row.id(0),
            owner: row.id(1),
            requestID: row.text(3),
            operation: try row.word(4, "operation"),
            created: row.time(6),
            request: request,
            policy: row.text(10),
            answer: answer
        )
        key = row.optionalID(2)
        status = try row.word(5, "status")
        started = row.optionalTime(7)
        finished = row.optionalTime(8)
        adapted = try row.optional(12, "adapted") { $0.array?.compactMap(Adaptation.init) } ?? []
        cost = row.money(13)
        error = try row.optional(14, "error", APIError.init(record:))
    }
}

extension AttemptRecord {
    fileprivate init(_ row: borrowing Row) throws(DatabaseError) {
        self.init(
            n: Int(row.integer(0)),
            provider: row.text(1),
            model: row.text(2),
            tier: try row.word(3, "tier"),
            count: Int(row.integer(4)),
            started: row.time(5)
        )
        ended = row.optionalTime(6)
        outcome = row.optionalText(7) == nil ? nil : try row.word(7, "outcome")
        label = row.optionalText(8)
        cost = row.money(9)
        delivered = Int(row.integer(10))
        handle = try row.optional(11, "handle", VendorHandle.init)
        usage = try row.optional(12, "usage", TokenUsage.init)
    }
}
