import Orchestrator
import Transport

/// What the vendors cost, and how far their bills are from our quotes.
enum SpendRoutes {
    static let all: [Route] = [
        Route(.get, "/v1/usage/providers", .admin, "Spend by provider, model, tier, key or day") {
            exchange throws(APIError) in try await spend(exchange)
        },
        Route(.get, "/v1/usage/drift", .admin, "Quotes against bills by provider, model, tier, key or day") {
            exchange throws(APIError) in try await drift(exchange)
        },
    ]

    private static func spend(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let grouping = try Grouping(exchange, usually: [.provider])
        let rows = try await exchange.reading { store throws(StoreError) in
            try await store.spend(since: grouping.from, until: grouping.to, by: grouping.columns)
        }
        return try grouping.answer(rows, \.group, exchange) { row, body in
            body["requests"] = .integer(row.requests)
            body["images"] = .integer(row.images)
            body["cost_usd"] = .text(row.cost)
            body["unresolved_usd"] = .text(row.unresolved)
        }
    }

    private static func drift(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let grouping = try Grouping(exchange, usually: [.provider, .model])
        let rows = try await exchange.reading { store throws(StoreError) in
            try await store.drift(since: grouping.from, until: grouping.to, by: grouping.columns)
        }
        return try grouping.answer(rows, \.group, exchange) { row, body in
            body["attempts"] = .integer(row.attempts)
            body["images"] = .integer(row.images)
            body["quoted_usd"] = .text(row.quoted)
            body["billed_usd"] = .text(row.billed)
            body["difference_usd"] = .text(row.billed - row.quoted)
            body["most_over_usd"] = .text(max(row.mostOver, .zero))
            body["most_under_usd"] = .text(max(row.mostUnder, .zero))
        }
    }

    /// `group_by`, and the window of time by `from` and `to`; a day as end counts whole.
    private struct Grouping: Sendable {
        let columns: [SpendColumn]
        let from: Timestamp
        let to: Timestamp?

        init(_ exchange: Exchange, usually standard: [SpendColumn]) throws(APIError) {
            let query = QueryReader(exchange.request)
            var columns: [SpendColumn] = []
            for word in query.text("group_by")?.split(separator: ",") ?? [] {
                guard let column = SpendColumn(rawValue: String(word)), !columns.contains(column) else {
                    throw .invalidValue(
                        "group_by",
                        "must be a list of \(SpendColumn.allCases.map(\.rawValue).joined(separator: ", "))"
                    )
                }
                columns.append(column)
            }
            self.columns = columns.isEmpty ? standard : columns
            from = try query.time("from") ?? Timestamp(milliseconds: 0)
            to = try query.time("to", endOfDay: true)
        }

        /// A list of rows, each with its group, every value of it under its column's name, and what `describe` adds.
        func answer<Row>(
            _ rows: [Row],
            _ group: (Row) -> [String],
            _ exchange: Exchange,
            _ describe: (Row, inout JSONObject) -> Void
        ) throws(APIError) -> HTTPResponse {
            let data = rows.map { row -> JSON in
                var body: JSONObject = [:]
                for (column, value) in zip(columns, group(row)) { body[column.rawValue] = .string(value) }
                describe(row, &body)
                return .object(body)
            }
            guard try exchange.wantsCSV() else {
                return .json(["object": "list", "data": .array(data), "has_more": false])
            }
            let names = data.first?.object?.keys ?? columns.map(\.rawValue)
            var table = CSVTable(columns: names)
            for row in data { table.append(row) }
            return .csv(table, name: "usage")
        }
    }
}
