internal import Orchestrator

extension Connection {
    /// Every check comes before the first write, and the last check is that write: what is refused has changed nothing, so
    /// the rest of the group's transaction stands. One thread writes, so what was read still holds when it is acted on.
    func accept(_ acceptance: Acceptance) throws(DatabaseError) -> AcceptanceOutcome {
        let now = acceptance.now
        if let claim = acceptance.repeats, let known = try repeats(of: claim.owner, key: claim.key, now: now) {
            return .repeated(known)
        }
        let windows = try rateWindows(acceptance.rates, now: now)
        for (index, (claim, window)) in zip(acceptance.rates, windows).enumerated()
        where window.count >= claim.rate.count {
            return .rateLimited(index, window.verdict(claim, now: now))
        }
        var job = acceptance.job
        if let subject = try capPassed(by: SpendTally(of: job), of: acceptance.caps) { return .capped(subject) }
        if let claim = acceptance.credits, let refusal = try reserve(claim, for: &job, now: now) { return refusal }

        if let claim = acceptance.repeats { try insert(claim, job: job.id) }
        let taken = try takeOne(of: windows, acceptance.rates)
        let lease = FirstLease(owner: acceptance.daemon, until: now + acceptance.lease)
        try insert(job, lease: lease, webhook: acceptance.webhook)
        return .accepted(job, zip(acceptance.rates, taken).map { $1.verdict($0, now: now) })
    }

    /// Takes a job's credits and free uses and notes them in it; the refusal when there are too few.
    private func reserve(
        _ claim: CreditClaim,
        for job: inout JobRecord,
        now: Timestamp
    ) throws(DatabaseError) -> AcceptanceOutcome? {
        let day = now.day
        let used = try freeUsed(by: job.owner, on: day)
        let free = max(0, min(claim.holds.count - 1, claim.freePerDay - used))
        let amount = claim.holds[free]
        if amount > .zero {
            guard try hold(amount, of: job, credit: claim.credit, at: now) else {
                let available = try balance(of: job.owner, on: day).available
                return .insufficientCredits(needed: amount, available: available)
            }
            job.credits.reserved = Int(amount.micros / claim.credit.micros)
        }
        if free > 0 {
            try statement(
                """
                INSERT INTO allowance (user_id, day, used) VALUES (?, ?, ?)
                ON CONFLICT (user_id, day) DO UPDATE SET used = used + excluded.used
                """
            )
            .bind(job.owner).bind(day).bind(free).run()
            job.credits.freeReserved = free
            job.credits.freeDay = day
        }
        return nil
    }
}
