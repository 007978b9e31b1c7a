import Orchestrator
import Transport

// Accounts, keys, credits, usage, administration, operation.
extension RouteDescription {
    static let accounts: [RouteName: RouteDescription] = [
        RouteName(.post, "/v1/auth/signup"): RouteDescription(
            body: Schema.object(["email": Component.email, "password": Component.password]),
            .json(Schema.named(.user), status: 201, "the account; the answer sets the session's cookie")
        ),
        RouteName(.post, "/v1/auth/login"): RouteDescription(
            body: Schema.object(["email": Schema.text(1...1000), "password": Schema.text(1...1024)]),
            .json(Schema.named(.user), "the account; the answer sets the session's cookie")
        ),
        RouteName(.post, "/v1/auth/session"): RouteDescription(
            .json(Schema.named(.user), "the key's owner; the answer sets the session's cookie")
        ),
        RouteName(.post, "/v1/auth/logout"): RouteDescription(
            .json(Schema.object(["object": Schema.constant("session"), "deleted": Schema.flag]))
        ),
        RouteName(.post, "/v1/auth/password"): RouteDescription(
            body: Schema.object(["current_password": Schema.text(0...1024), "new_password": Component.password]),
            .json(Schema.named(.user))
        ),
        RouteName(.get, "/v1/auth/me"): RouteDescription(.json(Schema.named(.user))),
        RouteName(.post, "/v1/auth/signing-key"): RouteDescription(
            .json(
                Schema.object([
                    "object": Schema.constant("signing_key"), "key_id": Schema.id(KeyID.self),
                    "signing_key": Schema.text,
                ]),
                "a secret, as the key is"
            )
        ),
        RouteName(.get, "/v1/keys"): RouteDescription(.json(Schema.list(Schema.named(.key)))),
        RouteName(.post, "/v1/keys"): RouteDescription(
            headers: [.idempotencyKey],
            body: Schema.named(.newKey),
            .json(
                Schema.object(Component.keyMembers, optional: [KeyAnswer.text: Schema.text]),
                status: 201,
                "the key; `key` is its text, shown this once"
            )
        ),
        RouteName(.delete, "/v1/keys/{key}"): RouteDescription(
            .json(
                Schema.object([
                    "id": Schema.id(KeyID.self), "object": Schema.constant("key"), "deleted": Schema.flag,
                ])
            )
        ),
    ]

    static let credits: [RouteName: RouteDescription] = [
        RouteName(.get, "/v1/credits/balance"): RouteDescription(
            .json(
                Schema.object([
                    "balance": Schema.integer, "currency": Schema.constant("credits"), "reserved": Schema.count,
                    "daily_free_left": Schema.count,
                ])
            )
        ),
        RouteName(.get, "/v1/credits/transactions"): RouteDescription(
            query: [.page, .perPage(usually: 50), .format],
            .jsonOrTable(
                Schema.object([
                    "transactions": Schema.array(Schema.named(.transaction)), "page": Schema.count,
                    "per_page": Schema.count,
                ])
            )
        ),
        RouteName(.get, "/v1/credits/packs"): RouteDescription(
            .json(Schema.object(["packs": Schema.array(Schema.named(.pack))]))
        ),
        RouteName(.get, "/v1/credits/pricing"): RouteDescription(
            .json(
                Schema.object([
                    "currency": Schema.constant("credits"), "credit_usd": Schema.dollars,
                    "pricing": Schema.choice(["flat", "metered"]), "tiers": Schema.map(Schema.count),
                    "markup": Schema.text, "daily_free": Schema.count, "packs": Schema.array(Schema.named(.pack)),
                ])
            )
        ),
        RouteName(.post, "/v1/credits/estimate"): RouteDescription(
            headers: [.idempotencyKey, .policy],
            body: Component.estimate,
            .json(
                Schema.object([
                    "estimated_credits": Schema.count, "estimated_usd": Schema.dollars, "note": Schema.text,
                ])
            )
        ),
        RouteName(.post, "/v1/admin/credits/adjust"): RouteDescription(
            headers: [.idempotencyKey],
            body: Schema.object(
                [
                    "user_id": Schema.id(UserID.self),
                    "amount": [
                        "type": "integer", "minimum": -1_000_000_000, "maximum": 1_000_000_000, "not": ["const": 0],
                    ],
                ],
                optional: ["reason": Schema.nullable(Schema.text(0...500))]
            ),
            .json(
                Schema.object([
                    "user_id": Schema.id(UserID.self), "adjustment": Schema.integer, "new_balance": Schema.integer,
                    "reason": Schema.text,
                ])
            )
        ),
        RouteName(.get, "/v1/admin/credits/stats"): RouteDescription(
            .json(
                Schema.object([
                    "users": Schema.object, "credits": Schema.object, "revenue": Schema.object,
                    "images": Schema.object,
                ])
            )
        ),
    ]

    private static let period: [Parameter] = [
        .time("start", "not before"), .time("end", "not after; a day counts whole"), .from, .to,
    ]

    static let usage: [RouteName: RouteDescription] = [
        RouteName(.get, "/v1/usage/users/{user}"): RouteDescription(query: period, .json(Schema.named(.usage))),
        RouteName(.get, "/v1/usage/users/{user}/details"): RouteDescription(
            query: period + [.limit(), .after(JobID.self), .jobStatus, .model, .format],
            .jsonOrTable(
                Schema.list(
                    Schema.object,
                    more: Schema.members(
                        [
                            "user_id": Schema.id(UserID.self),
                            "daily_usage": Schema.array(
                                Schema.object(Schema.members(["date": Schema.text], Component.sums))
                            ),
                        ],
                        Component.period
                    )
                )
            )
        ),
        RouteName(.get, "/v1/usage/system"): RouteDescription(
            query: period,
            .json(
                Schema.object(
                    Schema.members(
                        [
                            "overall_stats": Schema.object, "top_users": Schema.array(Schema.object),
                            "by_model": Schema.array(Schema.named(.usedModel)),
                        ],
                        Component.period
                    )
                )
            )
        ),
        RouteName(.get, "/v1/usage/providers"): RouteDescription(
            query: [.groupBy(SpendColumn.self), .from, .to, .format],
            .jsonOrTable(
                Schema.list(
                    Schema.object([
                        "requests": Schema.count, "images": Schema.count, "cost_usd": Schema.dollars,
                        "unresolved_usd": Schema.dollars,
                    ])
                )
            )
        ),
        RouteName(.get, "/v1/usage/drift"): RouteDescription(
            query: [.groupBy(SpendColumn.self), .from, .to, .format],
            .jsonOrTable(
                Schema.list(
                    Schema.object([
                        "attempts": Schema.count, "images": Schema.count, "quoted_usd": Schema.dollars,
                        "billed_usd": Schema.dollars, "difference_usd": Schema.dollars,
                        "most_over_usd": Schema.dollars, "most_under_usd": Schema.dollars,
                    ])
                )
            )
        ),
    ]

    static let administration: [RouteName: RouteDescription] = [
        RouteName(.get, "/v1/admin/users"): RouteDescription(
            query: [
                .limit(), .after(UserID.self),
                Parameter("search", Schema.text, "an id, or a part of an e-mail address"),
            ],
            .json(Schema.list(Schema.named(.user)))
        ),
        RouteName(.post, "/v1/admin/grant"): RouteDescription(
            headers: [.idempotencyKey],
            body: Schema.object(
                ["user_id": Schema.id(UserID.self)],
                optional: ["is_admin": Schema.nullable(["type": "boolean", "default": true])]
            ),
            .json(Schema.named(.user))
        ),
        RouteName(.get, "/v1/admin/audit"): RouteDescription(
            query: [.limit(), .after(AuditID.self)],
            .json(Schema.list(Schema.named(.auditEntry)))
        ),
        RouteName(.post, "/v1/admin/reconcile"): RouteDescription(
            query: [
                Parameter("provider", Schema.text(1...100), "whose bill it is", isRequired: true),
                Parameter("day_column", Schema.text, "the heading of the days, where it is another"),
                Parameter("amount_column", Schema.text, "the heading of the amounts"),
                Parameter("item_column", Schema.text, "the heading of what was billed"), .format,
            ],
            table: Schema.text,
            .jsonOrTable(Schema.object)
        ),
        RouteName(.get, "/v1/admin/registry"): RouteDescription(.json(Schema.named(.registry))),
        RouteName(.post, "/v1/admin/reload"): RouteDescription(
            headers: [.idempotencyKey],
            .json(Schema.named(.registry))
        ),
        RouteName(.get, "/v1/admin/providers"): RouteDescription(
            .json(Schema.list(Schema.named(.provider), more: ["left_out": Component.leftOut]))
        ),
    ]

    private static let wellBeing = Answer.json(Schema.object(["status": Schema.constant("ok")]))
    static let health = Schema.object([
        "status": Schema.constant("ok"), "timestamp": Schema.time, "version": Schema.text,
        "rateLimit": Schema.choice(["enabled", "disabled"]), "uptime_s": Schema.count,
    ])

    static let operation: [RouteName: RouteDescription] = [
        RouteName(.get, "/health"): RouteDescription(.json(health)),
        RouteName(.get, "/health/live"): RouteDescription(wellBeing),
        RouteName(.get, "/health/ready"): RouteDescription(wellBeing),
        RouteName(.get, "/metrics"): RouteDescription(.file(["text/plain"], "the figures")),
        RouteName(.get, "/openapi.json"): RouteDescription(.json(Schema.object)),
        RouteName(.get, "/docs"): RouteDescription(.file(["text/html"], "a page")),
    ]

    /// What is known of each route.
    static let all: [RouteName: RouteDescription] = [
        images, jobs, models, gallery, accounts, devices, signIns, credits, purchases, usage, administration, operation,
        pages,
    ].reduce(into: [:]) { all, part in all.merge(part) { first, _ in first } }
}
