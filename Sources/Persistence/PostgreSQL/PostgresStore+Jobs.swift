package import Orchestrator

extension PostgresStore {
    private static let accepting = FoundAgain("accept", "orchestrator_accept")

    package func accept(_ acceptance: Acceptance) async throws(StoreError) -> AcceptanceOutcome {
        try await accept(acceptance, isRepeat: false)
    }

    /// `isRepeat`: an earlier call may have let the job in.
    func accept(_ acceptance: Acceptance, isRepeat: Bool) async throws(StoreError) -> AcceptanceOutcome {
        let answer = try await find(PostgresStore.accepting, argument(of: acceptance), isRepeat: isRepeat)
        do throws(PostgresError) {
            guard let answer else { throw PostgresError(.unreadable, "the acceptance of a job has no outcome") }
            return try AcceptanceOutcome(answer, acceptance)
        } catch {
            throw error.storeError
        }
    }

    private func argument(of acceptance: Acceptance) -> JSONObject {
        let job = acceptance.job
        var argument: JSONObject = [
            "now": .time(acceptance.now), "clock": clockMember(at: acceptance.now),
            "daemon": .string(acceptance.daemon.text), "lease": .number(of: acceptance.lease.milliseconds),
            "job": .object(job.postgresRow), "attempts": job.postgresAttempts, "images": job.postgresImages,
            "rates": .array(acceptance.rates.map(\.json)), "caps": .array(acceptance.caps.map(\.json)),
        ]
        argument["repeats"] = acceptance.repeats.map { .object($0.json) }
        if let claim = acceptance.credits {
            argument["credits"] = [
                "holds": .array(claim.holds.map { .money($0) }), "free_per_day": .number(of: claim.freePerDay),
                "credit": .money(claim.credit),
            ]
        }
        if let target = acceptance.webhook {
            argument["webhook"] = [
                "id": .string(target.id.text), "url": .words(target.url), "secret": .words(target.secret),
            ]
        }
        return argument
    }

    private static let beginning = PostgresStatement(
        "begin",
        isRepeatable: true,
        "SELECT orchestrator_attempt($1, true)"
    )
    private static let updating = PostgresStatement(
        "update",
        isRepeatable: true,
        "SELECT orchestrator_attempt($1, false)"
    )

    package func begin(
        _ attempt: AttemptRecord,
        of lease: JobLease,
        caps: [SpendCap]
    ) async throws(StoreError) -> AttemptAdmission {
        let word = try await write(PostgresStore.beginning, attempt, of: lease, caps: caps)
        if word == "done" { return .begun }
        guard word.hasPrefix("capped:") else { return .lost }
        guard let subject = SpendSubject(text: String(word.dropFirst(7))) else {
            throw .corrupt("'\(word)' names no cap")
        }
        return .capped(subject)
    }

    package func update(_ attempt: AttemptRecord, of lease: JobLease) async throws(StoreError) -> Bool {
        try await write(PostgresStore.updating, attempt, of: lease, caps: []) == "done"
    }

    private func write(
        _ statement: PostgresStatement,
        _ attempt: AttemptRecord,
        of lease: JobLease,
        caps: [SpendCap]
    ) async throws(StoreError) -> String {
        let argument: JSONObject = [
            "fence": .number(of: lease.fence), "attempt": .object(attempt.postgresRow(of: lease.job)),
            "caps": .array(caps.map(\.json)),
        ]
        return try await ask(statement, [.json(argument)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try row.text(0) } ?? "lost"
        }
    }

    private static let finishing = FoundAgain("finish", "orchestrator_finish")

    package func finish(_ end: JobEnd) async throws(StoreError) -> JobRecord? {
        var job = end.job
        let at = job.finished ?? job.created
        let isCharged = job.status == .succeeded
        let argument: JSONObject = [
            "job": .object(job.postgresRow), "attempts": job.postgresAttempts, "images": job.postgresImages,
            "fence": .number(of: end.lease.fence), "at": .time(at), "clock": clockMember(at: at),
            "charge": .money(isCharged ? max(.zero, end.charge) : .zero),
            "free_used": .number(of: isCharged ? end.freeUsed : 0), "in_gallery": .bool(end.inGallery),
        ]
        guard let row = try await findEnd(PostgresStore.finishing, of: job.id, argument) else { return nil }
        do throws(PostgresError) {
            job.credits = try JobCredits(row)
        } catch {
            throw error.storeError
        }
        return job
    }

    private static let claiming = PostgresStatement(
        "claim-jobs",
        "SELECT * FROM orchestrator_claim_jobs($1, $2, $3, $4)"
    )

    package func claimJobs(
        by daemon: DaemonID,
        for duration: Duration,
        now: Timestamp,
        limit: Int
    ) async throws(StoreError) -> [ClaimedJob] {
        let values: [PostgresValue] = [
            .id(daemon), .integer(duration.milliseconds), .count(limit), clock(at: now),
        ]
        return try await ask(PostgresStore.claiming, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                let fields = try PostgresFields(row.text(0))
                let job = try JobRecord(fields, row)
                return ClaimedJob(
                    job: job,
                    lease: JobLease(job: job.id, fence: try fields.integer("fence")),
                    claims: try fields.int("claims"),
                    isCancelRequested: try fields.flag("cancel_requested")
                )
            }
        }
    }

    private static let renewing = PostgresStatement(
        "renew",
        isRepeatable: true,
        """
        UPDATE jobs SET lease_until_ms = coalesce($3, orchestrator_clock()) + $2
        WHERE lease_owner = $1 AND status IN ('queued', 'running') RETURNING id, fence, cancel_requested
        """
    )

    package func renewLeases(
        of daemon: DaemonID,
        for duration: Duration,
        now: Timestamp
    ) async throws(StoreError) -> [HeldJob] {
        let values: [PostgresValue] = [.id(daemon), .integer(duration.milliseconds), clock(at: now)]
        let held = try await ask(PostgresStore.renewing, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                HeldJob(
                    lease: JobLease(job: JobID(trusted: try row.text(0)), fence: try row.integer(1)),
                    isCancelRequested: try row.integer(2) != 0
                )
            }
        }
        return held.sorted { $0.lease.job < $1.lease.job }
    }

    private static let canceling = PostgresStatement(
        "request-cancel",
        isRepeatable: true,
        "UPDATE jobs SET cancel_requested = 1 WHERE id = $1 AND status IN ('queued', 'running')"
    )

    package func requestCancel(_ job: JobID) async throws(StoreError) -> Bool {
        try await ask(PostgresStore.canceling, [.id(job)]) { result throws(PostgresError) in result.changes == 1 }
    }
}

extension RateClaim {
    fileprivate var json: JSON {
        [
            "subject": .words(subject), "count": .number(of: rate.count),
            "window": .number(of: rate.window.milliseconds),
        ]
    }
}

extension SpendCap {
    fileprivate var json: JSON { ["subject": .words(subject.text), "limit": .money(limit)] }
}

extension AcceptanceOutcome {
    /// Reads what the function says of an acceptance.
    fileprivate init(_ answer: PostgresFields, _ acceptance: Acceptance) throws(PostgresError) {
        switch try answer.text("outcome") {
        case "accepted":
            var job = acceptance.job
            job.credits.reserved = try answer.int("credits_reserved")
            job.credits.freeReserved = try answer.int("free_reserved")
            job.credits.freeDay = try answer.optionalDay("free_day")
            var verdicts = acceptance.rates.map { RateVerdict(limit: $0.rate.count, remaining: 0, reset: .zero) }
            for rate in try answer.list("rates") {
                let place = try rate.int("place")
                guard verdicts.indices.contains(place) else { continue }
                verdicts[place].remaining = max(0, try rate.int("left"))
                verdicts[place].reset = .milliseconds(try rate.integer("reset"))
            }
            self = .accepted(job, verdicts)
        case "repeated": self = .repeated(try IdempotencyRecord(answer.part("known")))
        case "rate":
            let rate = try answer.part("rate")
            let place = try rate.int("place")
            guard acceptance.rates.indices.contains(place) else {
                throw PostgresError(.unreadable, "there is no rate \(place)")
            }
            let reset = Duration.milliseconds(try rate.integer("reset"))
            let limit = acceptance.rates[place].rate.count
            self = .rateLimited(place, RateVerdict(limit: limit, remaining: 0, reset: reset))
        case "capped":
            let text = try answer.text("subject")
            guard let cap = acceptance.caps.first(where: { $0.subject.text == text }) else {
                throw PostgresError(.unreadable, "'\(text)' names no cap")
            }
            self = .capped(cap.subject)
        case "insufficient":
            self = .insufficientCredits(needed: try answer.money("needed"), available: try answer.money("available"))
        case let other: throw PostgresError(.unreadable, "'\(other)' is no outcome of an acceptance")
        }
    }
}
