package import Orchestrator

extension PostgresStore {
    package func usage(_ query: UsageQuery) async throws(StoreError) -> [UsageRow] {
        let tokens = ["text_in", "image_in", "image_out", "text_out"].enumerated().map { index, name in
            "least(greatest((answer::jsonb -> 'usage' ->> \(index))::bigint, 0), 1000000000) AS \(name)"
        }
        // One row for each job, with its group and what it used; no vendor's number may overflow the sum.
        var list = PostgresList(
            "usage-\(query.group)",
            """
            SELECT \(query.group == .all ? "''" : "part"), count(*), count(*) FILTER (WHERE status = 'failed'),
                count(finished_ms), coalesce(sum(finished_ms - created_ms), 0)::bigint,
                coalesce(sum(made), 0)::bigint, coalesce(sum(cost_micro_usd), 0)::bigint,
                coalesce(sum(credits_charged), 0)::bigint, coalesce(sum(text_in), 0)::bigint,
                coalesce(sum(image_in), 0)::bigint, coalesce(sum(image_out), 0)::bigint,
                coalesce(sum(text_out), 0)::bigint, count(DISTINCT owner)
            FROM (
                SELECT \(query.group.expression) AS part, owner, status, created_ms, finished_ms, cost_micro_usd,
                    credits_charged, \(tokens.joined(separator: ", ")),
                    CASE WHEN status = 'succeeded'
                        THEN (SELECT sum(delivered) FROM attempts WHERE job_id = jobs.id) ELSE 0 END AS made
                FROM jobs
            """
        )
        list.filter("from-id", .id(JobID(time: query.from, random: (0, 0)))) { "id >= \($0)" }
        list.filter("from", .time(query.from)) { "created_ms >= \($0)" }
        list.filter("until-id", .id(JobID(time: query.until, random: (0, 0)))) { "id < \($0)" }
        list.filter("until", .time(query.until)) { "created_ms < \($0)" }
        list.filter("owner", query.owner.map { .id($0) }) { "owner = \($0)" }
        let grouping = query.group == .all ? "" : " GROUP BY part"
        let order = query.group == .day ? "1 DESC" : "2 DESC, 1"
        let (statement, values) = list.finish(") AS used\(grouping) ORDER BY \(order)", limit: query.limit)
        return try await ask(statement, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try UsageRow(row, by: query.group) }
        }
    }
}

extension UsageRow {
    fileprivate init(_ row: PostgresRow, by grouping: UsageGroup) throws(PostgresError) {
        self.init(
            group: grouping == .day ? Day(number: Int(try row.integer(0))).description : try row.text(0)
        )
        requests = Int(try row.integer(1))
        failed = Int(try row.integer(2))
        ended = Int(try row.integer(3))
        time = .milliseconds(try row.integer(4))
        images = Int(try row.integer(5))
        cost = MicroUSD(micros: try row.integer(6))
        credits = Int(try row.integer(7))
        tokens = TokenUsage(
            textInput: Int(try row.integer(8)),
            imageInput: Int(try row.integer(9)),
            imageOutput: Int(try row.integer(10)),
            textOutput: Int(try row.integer(11))
        )
        users = Int(try row.integer(12))
    }
}
