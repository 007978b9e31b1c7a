internal import Orchestrator

/// One window of one rate: how much of it is taken, and when it ends.
struct RateWindow {
    var end: Timestamp
    var count: Int
    /// Whether it is on record, not only about to be.
    var isKept: Bool

    func verdict(_ claim: RateClaim, now: Timestamp) -> RateVerdict {
        RateVerdict(
            limit: claim.rate.count,
            remaining: max(0, claim.rate.count - count),
            reset: .milliseconds(end.milliseconds - now.milliseconds)
        )
    }
}

extension Connection {
    /// The windows that a request falls in; a fresh one where there is none, it has ended, or it ends further away than it is
    /// long, since then the clock was put back.
    func rateWindows(_ claims: [RateClaim], now: Timestamp) throws(DatabaseError) -> [RateWindow] {
        // One by one: for a list of subjects SQLite would build a table each time.
        try claims.map { claim throws(DatabaseError) in
            let known = try statement("SELECT end_ms, count FROM rate_windows WHERE subject = ?").bind(claim.subject)
                .first { RateWindow(end: $0.time(0), count: Int($0.integer(1)), isKept: true) }
            let last = now + claim.rate.window
            guard let known, known.end > now, known.end <= last else {
                return RateWindow(end: last, count: 0, isKept: false)
            }
            return known
        }
    }

    /// Counts a request in each of its windows, which are as they were read; as they are then.
    func takeOne(of windows: [RateWindow], _ claims: [RateClaim]) throws(DatabaseError) -> [RateWindow] {
        for (claim, window) in zip(claims, windows) {
            if window.isKept {
                // Of a window that goes on only the count changes: its place in the index of ends stays.
                try statement("UPDATE rate_windows SET count = count + 1 WHERE subject = ?").bind(claim.subject).run()
            } else {
                try statement(
                    """
                    INSERT INTO rate_windows (subject, end_ms, count) VALUES (?, ?, 1)
                    ON CONFLICT (subject) DO UPDATE SET end_ms = excluded.end_ms, count = excluded.count
                    """
                )
                .bind(claim.subject).bind(window.end).run()
            }
        }
        return windows.map { RateWindow(end: $0.end, count: $0.count + 1, isKept: true) }
    }
}
