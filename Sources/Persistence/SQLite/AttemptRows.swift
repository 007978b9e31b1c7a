internal import Orchestrator

extension Connection {
    func attempts(of job: JobID) throws(DatabaseError) -> [AttemptRecord] {
        try statement(
            """
            SELECT n, provider, model, tier, count, started_ms, ended_ms, outcome, label, cost_micro_usd, delivered,
                handle, usage, paid_by_caller, quoted_micro_usd, billed_micro_usd
            FROM attempts WHERE job_id = ? ORDER BY n
            """
        )
        .bind(job).all(AttemptRecord.init)
    }

    /// Writes an attempt over what stands under its number, and what that changes in the counters of spend.
    func put(_ attempt: AttemptRecord, of job: JobID, key: KeyID?) throws(DatabaseError) {
        var tally = SpendTally()
        try remove(attempt.n, of: job, key: key, from: &tally)
        tally.add(attempt, key: key)
        try put(attempt, of: job)
        try count(tally)
    }

    /// Writes the attempts of a job's end. What stands there and is none of them goes: intended and never made, it would be
    /// taken for work under way, at its worst cost.
    func replaceAttempts(by attempts: [AttemptRecord], of job: JobID, key: KeyID?) throws(DatabaseError) {
        var tally = SpendTally()
        let written = try statement(
            "SELECT n, provider, cost_micro_usd, started_ms, paid_by_caller FROM attempts WHERE job_id = ?"
        )
        .bind(job).all { row in
            if !row.bool(4) { tally.remove(cost: row.money(2), provider: row.text(1), key: key, on: row.time(3).day) }
            return Int(row.integer(0))
        }
        for n in written where !attempts.contains(where: { $0.n == n }) {
            try statement("DELETE FROM attempts WHERE job_id = ? AND n = ?").bind(job).bind(n).run()
        }
        for attempt in attempts {
            tally.add(attempt, key: key)
            try put(attempt, of: job)
        }
        try count(tally)
    }

    /// Takes out of a tally what the attempt of a number counts now, if there is one.
    func remove(_ n: Int, of job: JobID, key: KeyID?, from tally: inout SpendTally) throws(DatabaseError) {
        let old = try statement(
            """
            SELECT provider, cost_micro_usd, started_ms FROM attempts
            WHERE job_id = ? AND n = ? AND paid_by_caller = 0
            """
        )
        .bind(job).bind(n).first { (provider: $0.text(0), cost: $0.money(1), started: $0.time(2)) }
        if let old { tally.remove(cost: old.cost, provider: old.provider, key: key, on: old.started.day) }
    }

    /// Writes an attempt over what stands under its number; the caller counts it.
    func put(_ attempt: AttemptRecord, of job: JobID) throws(DatabaseError) {
        // An upsert would take the entry out of the index of times and put it back, though the time hardly ever changes.
        let update = try statement(
            """
            UPDATE attempts SET provider = ?, model = ?, tier = ?, count = ?, ended_ms = ?, outcome = ?, label = ?,
                cost_micro_usd = ?, delivered = ?, handle = ?, usage = ?, paid_by_caller = ?, quoted_micro_usd = ?,
                billed_micro_usd = ?
            WHERE job_id = ? AND n = ? AND started_ms = ?
            """
        )
        try bind(attempt, to: update).bind(job).bind(attempt.n).bind(attempt.started).run()
        if changes == 1 { return }
        try statement("DELETE FROM attempts WHERE job_id = ? AND n = ?").bind(job).bind(attempt.n).run()
        try insert(attempt, of: job)
    }

    /// Writes an attempt of a number that is not taken; the caller counts it.
    func insert(_ attempt: AttemptRecord, of job: JobID) throws(DatabaseError) {
        let insertion = try statement(
            """
            INSERT INTO attempts (provider, model, tier, count, ended_ms, outcome, label, cost_micro_usd, delivered,
                handle, usage, paid_by_caller, quoted_micro_usd, billed_micro_usd, job_id, n, started_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        try bind(attempt, to: insertion).bind(job).bind(attempt.n).bind(attempt.started).run()
    }

    /// Binds everything but what an attempt is found by.
    private func bind(_ attempt: AttemptRecord, to statement: Statement) -> Statement {
        statement.bind(attempt.provider).bind(attempt.model).bind(word: attempt.tier).bind(attempt.count)
            .bind(attempt.ended).bind(word: attempt.outcome).bind(attempt.label).bind(attempt.cost)
            .bind(attempt.delivered).bind(attempt.handle?.json).bind(attempt.usage?.json).bind(attempt.isPaidByCaller)
            .bind(attempt.reckoning?.quoted).bind(attempt.reckoning?.billed)
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
        isPaidByCaller = row.bool(13)
        if let quoted = row.optionalMoney(14), let billed = row.optionalMoney(15) {
            reckoning = Reckoning(quoted: quoted, billed: billed)
        }
    }
}
