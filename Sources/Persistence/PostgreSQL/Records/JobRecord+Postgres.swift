internal import Orchestrator

extension JobRecord {
    /// A job with its attempts and pictures, three columns of JSON; what follows is a condition and an order.
    static let query = """
        SELECT row_to_json(jobs),
            (SELECT coalesce(json_agg(row_to_json(t) ORDER BY t.n), '[]') FROM attempts t WHERE t.job_id = jobs.id),
            (SELECT coalesce(json_agg(row_to_json(i) ORDER BY i.position), '[]') FROM images i WHERE i.job_id = jobs.id)
        FROM jobs
        """

    init(_ row: PostgresRow) throws(PostgresError) {
        try self.init(PostgresFields(row.text(0)), row)
    }

    /// `fields` are those of the row's first column, read already.
    init(_ fields: PostgresFields, _ row: PostgresRow) throws(PostgresError) {
        guard case .object(let request) = try fields.json("request"),
            let answer = AnswerFacts(try fields.json("answer"))
        else {
            throw PostgresError(.unreadable, "the request or answer of job '\(try fields.text("id"))' is incomplete")
        }
        self.init(
            id: try fields.id("id"),
            owner: try fields.id("owner"),
            requestID: try fields.text("request_id"),
            operation: try fields.word("operation"),
            created: try fields.time("created_ms"),
            request: request,
            policy: try fields.text("policy"),
            answer: answer
        )
        key = try fields.optionalID("key_id")
        status = try fields.word("status")
        started = try fields.optionalTime("started_ms")
        finished = try fields.optionalTime("finished_ms")
        adapted = try fields.optional("adapted") { $0.array?.compactMap(Adaptation.init) } ?? []
        cost = try fields.money("cost_micro_usd")
        error = try fields.optional("error", APIError.init(record:))
        quote = try fields.optional("quote", CreditQuote.init)
        credits = try JobCredits(fields)
        attempts = try PostgresFields.rows(row.text(1), AttemptRecord.init)
        images = try PostgresFields.rows(row.text(2), ImageRecord.init)
    }

    /// The row, without its lease.
    var postgresRow: JSONObject {
        [
            "id": .string(id.text), "owner": .string(owner.text), "key_id": .words(key?.text),
            "request_id": .words(requestID), "operation": .string(operation.rawValue),
            "status": .string(status.rawValue), "model": .words(request["model"]?.string ?? ""),
            "policy": .words(policy), "created_ms": .time(created), "started_ms": .time(started),
            "finished_ms": .time(finished), "cost_micro_usd": .money(cost), "request": .document(.object(request)),
            "answer": .document(answer.json),
            "adapted": .document(adapted.isEmpty ? nil : .array(adapted.map(\.json))),
            "error": .document(error?.record), "quote": .document(quote?.json),
            "credits_reserved": .number(of: credits.reserved), "credits_charged": .number(of: credits.charged),
            "credits_refunded": .number(of: credits.refunded), "free_reserved": .number(of: credits.freeReserved),
            "free_used": .number(of: credits.freeUsed),
            "free_day": .number(of: (credits.freeDay?.number).map(Int64.init)),
        ]
    }

    var postgresAttempts: JSON { .array(attempts.map { .object($0.postgresRow(of: id)) }) }
    var postgresImages: JSON { .array(images.map { .object($0.postgresRow) }) }
}

extension JobCredits {
    init(_ fields: PostgresFields) throws(PostgresError) {
        self.init()
        reserved = try fields.int("credits_reserved")
        charged = try fields.int("credits_charged")
        refunded = try fields.int("credits_refunded")
        freeReserved = try fields.int("free_reserved")
        freeUsed = try fields.int("free_used")
        freeDay = try fields.optionalDay("free_day")
    }
}

extension AttemptRecord {
    init(_ fields: PostgresFields) throws(PostgresError) {
        self.init(
            n: try fields.int("n"),
            provider: try fields.text("provider"),
            model: try fields.text("model"),
            tier: try fields.word("tier"),
            count: try fields.int("count"),
            started: try fields.time("started_ms")
        )
        ended = try fields.optionalTime("ended_ms")
        outcome = try fields.optionalText("outcome") == nil ? nil : try fields.word("outcome")
        label = try fields.optionalText("label")
        cost = try fields.money("cost_micro_usd")
        delivered = try fields.int("delivered")
        handle = try fields.optional("handle", VendorHandle.init)
        usage = try fields.optional("usage", TokenUsage.init)
        isPaidByCaller = try fields.flag("paid_by_caller")
        if let quoted = try fields.optionalMoney("quoted_micro_usd"),
            let billed = try fields.optionalMoney("billed_micro_usd")
        {
            reckoning = Reckoning(quoted: quoted, billed: billed)
        }
    }

    func postgresRow(of job: JobID) -> JSONObject {
        [
            "job_id": .string(job.text), "n": .number(of: n), "provider": .words(provider), "model": .words(model),
            "tier": .string(tier.rawValue), "count": .number(of: count), "started_ms": .time(started),
            "ended_ms": .time(ended), "outcome": .words(outcome?.rawValue), "label": .words(label),
            "cost_micro_usd": .money(cost), "delivered": .number(of: delivered), "handle": .document(handle?.json),
            "usage": .document(usage?.json), "paid_by_caller": .flag(isPaidByCaller),
            "quoted_micro_usd": .number(of: reckoning?.quoted.micros),
            "billed_micro_usd": .number(of: reckoning?.billed.micros),
        ]
    }
}

extension ImageRecord {
    init(_ fields: PostgresFields) throws(PostgresError) {
        let (width, height) = (try fields.int("width"), try fields.int("height"))
        guard let size = PixelSize(width: width, height: height) else {
            throw PostgresError(.unreadable, "\(width)x\(height) is no size")
        }
        let facts = ImageFacts(
            format: try fields.word("format"),
            width: width,
            height: height,
            hasAlpha: try fields.flag("has_alpha"),
            byteCount: try fields.integer("byte_count")
        )
        self.init(
            id: try fields.id("id"),
            job: try fields.id("job_id"),
            owner: try fields.id("owner"),
            index: try fields.int("position"),
            created: try fields.time("created_ms"),
            digest: try fields.text("digest"),
            facts: facts,
            size: size,
            provider: try fields.text("provider"),
            model: try fields.text("model"),
            tier: try fields.word("tier"),
            cost: try fields.money("cost_micro_usd"),
            isPublic: try fields.flag("is_public")
        )
        seed = try fields.optionalInteger("seed_bits").map(UInt64.init(bitPattern:))
        revisedPrompt = try fields.optionalText("revised_prompt")
        provenance = try fields.optionalWord("provenance")
        if let digest = try fields.optionalText("original_digest") {
            original = OriginalFile(digest: digest, format: try fields.word("original_format"))
        }
    }

    var postgresRow: JSONObject {
        [
            "id": .string(id.text), "job_id": .string(job.text), "owner": .string(owner.text),
            "position": .number(of: index), "created_ms": .time(created), "digest": .string(digest),
            "byte_count": .number(of: byteCount), "format": .string(format.rawValue),
            "width": .number(of: size.width), "height": .number(of: size.height), "has_alpha": .flag(hasAlpha),
            "provider": .words(provider), "model": .words(model), "tier": .string(tier.rawValue),
            "cost_micro_usd": .money(cost), "seed_bits": .number(of: seed.map(Int64.init(bitPattern:))),
            "revised_prompt": .words(revisedPrompt), "is_public": .flag(isPublic),
            "provenance": .words(provenance?.rawValue), "original_digest": .words(original?.digest),
            "original_format": .words(original?.format.rawValue),
        ]
    }
}
