import Orchestrator
import Transport

/// `/v1/admin/users` and `/v1/admin/grant`: who has an account, and who administers.
enum AdminUserRoutes {
    static let all: [Route] = [
        Route(.get, "/v1/admin/users", .admin, "List users, newest first, or search by id or e-mail address") {
            exchange throws(APIError) in try await list(exchange)
        },
        Route(.post, "/v1/admin/grant", .admin, "Make a user an administrator, or take that back") {
            exchange throws(APIError) in try await grant(exchange)
        },
    ]

    private static func list(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let page = QueryReader(exchange.request)
        let limit = try page.integer("limit", in: 1...100) ?? 20
        let after = try page.identifier("after", UserID.self)
        let found: [UserRecord]
        if let term = page.text("search") {
            found = try await search(term, after: after, limit: limit + 1, exchange)
        } else {
            found = try await exchange.reading { store throws(StoreError) in
                try await store.users(after: after, limit: limit + 1)
            }
        }
        return .json([
            "object": "list", "data": .array(found.prefix(limit).map { .object(UserAnswer.body(of: $0)) }),
            "has_more": .bool(found.count > limit),
        ])
    }

    /// Users whose id is the term, or whose e-mail address holds it; goes through all users, which administrators do
    /// rarely.
    private static func search(
        _ term: String,
        after: UserID?,
        limit: Int,
        _ exchange: Exchange
    ) async throws(APIError) -> [UserRecord] {
        if let id = UserID(term) {
            let user = try await exchange.reading { store throws(StoreError) in try await store.user(id) }
            return user.map { [$0] } ?? []
        }
        let (pageSize, term) = (101, term.lowercased())
        var (found, last) = ([UserRecord](), after)
        while found.count < limit {
            let from = last
            let page = try await exchange.reading { store throws(StoreError) in
                try await store.users(after: from, limit: pageSize)
            }
            found += page.filter { $0.email.contains(term) }
            guard page.count == pageSize, let end = page.last else { break }
            last = end.id
        }
        return Array(found.prefix(limit))
    }

    private static func grant(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (caller, service) = (try exchange.requireCaller(), exchange.service)
        let fields = FieldReader(try await exchange.jsonObject())
        guard let text = try fields.string("user_id", atMost: 100) else { throw .missingField("user_id") }
        let isAdmin = try fields.bool("is_admin") ?? true
        let missing = APIError.notFound("there is no user '\(text)'")
        guard let id = UserID(text) else { throw missing }
        guard isAdmin || id != caller.user.id else {
            throw .invalidValue("user_id", "nobody takes their own rights away: ask another administrator")
        }
        let isSet = try await exchange.reading { store throws(StoreError) in
            try await store.setAdmin(isAdmin, of: id)
        }
        service.authenticator.forget()
        guard isSet else { throw missing }
        await exchange.audit(isAdmin ? "user.grant" : "user.revoke", id.text)
        let user = try await exchange.reading { store throws(StoreError) in try await store.user(id) }
        guard let user else { throw missing }
        return .json(.object(UserAnswer.body(of: user)))
    }
}
