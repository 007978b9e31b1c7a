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
        guard !claims.isEmpty else { return [] }
        let selection = try statement(
            composed: "SELECT subject, end_ms, count FROM rate_windows WHERE subject IN "
                + Connection.marks(claims.count)
        )
        for claim in claims { selection.bind(claim.subject) }
        let known = try selection.all { row in
            (subject: row.text(0), window: RateWindow(end: row.time(1), count: Int(row.integer(2)), isKept: true))
        }
        return claims.map { claim in
            let last = now + claim.rate.window
            guard let window = known.first(where: { $0.subject == claim.subject })?.window, window.end > now,
                window.end <= last
            else { return RateWindow(end: last, count: 0, isKept: false) }
            return window
        }
    }

    /// Counts a request in each of its windows, which are as they were read; as they are then.
    func takeOne(of windows: [RateWindow], _ claims: [RateClaim]) throws(DatabaseError) -> [RateWindow] {
        let pairs = Array(zip(claims, windows))
        let kept = pairs.filter { $0.1.isKept }
        if !kept.isEmpty {
            // Of a window that goes on only the count changes: its place in the index of ends stays.
            let update = try statement(
                composed: "UPDATE rate_windows SET count = count + 1 WHERE subject IN " + Connection.marks(kept.count)
            )
            for (claim, _) in kept { update.bind(claim.subject) }
            try update.run()
        }
        for (claim, window) in pairs where !window.isKept {
            try statement(
                """
                INSERT INTO rate_windows (subject, end_ms, count) VALUES (?, ?, 1)
                ON CONFLICT (subject) DO UPDATE SET end_ms = excluded.end_ms, count = excluded.count
                """
            )
            .bind(claim.subject).bind(window.end).run()
        }
        return windows.map { RateWindow(end: $0.end, count: $0.count + 1, isKept: true) }
    }

    private static func marks(_ count: Int) -> String {
        "(" + Array(repeating: "?", count: count).joined(separator: ", ") + ")"
    }
}
