@testable import Orchestrator

/// A record of announcements in memory.
final class MemoryWebhooks: WebhookStore, Sendable {
    struct Row: Sendable {
        var delivery: WebhookDelivery
        /// When it is due; nil when it is delivered or given up.
        var next: Timestamp?
        var leaseEnds: Timestamp?
        var isDelivered = false
        /// How often it was settled.
        var settled = 0
    }

    struct State: Sendable {
        var rows: [Row] = []
        var failures = 0
    }

    let state = Watched(State())

    var rows: [Row] { state.value.rows }

    func add(_ delivery: WebhookDelivery) {
        state.update { $0.rows.append(Row(delivery: delivery, next: delivery.ready)) }
    }

    /// Lets the next operations fail, so many of them.
    func fail(_ times: Int) {
        state.update { $0.failures = times }
    }

    private func fails() throws(StoreError) {
        let fails = state.update { state in
            defer { state.failures = max(0, state.failures - 1) }
            return state.failures > 0
        }
        if fails { throw .unavailable("disk I/O error") }
    }

    func claimWebhooks(for duration: Duration, now: Timestamp, limit: Int) async throws(StoreError)
        -> [WebhookDelivery]
    {
        try fails()
        return state.update { state in
            let due = state.rows.indices.filter { index in
                let row = state.rows[index]
                return row.next.map { $0 <= now } == true && row.leaseEnds.map { $0 <= now } ?? true
            }
            return due.prefix(limit).map { index in
                state.rows[index].leaseEnds = now + duration
                return state.rows[index].delivery
            }
        }
    }

    func settleWebhook(_ id: WebhookID, tries: Int, next: Timestamp?, isDelivered: Bool) async throws(StoreError) {
        try fails()
        state.update { state in
            for index in state.rows.indices where state.rows[index].delivery.target.id == id {
                state.rows[index].delivery.tries = tries
                state.rows[index].next = next
                state.rows[index].leaseEnds = nil
                state.rows[index].isDelivered = isDelivered
                state.rows[index].settled += 1
            }
        }
    }

    func nextWebhook() async throws(StoreError) -> Timestamp? {
        try fails()
        return rows.compactMap { row in row.next.map { max($0, row.leaseEnds ?? $0) } }.min()
    }
}
