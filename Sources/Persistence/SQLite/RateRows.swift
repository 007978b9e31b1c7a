internal import Orchestrator

/// One window of one rate: how much of it is taken, and when it ends.
struct RateWindow {
    var end: Timestamp
    var count: Int

    func verdict(_ claim: RateClaim, now: Timestamp) -> RateVerdict {
        RateVerdict(
            limit: claim.rate.count,
            remaining: max(0, claim.rate.count - count),
            reset: .milliseconds(end.milliseconds - now.milliseconds)
        )
    }
}

extension Connection {
    /// The window that a request falls in; a fresh one when there is none, it has ended, or it ends further away than it is
    /// long, since then the clock was put back.
    func rateWindow(_ claim: RateClaim, now: Timestamp) throws(DatabaseError) -> RateWindow {
        let last = now + claim.rate.window
        let window = try statement("SELECT end_ms, count FROM rate_windows WHERE subject = ?").bind(claim.subject)
            .first { RateWindow(end: $0.time(0), count: Int($0.integer(1))) }
        guard let window, window.end > now, window.end <= last else { return RateWindow(end: last, count: 0) }
        return window
    }

    func put(_ window: RateWindow, of subject: String) throws(DatabaseError) {
        try statement(
            """
            INSERT INTO rate_windows (subject, end_ms, count) VALUES (?, ?, ?)
            ON CONFLICT (subject) DO UPDATE SET end_ms = excluded.end_ms, count = excluded.count
            """
        )
        .bind(subject).bind(window.end).bind(window.count).run()
    }
}
