internal import Orchestrator

extension Connection {
    private static let jobColumns = """
        SELECT id, owner, key_id, request_id, operation, status, created_ms, started_ms, finished_ms, request, policy,
            answer, adapted, cost_micro_usd, error, quote, credits_reserved, credits_charged, credits_refunded,
            free_reserved, free_used, free_day FROM jobs
        """

    func job(_ id: JobID) throws(DatabaseError) -> JobRecord? {
        let job = try statement(composed: Connection.jobColumns + " WHERE id = ?").bind(id).first(JobRecord.init)
        guard let job else { return nil }
        return try completed(job)
    }

    func jobs(_ query: JobQuery) throws(DatabaseError) -> [JobRecord] {
        var conditions: [String] = []
        if query.owner != nil { conditions.append("owner = ?") }
        if query.after != nil { conditions.append("id < ?") }
        if let status = query.status {
            // Said as in the partial indexes, or SQLite would not use them.
            let kind = status.isFinal ? "status <> 'queued' AND status <> 'running'" : "status IN ('queued', 'running')"
            conditions.append("status = ? AND \(kind)")
        }
        if query.model != nil {
            conditions.append(
                """
                (model = ? OR EXISTS (SELECT 1 FROM images
                    WHERE images.job_id = jobs.id AND images.provider || '/' || images.model = ?))
                """
            )
        }
        if query.text != nil { conditions.append(Connection.promptHolds) }
        // An id begins with its job's time, so the bounds of time are bounds of the index; the columns have the last word.
        if query.from != nil { conditions.append("id >= ? AND created_ms >= ?") }
        if query.to != nil { conditions.append("id < ? AND created_ms < ?") }
        // Few jobs are unfinished: they are looked through, where SQLite would rather go through all of an owner's.
        let isAmongFew = query.status.map { !$0.isFinal } ?? false
        let filter =
            (isAmongFew ? " INDEXED BY jobs_unfinished" : "")
            + (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND "))
        let statement = try statement(composed: Connection.jobColumns + filter + " ORDER BY id DESC LIMIT ?")
        if let owner = query.owner { statement.bind(owner) }
        if let after = query.after { statement.bind(after) }
        if let status = query.status { statement.bind(word: status) }
        if let model = query.model { statement.bind(model).bind(model) }
        if let text = query.text { statement.bind(text) }
        if let from = query.from { statement.bind(Connection.firstID(from)).bind(from) }
        if let to = query.to { statement.bind(Connection.firstID(to)).bind(to) }
        let jobs = try statement.bind(query.limit).all(JobRecord.init)
        return try jobs.map { job throws(DatabaseError) in try completed(job) }
    }

    /// A job's condition that its prompt holds a text.
    static let promptHolds = "instr(lower(jobs.request ->> '$.prompt'), lower(?)) > 0"

    /// No id made at `time` or later sorts before it.
    private static func firstID(_ time: Timestamp) -> JobID {
        JobID(time: time, random: (0, 0))
    }

    /// Adds attempts and pictures to the row of a job.
    private func completed(_ row: JobRecord) throws(DatabaseError) -> JobRecord {
        var job = row
        job.attempts = try attempts(of: job.id)
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
        quote = try row.optional(15, "quote", CreditQuote.init)
        credits.reserved = Int(row.integer(16))
        credits.charged = Int(row.integer(17))
        credits.refunded = Int(row.integer(18))
        credits.freeReserved = Int(row.integer(19))
        credits.freeUsed = Int(row.integer(20))
        credits.freeDay = row.optionalDay(21)
    }
}
