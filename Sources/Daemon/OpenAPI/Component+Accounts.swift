import Orchestrator

// What the routes of accounts, credits, usage and administration take and answer.
extension Component {
    static let email: JSON = ["type": "string", "format": "email", "maxLength": 254]
    /// Bounds are in bytes, which no schema counts.
    static let password = Schema.text(8...1024)

    static var keyMembers: JSONObject {
        [
            "id": Schema.id(KeyID.self), "object": Schema.constant("key"), "name": Schema.text, "prefix": Schema.text,
            "created": Schema.time, "expires_at": Schema.nullable(Schema.time),
            "revoked_at": Schema.nullable(Schema.time), "scopes": Schema.array(Schema.choice(Scope.self)),
            "policy": Schema.nullable(Schema.text), "spend_per_day": Schema.nullable(Schema.dollars),
            "rate": Schema.nullable(Schema.text),
        ]
    }

    static var keyWish: JSON {
        Schema.object(
            [:],
            optional: Schema.nullable([
                "name": Schema.text(0...200),
                "scopes": ["type": "array", "items": Schema.choice(Scope.self), "minItems": 1],
                "expires_at": Schema.time, "policy": Schema.named(.policy), "spend_per_day": Schema.positiveDollarWish,
                "rate": ["type": "string", "pattern": "^[1-9][0-9]{0,8}/(s|min|hour|day)$"],
            ])
        )
    }

    static var userObject: JSON {
        Schema.object(
            [
                "id": Schema.id(UserID.self), "object": Schema.constant("user"), "email": Schema.text,
                "is_admin": Schema.flag, "created": Schema.time,
            ],
            optional: ["csrf_token": Schema.text]
        )
    }

    static var deviceObject: JSON {
        Schema.object([
            "object": Schema.constant("device"), "user_code": Schema.text,
            "status": Schema.choice(["pending", "completed", "denied", "expired"]), "client": Schema.text,
            "provider": Schema.nullable(Schema.text), "address": Schema.text, "created": Schema.time,
            "expires_at": Schema.time,
        ])
    }

    static var packObject: JSON {
        Schema.object([
            "id": Schema.text, "name": Schema.text, "credits": Schema.count, "price_usd_cents": Schema.count,
            "bonus_credits": Schema.count, "description": Schema.text,
        ])
    }

    static var transactionObject: JSON {
        Schema.object([
            "id": Schema.text, "user_id": Schema.id(UserID.self), "type": Schema.text, "amount": Schema.integer,
            "balance_after": Schema.integer, "description": Schema.text,
            "reference_id": Schema.nullable(Schema.text), "created_at": Schema.time,
        ])
    }

    static var sums: JSONObject {
        [
            "requests": Schema.count, "images": Schema.count, "tokens": Schema.count, "failed_requests": Schema.count,
            "cost_usd": Schema.dollars, "credits": Schema.integer,
        ]
    }

    static var period: JSONObject {
        ["period_start": Schema.time, "period_end": Schema.time]
    }

    static var usageObject: JSON {
        let members: JSONObject = [
            "user_id": Schema.id(UserID.self), "total_requests": Schema.count, "total_images": Schema.count,
            "total_tokens": Schema.count, "failed_requests": Schema.count, "cost_usd": Schema.dollars,
            "credits": Schema.integer,
            "by_operation": Schema.array(Schema.object(Schema.members(["operation": Schema.text], sums))),
            "by_model": Schema.array(Schema.named(.usedModel)),
        ]
        return Schema.object(Schema.members(members, period))
    }

    static var auditObject: JSON {
        Schema.object([
            "id": Schema.id(AuditID.self), "object": Schema.constant("audit_entry"), "at": Schema.time,
            "actor": Schema.nullable(Schema.text), "action": Schema.text, "subject": Schema.text,
            "detail": Schema.object,
        ])
    }

    static var providerObject: JSON {
        let model = Schema.object([
            "id": Schema.text, "breaker": Schema.text, "failures_in_a_row": Schema.count,
            "latency_ms": Schema.nullable(Schema.count),
        ])
        return Schema.object([
            "id": Schema.text, "adapter": Schema.text, "enabled": Schema.text, "in_flight": Schema.count,
            "max_in_flight": Schema.count, "spent_today_usd": Schema.dollars,
            "spend_per_day_usd": Schema.nullable(Schema.dollars), "models": Schema.array(model),
        ])
    }

    static let leftOut = Schema.array(Schema.object(["id": Schema.text, "missing": Schema.text]))

    static var registryObject: JSON {
        let provider = Schema.object([
            "id": Schema.text, "adapter": Schema.text, "enabled": Schema.text, "models": Schema.array(Schema.text),
        ])
        return Schema.object([
            "file": Schema.text, "loaded": Schema.time, "reloads": Schema.count, "policy": Schema.text,
            "policies": Schema.array(Schema.text), "providers": Schema.array(provider), "left_out": leftOut,
            "warnings": Schema.array(Schema.text), "errors": Schema.array(Schema.text),
            "last_error": Schema.nullable(Schema.text),
        ])
    }
}
