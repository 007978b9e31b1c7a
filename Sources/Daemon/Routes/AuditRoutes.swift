import Orchestrator
import Transport

/// `/v1/admin/audit`: what was done, by whom.
enum AuditRoutes {
    static let all: [Route] = [
        Route(.get, "/v1/admin/audit", .admin, "List acts of administrators and on keys, newest first") {
            exchange throws(APIError) in
            let page = QueryReader(exchange.request)
            let limit = try page.integer("limit", in: 1...100) ?? 20
            let after = try page.identifier("after", AuditID.self)
            let entries = try await exchange.reading { store throws(StoreError) in
                try await store.auditTrail(after: after, limit: limit + 1)
            }
            return .json([
                "object": "list", "data": .array(entries.prefix(limit).map(body)),
                "has_more": .bool(entries.count > limit),
            ])
        }
    ]

    private static func body(of entry: AuditEntry) -> JSON {
        [
            "id": .string(entry.id.text), "object": "audit_entry", "at": .text(entry.at),
            "actor": .text(entry.actor), "action": .string(entry.action), "subject": .string(entry.subject),
            "detail": .object(entry.detail),
        ]
    }
}
