internal import Orchestrator

extension Connection {
    func usage(_ query: UsageQuery) throws(DatabaseError) -> [UsageRow] {
        let isGrouped = query.group != .all
        let order = query.group == .day ? "1 DESC" : "2 DESC, 1"
        let statement = try statement(
            composed: """
                SELECT grouping, count(*), coalesce(sum(status = 'failed'), 0), count(finished_ms),
                    coalesce(sum(finished_ms - created_ms), 0), coalesce(sum(made), 0), coalesce(sum(cost_micro_usd), 0),
                    coalesce(sum(credits_charged), 0), coalesce(sum(text_in), 0), coalesce(sum(image_in), 0),
                    coalesce(sum(image_out), 0), coalesce(sum(text_out), 0), count(DISTINCT owner)
                FROM (\(Connection.usedJobs(query)))\(isGrouped ? " GROUP BY 1" : "") ORDER BY \(order) LIMIT ?
                """
        )
        // An id begins with its job's time, so the bounds of time are bounds of the index; the columns have the last word.
        statement.bind(JobID(time: query.from, random: (0, 0))).bind(query.from)
            .bind(JobID(time: query.until, random: (0, 0))).bind(query.until)
        if let owner = query.owner { statement.bind(owner) }
        return try statement.bind(query.limit).all { row in
            var usage = UsageRow(
                group: query.group == .day ? Day(number: Int(row.integer(0))).description : row.text(0)
            )
            usage.requests = Int(row.integer(1))
            usage.failed = Int(row.integer(2))
            usage.ended = Int(row.integer(3))
            usage.time = .milliseconds(row.integer(4))
            usage.images = Int(row.integer(5))
            usage.cost = row.money(6)
            usage.credits = Int(row.integer(7))
            usage.tokens = TokenUsage(
                textInput: Int(row.integer(8)),
                imageInput: Int(row.integer(9)),
                imageOutput: Int(row.integer(10)),
                textOutput: Int(row.integer(11))
            )
            usage.users = Int(row.integer(12))
            return usage
        }
    }

    /// One row for each job, with its group and what it used; no vendor's number may overflow the sum.
    private static func usedJobs(_ query: UsageQuery) -> String {
        let tokens = ["text_in", "image_in", "image_out", "text_out"].enumerated().map { index, name in
            "min(max(json_extract(answer, '$.usage[\(index)]'), 0), 1000000000) AS \(name)"
        }
        return """
            SELECT \(query.group.expression) AS grouping, owner, status, created_ms, finished_ms, cost_micro_usd,
                credits_charged, \(tokens.joined(separator: ", ")),
                CASE WHEN status = 'succeeded'
                    THEN (SELECT sum(delivered) FROM attempts WHERE job_id = jobs.id) ELSE 0 END AS made
            FROM jobs
            WHERE id >= ? AND created_ms >= ? AND id < ? AND created_ms < ?\(query.owner == nil ? "" : " AND owner = ?")
            """
    }
}
