package import Orchestrator

// MARK: - Jobs

extension PostgresStore {
    private static let oneJob = PostgresStatement("job", isRepeatable: true, JobRecord.query + " WHERE jobs.id = $1")

    package func job(_ id: JobID) async throws(StoreError) -> JobRecord? {
        try await ask(PostgresStore.oneJob, [.id(id)]) { result throws(PostgresError) in
            try result.first { row throws(PostgresError) in try JobRecord(row) }
        }
    }

    package func jobs(_ query: JobQuery) async throws(StoreError) -> [JobRecord] {
        var list = PostgresList("jobs", JobRecord.query)
        list.filter("owner", query.owner.map { .id($0) }) { "owner = \($0)" }
        list.filter("after", query.after.map { .id($0) }) { "jobs.id < \($0)" }
        list.filter("status", query.status.map { .text($0.rawValue) }) { "status = \($0)" }
        list.filter("model", query.model.map { .text($0) }) { model in
            """
            (model = \(model) OR EXISTS (SELECT 1 FROM images
                WHERE images.job_id = jobs.id AND images.provider || '/' || images.model = \(model)))
            """
        }
        list.filter("text", query.text.map { .text($0) }) { PostgresStore.promptHolds($0) }
        // An id begins with its job's time, so the bounds of time are bounds of the index; the columns have the last word.
        list.filter("from-id", query.from.map { .id(PostgresStore.firstID($0)) }) { "jobs.id >= \($0)" }
        list.filter("from", query.from.map { .time($0) }) { "created_ms >= \($0)" }
        list.filter("to-id", query.to.map { .id(PostgresStore.firstID($0)) }) { "jobs.id < \($0)" }
        list.filter("to", query.to.map { .time($0) }) { "created_ms < \($0)" }
        let (statement, values) = list.finish(" ORDER BY jobs.id DESC", limit: query.limit)
        return try await ask(statement, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try JobRecord(row) }
        }
    }

    /// A job's condition that its prompt holds the text of a parameter.
    static func promptHolds(_ place: String) -> String {
        "strpos(lower(jobs.request::json ->> 'prompt'), lower(\(place))) > 0"
    }

    /// No id made at `time` or later sorts before it.
    private static func firstID(_ time: Timestamp) -> JobID {
        JobID(time: time, random: (0, 0))
    }
}

// MARK: - Spend

extension PostgresStore {
    package func spend(
        since: Timestamp,
        until: Timestamp?,
        by columns: [SpendColumn]
    ) async throws(StoreError) -> [SpendRow] {
        let groups = columns.map(\.expression).joined(separator: ", ")
        let grouping = groups.isEmpty ? "" : " GROUP BY \(groups) ORDER BY \(groups)"
        var list = PostgresList(
            "spend-" + columns.map(\.rawValue).joined(separator: "-"),
            """
            SELECT count(*), coalesce(sum(delivered), 0)::bigint, coalesce(sum(attempts.cost_micro_usd), 0)::bigint,
                coalesce(sum(CASE WHEN outcome IS NULL OR outcome = 'unknown' THEN attempts.cost_micro_usd ELSE 0 END),
                    0)::bigint\(groups.isEmpty ? "" : ", " + groups)
            FROM attempts\(columns.contains(.key) ? " JOIN jobs ON jobs.id = attempts.job_id" : "")
            """
        )
        list.filter("since", .time(since)) { "attempts.started_ms >= \($0)" }
        list.filter("until", until.map { .time($0) }) { "attempts.started_ms < \($0)" }
        let (statement, values) = list.finish(grouping)
        return try await ask(statement, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                let group = try PostgresStore.group(row, columns, from: 4)
                let unresolved = MicroUSD(micros: try row.integer(3))
                return SpendRow(
                    group: group,
                    requests: Int(try row.integer(0)),
                    images: Int(try row.integer(1)),
                    cost: MicroUSD(micros: try row.integer(2)) - unresolved,
                    unresolved: unresolved
                )
            }
        }
    }

    package func drift(
        since: Timestamp,
        until: Timestamp?,
        by columns: [SpendColumn]
    ) async throws(StoreError) -> [DriftRow] {
        let groups = columns.map(\.expression).joined(separator: ", ")
        var list = PostgresList(
            "drift-" + columns.map(\.rawValue).joined(separator: "-"),
            """
            SELECT count(*), coalesce(sum(delivered), 0)::bigint, coalesce(sum(quoted_micro_usd), 0)::bigint,
                coalesce(sum(billed_micro_usd), 0)::bigint, coalesce(max(billed_micro_usd - quoted_micro_usd), 0),
                coalesce(max(quoted_micro_usd - billed_micro_usd), 0)\(groups.isEmpty ? "" : ", " + groups)
            FROM attempts\(columns.contains(.key) ? " JOIN jobs ON jobs.id = attempts.job_id" : "")
            """
        )
        list.filter("since", .time(since)) { "quoted_micro_usd IS NOT NULL AND attempts.started_ms >= \($0)" }
        list.filter("until", until.map { .time($0) }) { "attempts.started_ms < \($0)" }
        let (statement, values) = list.finish(groups.isEmpty ? "" : " GROUP BY \(groups) ORDER BY \(groups)")
        return try await ask(statement, values) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in
                DriftRow(
                    group: try PostgresStore.group(row, columns, from: 6),
                    attempts: Int(try row.integer(0)),
                    images: Int(try row.integer(1)),
                    quoted: MicroUSD(micros: try row.integer(2)),
                    billed: MicroUSD(micros: try row.integer(3)),
                    mostOver: MicroUSD(micros: try row.integer(4)),
                    mostUnder: MicroUSD(micros: try row.integer(5))
                )
            }
        }
    }

    /// The values by which a row is grouped, the first of them in column `first`.
    private static func group(
        _ row: PostgresRow,
        _ columns: [SpendColumn],
        from first: Int
    ) throws(PostgresError) -> [String] {
        var group: [String] = []
        for (index, column) in columns.enumerated() {
            if column == .day {
                group.append(Day(number: Int(try row.integer(first + index))).description)
            } else {
                group.append(try row.text(first + index))
            }
        }
        return group
    }

    private static let counters = PostgresStatement(
        "spent",
        isRepeatable: true,
        "SELECT subject, micro_usd FROM spend_counters WHERE day = $1 AND micro_usd <> 0"
    )

    package func spent(on day: Day) async throws(StoreError) -> [SpendSubject: MicroUSD] {
        try await ask(PostgresStore.counters, [.count(day.number)]) { result throws(PostgresError) in
            var spent: [SpendSubject: MicroUSD] = [:]
            for (text, amount) in try result.all({ row throws(PostgresError) in (try row.text(0), try row.integer(1)) })
            {
                if let subject = SpendSubject(text: text) { spent[subject] = MicroUSD(micros: amount) }
            }
            return spent
        }
    }
}

/// A query put together of the conditions that are asked for; its name says which, so that it is prepared once.
struct PostgresList {
    private var name: String
    private var sql: String
    private var conditions: [String] = []
    private var values: [PostgresValue] = []

    init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }

    /// Adds a condition unless there is no value for it; `condition` gets the parameter's place.
    mutating func filter(_ word: String, _ value: PostgresValue?, _ condition: (String) -> String) {
        guard let value else { return }
        values.append(value)
        name += "+" + word
        conditions.append(condition("$\(values.count)"))
    }

    func finish(
        _ ending: String,
        limit: Int? = nil,
        offset: Int? = nil
    ) -> (statement: PostgresStatement, values: [PostgresValue]) {
        var (name, values) = (name, values)
        var sql = sql + (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")) + ending
        if let limit {
            values.append(.count(limit))
            sql += " LIMIT $\(values.count)"
        }
        if let offset {
            values.append(.count(offset))
            sql += " OFFSET $\(values.count)"
            name += "+offset"
        }
        return (PostgresStatement(name, isRepeatable: true, sql), values)
    }
}
