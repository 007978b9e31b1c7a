import Orchestrator
import Transport

/// `/v1/credits/purchase`: credits for money.
enum PurchaseRoutes {
    static let all: [Route] = [
        Route(.post, "/v1/credits/purchase", .scope(.credits), "Begin to buy a pack of credits") {
            exchange throws(APIError) in try await buy(exchange)
        },
        Route(.get, "/v1/credits/purchase/{purchase}", .scope(.credits), "What became of a purchase") {
            exchange throws(APIError) in try await show(exchange)
        },
        Route(.get, "/v1/credits/purchase/{purchase}/status", .scope(.credits), "The same") {
            exchange throws(APIError) in try await show(exchange)
        },
        Route(.get, "/v1/credits/purchases", .scope(.credits), "Your purchases, newest first") {
            exchange throws(APIError) in
            let owner = try exchange.requireCaller().user.id
            return try await list(exchange, of: owner)
        },
        Route(.get, "/v1/admin/purchases", .admin, "Everybody's purchases, newest first") { exchange throws(APIError) in
            try await list(exchange, of: try QueryReader(exchange.request).identifier("user"))
        },
        Route(.post, "/v1/admin/credits/refund", .admin, "Give the unused part of a purchase back") {
            exchange throws(APIError) in try await refund(exchange)
        },
    ]

    // MARK: - Buying

    private static func buy(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (quote, user) = (try exchange.creditQuote(), try exchange.requireCaller().user.id)
        let billing = exchange.service.registry.billing
        // `payment_id` may come along, and proves nothing.
        let fields = FieldReader(try await exchange.jsonObject())
        guard let name = try fields.string("pack_id", atMost: 100) else { throw .missingField("pack_id") }
        guard let pack = billing.packs.first(where: { $0.id == name }) else {
            let known = billing.packs.map(\.id).joined(separator: ", ")
            throw fields.invalid("pack_id", "there is no pack '\(name)'; there are \(known)")
        }
        let method = try method(fields, billing)
        try exchange.service.purchaseLimit.take(user, at: exchange.service.time.monotonic())
        let purchase: Purchase
        do throws(PurchaseFailure) {
            purchase = try await exchange.service.desk.begin(pack, for: user, by: method, quote: quote)
        } catch {
            throw APIError(error)
        }
        return .json(PurchaseAnswer.body(of: purchase))
    }

    /// By either of the names that clients send; none: the first that is set up.
    private static func method(_ fields: FieldReader, _ billing: BillingSettings) throws(APIError) -> PaymentMethod {
        let methods = billing.methods
        let param = fields.value("payment_method") == nil ? "payment_provider" : "payment_method"
        let words = methods.isEmpty ? "no payment is set up here" : methods.map(\.rawValue).joined(separator: " or ")
        guard let word = try fields.string(param, atMost: 100), word != "card" else {
            guard let usual = methods.first else { throw fields.invalid("payment_method", words) }
            return usual
        }
        guard let method = PaymentMethod(rawValue: word.lowercased()) else {
            throw fields.invalid(param, "must be \(words), not '\(word)'")
        }
        guard methods.contains(method) else { throw fields.invalid(param, "payment by \(word) is not set up here") }
        return method
    }

    // MARK: - Looking

    private static func show(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        _ = try exchange.creditQuote()
        let (user, name) = (try exchange.requireCaller().user, exchange.parameters[0])
        let missing = APIError.notFound("there is no purchase '\(name)' of yours")
        guard let id = PurchaseID(name) else { throw missing }
        let found = try await exchange.reading { store throws(StoreError) in try await store.purchase(id) }
        guard var purchase = found, purchase.user == user.id || user.isAdmin else { throw missing }
        if purchase.status == .pending,
            exchange.service.lookLimit.allows(user.id, at: exchange.service.time.monotonic())
        {
            do throws(PurchaseFailure) {
                purchase = try await exchange.service.desk.look(at: purchase)
            } catch {
                // What is on record is the answer; the vendor is asked again anyway.
                exchange.service.log.log(
                    .warning,
                    "an open purchase could not be looked at",
                    [("purchase.id", id.text), ("why", "\(error)")]
                )
            }
        }
        return .json(PurchaseAnswer.body(of: purchase))
    }

    private static func list(_ exchange: Exchange, of user: UserID?) async throws(APIError) -> HTTPResponse {
        _ = try exchange.creditQuote()
        let query = QueryReader(exchange.request)
        let limit = try query.integer("limit", in: 1...100) ?? 20
        let after = try query.identifier("after", PurchaseID.self)
        let found = try await exchange.reading { store throws(StoreError) in
            try await store.purchases(of: user, after: after, limit: limit + 1)
        }
        return .json([
            "object": "list", "data": .array(found.prefix(limit).map(PurchaseAnswer.body)),
            "has_more": .bool(found.count > limit),
        ])
    }

    // MARK: - Giving back

    private static func refund(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let quote = try exchange.creditQuote()
        let fields = FieldReader(try await exchange.jsonObject())
        guard let name = try fields.string("purchase_id", atMost: 100) else { throw .missingField("purchase_id") }
        let isForced = try fields.bool("force") ?? false
        let reason = try fields.string("reason", atMost: 500)
        guard let id = PurchaseID(name) else { throw .notFound("there is no purchase '\(name)'") }
        let refund: PurchaseRefund
        do throws(PurchaseFailure) {
            refund = try await exchange.service.desk.refund(id, isForced: isForced)
        } catch {
            throw APIError(error)
        }
        let credits = quote.credits(refund.credits)
        await exchange.audit(
            "credits.refund",
            id.text,
            [
                "user_id": .string(refund.purchase.user.text), "credits": .integer(credits),
                "amount_usd": .text(refund.amount), "reason": .text(reason),
            ]
        )
        var body = PurchaseAnswer.members(of: refund.purchase)
        body["credits_removed"] = .integer(credits)
        body["refund_usd"] = .text(refund.amount)
        body["refund_sent"] = .bool(refund.isSent)
        return .json(.object(body))
    }
}

/// Purchases as the interface shows them.
enum PurchaseAnswer {
    static func body(of purchase: Purchase) -> JSON { .object(members(of: purchase)) }

    static func members(of purchase: Purchase) -> JSONObject {
        [
            "purchase_id": .string(purchase.id.text), "object": "purchase", "status": .string(purchase.status.rawValue),
            "pack_id": .string(purchase.pack), "credits": .integer(purchase.allCredits),
            "bonus_credits": .integer(purchase.bonus), "amount_usd": .string(cents(purchase.price)),
            "payment_method": .string(purchase.method.rawValue),
            "checkout_url": purchase.status == .pending ? .text(purchase.checkoutURL) : .null,
            "refunded_usd": .string(cents(purchase.returned)), "created_at": .text(purchase.created),
            "completed_at": .text(purchase.completed), "user_id": .string(purchase.user.text),
        ]
    }

    /// With both places of the cents, as prices are written.
    private static func cents(_ amount: MicroUSD) -> String {
        let cents = amount.micros / 10_000
        return "\(cents / 100)." + (cents % 100 < 10 ? "0" : "") + "\(cents % 100)"
    }
}

extension APIError {
    init(_ failure: PurchaseFailure) {
        switch failure {
        case .unknown: self = .notFound("there is no such purchase")
        case .notSetUp: self = .invalidValue("payment_method", "it is not set up here")
        case .refused(let why): self = APIError(409, .invalidRequest, "invalid_value", why)
        case .mismatch(let why):
            self = APIError(
                400,
                .invalidRequest,
                "invalid_value",
                "this does not fit the purchase; nothing was booked",
                detail: why
            )
        case .tooEarly:
            self = APIError(
                503,
                .server,
                "overloaded",
                "the payment is not known yet; send this again",
                retryAfter: .seconds(30)
            )
        case .vendor(let error):
            self = APIError(
                503,
                .server,
                "overloaded",
                "the payment service does not do it at the moment; nothing was charged",
                retryAfter: .seconds(10),
                detail: error.detail
            )
        case .record(let error): self = .record(error, "purchases")
        case .busy:
            self = APIError(
                503,
                .server,
                "overloaded",
                "the account does not hold still; try again",
                retryAfter: .seconds(1)
            )
        }
    }
}
