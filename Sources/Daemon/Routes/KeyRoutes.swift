import Configuration
import Orchestrator
import Persistence
import Transport

/// `/v1/keys`: a user's own API keys.
enum KeyRoutes {
    static let all: [Route] = [
        Route(.get, "/v1/keys", .caller, "List your keys") { exchange throws(APIError) in
            let owner = try exchange.requireCaller().user.id
            let keys = try await exchange.reading { store throws(StoreError) in try await store.keys(of: owner) }
            return .json(["object": "list", "data": .array(keys.map { .object(body(of: $0)) }), "has_more": false])
        },
        Route(.post, "/v1/keys", .caller, "Make a key; its text is shown once") {
            exchange throws(APIError) in try await create(exchange)
        },
        Route(.delete, "/v1/keys/{key}", .caller, "Revoke a key") { exchange throws(APIError) in
            let (owner, service) = (try exchange.requireCaller().user.id, exchange.service)
            let missing = APIError.notFound("there is no key '\(exchange.parameters[0])'")
            guard let id = KeyID(exchange.parameters[0]) else { throw missing }
            let isRevoked = try await exchange.reading { store throws(StoreError) in
                try await store.revokeKey(id, owner: owner, now: service.time.now())
            }
            service.authenticator.forget()
            guard isRevoked else { throw missing }
            return .json(["id": .string(id.text), "object": "key", "deleted": true])
        },
    ]

    private static func create(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (caller, service) = (try exchange.requireCaller(), exchange.service)
        let fields = FieldReader(try await exchange.jsonObject())
        let (text, record) = NewKey.make(
            owner: caller.user.id,
            name: try fields.string("name", atMost: 200) ?? "key",
            time: service.time
        )
        var key = record
        key.policy = try fields.string("policy", atMost: 100)
        if let policy = key.policy, service.registry.policies[policy] == nil {
            throw .invalidValue("policy", "no policy is called '\(policy)'")
        }
        // A limit that is not kept would be worse than none.
        for field in ["scopes", "spend_per_day"] where fields.value(field) != nil {
            throw fields.invalid(field, "is not available in this version")
        }
        if let expires = try fields.string("expires_at", atMost: 40) {
            guard let time = Timestamp(expires), time > service.time.now() else {
                throw .invalidValue("expires_at", "must be an RFC 3339 time in the future")
            }
            key.expires = time
        }
        if let rate = try fields.string("rate", atMost: 40) {
            guard let rate = Rate(rate) else { throw .invalidValue("rate", "must be such as '10/min' or '100/hour'") }
            key.rate = rate
        }
        let made = key
        try await exchange.reading { store throws(StoreError) in try await store.addKey(made) }
        var body = body(of: made)
        body["key"] = .string(text)
        return .json(.object(body), status: 201)
    }

    private static func body(of key: KeyRecord) -> JSONObject {
        [
            "id": .string(key.id.text), "object": "key", "name": .string(key.name), "prefix": .string(key.prefix),
            "created": .text(key.created), "expires_at": .text(key.expires), "revoked_at": .text(key.revoked),
            "scopes": .array(key.scopes.map(JSON.string)), "policy": .text(key.policy),
            "spend_per_day": .text(key.spendPerDay),
        ]
    }
}

/// Draws new keys.
enum NewKey {
    /// 40 characters of base 32 are 200 random bits.
    private static let length = 40
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    private static let shownPrefix = 12

    /// A key's text, which is kept nowhere, and its record.
    static func make(owner: UserID, name: String, time: any TimeSource) -> (text: String, record: KeyRecord) {
        let random = SecureRandom().bytes(length)
        let text = "ork_" + String(decoding: random.map { alphabet[Int($0 & 31)] }, as: UTF8.self)
        return (text, record(of: text, owner: owner, name: name, time: time))
    }

    /// The record of a key whose text is given.
    static func record(of text: String, owner: UserID, name: String, time: any TimeSource) -> KeyRecord {
        KeyRecord(
            id: time.makeID(),
            owner: owner,
            name: name,
            prefix: String(text.prefix(shownPrefix)),
            hash: SHA256.hex(of: text),
            created: time.now()
        )
    }
}
