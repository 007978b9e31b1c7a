import Orchestrator
import Transport

/// `/v1/keys`: a user's own API keys.
enum KeyRoutes {
    static let all: [Route] = [
        Route(.get, "/v1/keys", .scope(.keys), "List your keys") { exchange throws(APIError) in
            let owner = try exchange.requireCaller().user.id
            let keys = try await exchange.reading { store throws(StoreError) in try await store.keys(of: owner) }
            return .json([
                "object": "list", "data": .array(keys.map { .object(KeyAnswer.body(of: $0)) }), "has_more": false,
            ])
        },
        Route(
            .post,
            "/v1/keys",
            .scope(.keys),
            "Make a key; its text is shown once",
            repeats: .keptWithout([KeyAnswer.text])
        ) { exchange throws(APIError) in try await create(exchange) },
        Route(.delete, "/v1/keys/{key}", .scope(.keys), "Revoke a key") {
            exchange throws(APIError) in try await revoke(exchange)
        },
    ]

    private static func create(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (caller, service) = (try exchange.requireCaller(), exchange.service)
        var terms = try KeyTerms(
            FieldReader(try await exchange.jsonObject()),
            policies: Set(service.registry.policies.keys),
            now: service.time.now()
        )
        try terms.limit(to: caller)
        let (text, record) = NewKey.make(owner: caller.user.id, name: terms.name, time: service.time)
        let made = terms.applied(to: record)
        try await exchange.reading { store throws(StoreError) in try await store.addKey(made) }
        var body = KeyAnswer.body(of: made)
        await exchange.audit("key.create", made.id.text, ["key": .object(body)])
        body[KeyAnswer.text] = .string(text)
        return .json(.object(body), status: 201, headers: [(name: "cache-control", value: "no-store")])
    }

    private static func revoke(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (owner, service) = (try exchange.requireCaller().user.id, exchange.service)
        let missing = APIError.notFound("there is no key '\(exchange.parameters[0])'")
        guard let id = KeyID(exchange.parameters[0]) else { throw missing }
        let isRevoked = try await exchange.reading { store throws(StoreError) in
            try await store.revokeKey(id, owner: owner, now: service.time.now())
        }
        service.authenticator.forget()
        guard isRevoked else { throw missing }
        await exchange.audit("key.revoke", id.text)
        return .json(["id": .string(id.text), "object": "key", "deleted": true])
    }
}

/// A key as answers show it.
enum KeyAnswer {
    /// The field that holds the key itself, in the answer that makes it.
    static let text = "key"

    static func body(of key: KeyRecord) -> JSONObject {
        [
            "id": .string(key.id.text), "object": "key", "name": .string(key.name), "prefix": .string(key.prefix),
            "created": .text(key.created), "expires_at": .text(key.expires), "revoked_at": .text(key.revoked),
            "scopes": .array(key.scopes.map(JSON.string)), "policy": .text(key.policy),
            "spend_per_day": .text(key.spendPerDay), "rate": .text(key.rate?.text),
        ]
    }
}
