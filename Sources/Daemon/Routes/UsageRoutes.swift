import Orchestrator
import Transport

/// `/v1/usage`: what users asked for, what became of it, and what it cost.
enum UsageRoutes {
    static let all: [Route] = [
        Route(.get, "/v1/usage/users/{user}", .scope(.usage), "What a user used in a period") {
            exchange throws(APIError) in try await totals(exchange)
        },
        Route(.get, "/v1/usage/users/{user}/details", .scope(.usage), "Every request of a user, and each day's sums") {
            exchange throws(APIError) in try await details(exchange)
        },
        Route(.get, "/v1/usage/system", .admin, "What everybody used in a period") {
            exchange throws(APIError) in try await system(exchange)
        },
    ]

    private static let usualDays = 30
    private static let mostDays = 1000
    private static let mostTopUsers = 10

    // MARK: - One user

    private static func totals(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let user = try await user(exchange)
        let period = try Period(exchange)
        let (sum, operations, models) = try await exchange.reading { store throws(StoreError) in
            (
                try await store.usage(period.query(of: user, by: .all)),
                try await store.usage(period.query(of: user, by: .operation)),
                try await store.usage(period.query(of: user, by: .model))
            )
        }
        var body = UsageAnswer.sums(sum.first ?? UsageRow(group: ""), prefix: "total_")
        body["user_id"] = .string(user.text)
        body["by_operation"] = UsageAnswer.groups(operations, name: "operation")
        body["by_model"] = UsageAnswer.groups(models, name: "model")
        period.write(to: &body)
        return .json(.object(body))
    }

    private static func details(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let user = try await user(exchange)
        let period = try Period(exchange)
        let page = QueryReader(exchange.request)
        if try exchange.wantsCSV() { return try await table(of: user, period, exchange) }
        let limit = try page.integer("limit", in: 1...100) ?? 20
        var jobs = JobQuery()
        (jobs.owner, jobs.from, jobs.to, jobs.limit) = (user, period.from, period.until, limit + 1)
        jobs.after = try page.identifier("after")
        jobs.status = try page.choice("status")
        jobs.model = page.text("model")
        var daily = period.query(of: user, by: .day)
        daily.limit = mostDays
        let (wanted, days) = (jobs, daily)
        let (found, sums) = try await exchange.reading { store throws(StoreError) in
            (try await store.jobs(wanted), try await store.usage(days))
        }
        var body: JSONObject = [
            "object": "list", "user_id": .string(user.text),
            "data": .array(found.prefix(limit).map(UsageAnswer.detail)), "has_more": .bool(found.count > limit),
            "daily_usage": UsageAnswer.groups(sums, name: "date"),
        ]
        period.write(to: &body)
        return .json(.object(body))
    }

    private static let mostRows = 100_000
    private static let columns = [
        "id", "created", "type", "status", "request_id", "key", "requested_model", "model", "provider", "policy",
        "prompt",
        "size", "quality", "n", "images", "input_images", "total_tokens", "input_tokens", "output_tokens",
        "text_tokens",
        "image_tokens", "attempts", "cost_usd", "credits", "response_ms", "error.code", "error.message",
    ]

    /// Every request of the period, newest first.
    private static func table(
        of user: UserID,
        _ period: Period,
        _ exchange: Exchange
    ) async throws(APIError) -> HTTPResponse {
        var query = JobQuery()
        (query.owner, query.from, query.to, query.limit) = (user, period.from, period.until, 100)
        query.status = try QueryReader(exchange.request).choice("status")
        query.model = QueryReader(exchange.request).text("model")
        var (table, count) = (CSVTable(columns: columns), 0)
        while count < mostRows {
            let wanted = query
            let jobs = try await exchange.reading { store throws(StoreError) in try await store.jobs(wanted) }
            for job in jobs { table.append(UsageAnswer.detail(of: job)) }
            guard jobs.count == 100, let last = jobs.last else { break }
            (query.after, count) = (last.id, count + jobs.count)
        }
        return .csv(table, name: "usage")
    }

    /// The user of the path: oneself, or for administrators anybody. Who else asks does not learn who exists.
    private static func user(_ exchange: Exchange) async throws(APIError) -> UserID {
        let (caller, name) = (try exchange.requireCaller().user, exchange.parameters[0])
        if name == caller.id.text { return caller.id }
        guard caller.isAdmin else { throw .permissionDenied("only administrators see what others used") }
        let missing = APIError.notFound("there is no user '\(name)'")
        guard let id = UserID(name) else { throw missing }
        let known = try await exchange.reading { store throws(StoreError) in try await store.user(id) }
        guard known != nil else { throw missing }
        return id
    }

    // MARK: - Everybody

    private static func system(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let period = try Period(exchange)
        var byUser = period.query(of: nil, by: .user)
        byUser.limit = mostTopUsers
        let top = byUser
        let (sums, busiest, models, registered) = try await exchange.reading { store throws(StoreError) in
            (
                try await store.usage(period.query(of: nil, by: .all)), try await store.usage(top),
                try await store.usage(period.query(of: nil, by: .model)), try await store.ledgerTotals().users
            )
        }
        let sum = sums.first ?? UsageRow(group: "")
        var overall = UsageAnswer.sums(sum, prefix: "total_")
        overall["total_users"] = .integer(registered)
        overall["active_users"] = .integer(sum.users)
        overall["avg_response_time"] = .integer(sum.time.milliseconds / Int64(max(sum.ended, 1)))
        overall["error_rate"] = JSON(Double(sum.failed) * 100 / Double(max(sum.requests, 1)))
        var body: JSONObject = [
            "overall_stats": .object(overall), "top_users": UsageAnswer.groups(busiest, name: "user_id"),
            "by_model": UsageAnswer.groups(models, name: "model"),
        ]
        period.write(to: &body)
        return .json(.object(body))
    }

    // MARK: - Periods

    /// `start` and `end`, or `from` and `to`; a day as end counts whole.
    private struct Period: Sendable {
        var from: Timestamp
        var until: Timestamp

        init(_ exchange: Exchange) throws(APIError) {
            let (query, now) = (QueryReader(exchange.request), exchange.service.time.now())
            let (start, from) = (try query.time("start"), try query.time("from"))
            let (end, to) = (try query.time("end", endOfDay: true), try query.time("to", endOfDay: true))
            until = end ?? to ?? now + .milliseconds(1)
            self.from = start ?? from ?? until + .seconds(-86_400 * UsageRoutes.usualDays)
            guard self.from < until else { throw .invalidValue("start", "must be before the end") }
        }

        func query(of user: UserID?, by group: UsageGroup) -> UsageQuery {
            UsageQuery(of: user, from: from, until: until, by: group)
        }

        func write(to body: inout JSONObject) {
            body["period_start"] = .text(from)
            body["period_end"] = .text(until)
        }
    }
}
