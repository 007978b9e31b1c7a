import Orchestrator
import Transport

/// `/v1/credits`: what a user has, what was done with it, and what things cost.
enum CreditRoutes {
    static let all: [Route] = [
        Route(.get, "/v1/credits/balance", .scope(.credits), "Your credits") { exchange throws(APIError) in
            let (quote, owner) = (try exchange.creditQuote(), try exchange.requireCaller().user.id)
            let today = exchange.service.time.now().day
            let balance = try await exchange.reading { store throws(StoreError) in
                try await store.balance(of: owner, on: today)
            }
            return .json(CreditAnswer.body(of: balance, quote: quote))
        },
        Route(.get, "/v1/credits/transactions", .scope(.credits), "What was done with your credits, newest first") {
            exchange throws(APIError) in try await transactions(exchange)
        },
        Route(.get, "/v1/credits/packs", .anyone, "The credits that are sold") { exchange throws(APIError) in
            _ = try exchange.creditQuote()
            return .json(["packs": CreditAnswer.packs(exchange.service.registry.billing)])
        },
        Route(.get, "/v1/credits/pricing", .anyone, "What pictures cost, and the credits that are sold") {
            exchange throws(APIError) in
            _ = try exchange.creditQuote()
            return .json(CreditAnswer.pricing(exchange.service.registry.billing))
        },
        Route(.post, "/v1/credits/estimate", .caller, "The most that a request may cost; nothing is charged") {
            exchange throws(APIError) in
            let caller = try exchange.requireCaller()
            let fields = try await exchange.jsonObject()
            let estimate = try CreditEstimate(
                fields,
                registry: exchange.service.registry,
                policy: exchange.request.headers["x-orchestrator-policy"] ?? caller.key?.policy,
                now: exchange.service.time.now()
            )
            return .json(estimate.body)
        },
    ]

    private static let usualPage = 50
    private static let longestPage = 100

    private static func transactions(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (quote, owner) = (try exchange.creditQuote(), try exchange.requireCaller().user.id)
        let query = QueryReader(exchange.request)
        if try exchange.wantsCSV() { return try await table(of: owner, quote, exchange) }
        let page = try query.integer("page", in: 1...1_000_000) ?? 1
        let length = try query.integer("per_page", in: 1...longestPage) ?? usualPage
        let entries = try await exchange.reading { store throws(StoreError) in
            try await store.statement(of: owner, offset: (page - 1) * length, limit: length)
        }
        return .json([
            "transactions": .array(entries.map { CreditAnswer.body(of: $0, quote: quote) }),
            "page": .integer(page), "per_page": .integer(length),
        ])
    }

    private static let mostRows = 100_000

    /// The whole history, oldest first.
    private static func table(
        of owner: UserID,
        _ quote: CreditQuote,
        _ exchange: Exchange
    ) async throws(APIError) -> HTTPResponse {
        var table = CSVTable(
            columns: ["id", "created_at", "type", "amount", "balance_after", "description", "reference_id"]
        )
        var (last, count) = (Int64(0), 0)
        while count < mostRows {
            let number = last
            let lines = try await exchange.reading { store throws(StoreError) in
                try await store.statementLines(of: owner, after: number, limit: 1000)
            }
            for line in lines { table.append(CreditAnswer.body(of: line, quote: quote)) }
            guard lines.count == 1000, let end = lines.last else { break }
            (last, count) = (end.id.number, count + lines.count)
        }
        return .csv(table, name: "transactions")
    }
}

extension Exchange {
    /// The price list in force; 404 where there are no credits.
    func creditQuote() throws(APIError) -> CreditQuote {
        let registry = service.registry
        guard let quote = CreditQuote(registry.billing, mode: registry.server.mode) else {
            throw .notFound("there are no credits here: this server runs in self-hosted mode")
        }
        return quote
    }
}
