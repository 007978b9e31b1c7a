import Orchestrator
import Persistence
import Transport

/// `/v1/admin/credits`: what administrators do with everybody's credits.
enum CreditAdminRoutes {
    static let all: [Route] = [
        Route(.post, "/v1/admin/credits/adjust", .admin, "Give a user credits, or take some back", repeats: .byRoute) {
            exchange throws(APIError) in try await adjust(exchange)
        },
        Route(.get, "/v1/admin/credits/stats", .admin, "Users, credits, revenue and costs in all") {
            exchange throws(APIError) in try await statistics(exchange)
        },
    ]

    /// Either way; far from any overflow at the usual worth of a credit.
    private static let most = 1_000_000_000

    // MARK: - Adjusting

    private static func adjust(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (quote, admin) = (try exchange.creditQuote(), try exchange.requireCaller().user.id)
        let fields = FieldReader(try await exchange.jsonObject())
        let (user, amount) = try await wish(fields, exchange, quote)
        let reason = try fields.string("reason", atMost: 500) ?? "by an administrator"
        let id = try transferID(exchange, admin: admin)
        let wanted = LedgerTransfer(
            id: id,
            user: user,
            amount: amount,
            kind: .adminAdjustment,
            note: reason,
            reference: "\(id)/\(quote.credits(amount))",
            at: exchange.service.time.now()
        )
        let outcome = try await exchange.reading { store throws(StoreError) in
            try await CreditAdjustment(store: store, quote: quote).make(wanted)
        }
        switch outcome {
        case .contradicts:
            throw .idempotencyKeyReused
        case .nothingFree(let balance):
            throw .insufficientCredits(
                needed: quote.credits(roundingUp: .zero - amount),
                available: quote.credits(balance.available)
            )
        case .done(let moved, let balance):
            exchange.service.sealer.hint()
            // A repeat is written down again: it may be that the first one died before it could be.
            try await audit(wanted, moved: moved, by: admin, exchange, quote)
            return .json([
                "user_id": .string(user.text), "adjustment": .integer(quote.credits(moved)),
                "new_balance": .integer(quote.credits(balance.posted)), "reason": .string(reason),
            ])
        }
    }

    /// Who is to get how much.
    private static func wish(
        _ fields: FieldReader,
        _ exchange: Exchange,
        _ quote: CreditQuote
    ) async throws(APIError) -> (UserID, MicroUSD) {
        guard let name = try fields.string("user_id", atMost: 100) else { throw .missingField("user_id") }
        guard let credits = try fields.integer("amount", in: -most...most) else { throw .missingField("amount") }
        guard credits != 0 else { throw fields.invalid("amount", "must not be 0") }
        guard let amount = quote.worth(credits) else { throw fields.invalid("amount", "is beyond all bounds") }
        let missing = APIError.notFound("there is no user '\(name)'")
        guard let id = UserID(name) else { throw missing }
        let user = try await exchange.reading { store throws(StoreError) in try await store.user(id) }
        guard user != nil else { throw missing }
        return (id, amount)
    }

    /// The same for the same key of the same administrator, so that a repeat finds what was done.
    private static func transferID(_ exchange: Exchange, admin: UserID) throws(APIError) -> String {
        guard let key = try IdempotencyKey(exchange.request.headers) else {
            return "adjust:" + exchange.service.time.makeID(AuditID.self).text
        }
        return "adjust:" + SHA256.hex(of: "\(admin) \(key.text)")
    }

    private static func audit(
        _ wanted: LedgerTransfer,
        moved: MicroUSD,
        by admin: UserID,
        _ exchange: Exchange,
        _ quote: CreditQuote
    ) async throws(APIError) {
        let entry = AuditEntry(
            id: exchange.service.time.makeID(),
            at: exchange.service.time.now(),
            actor: admin,
            action: "credits.adjust",
            subject: wanted.user.text,
            detail: [
                "asked": .integer(quote.credits(wanted.amount)), "adjustment": .integer(quote.credits(moved)),
                "reason": .string(wanted.note), "transfer": .string(wanted.id),
            ]
        )
        try await exchange.reading { store throws(StoreError) in try await store.audit(entry) }
    }

    // MARK: - Sums

    private static func statistics(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let quote = try exchange.creditQuote()
        var everything = ImageQuery()
        everything.publicOnly = false
        let query = everything
        let (totals, images, sales, spend) = try await exchange.reading { store throws(StoreError) in
            (
                try await store.ledgerTotals(), try await store.imageCount(query), try await store.purchaseTotals(),
                try await store.spend(since: Timestamp(milliseconds: 0), until: nil, by: [])
            )
        }
        let costs = spend.reduce(MicroUSD.zero) { $0 + $1.cost + $1.unresolved }
        return .json(
            CreditAnswer.statistics(totals, images: images, revenue: sales.revenue, costs: costs, quote: quote)
        )
    }
}
