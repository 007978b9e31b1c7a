extension Migration {
    /// Version 4: the same conditions in other words. For `IN` and more than two values SQLite builds a table each time that
    /// a row is written, and a statement that writes a job met three of them.
    static let conditions =
        [
            "PRAGMA writable_schema = ON",
            reworded("jobs", "status", ["queued", "running", "succeeded", "failed", "canceled"]),
            reworded("holds", "state", ["open", "settled", "released"]),
            reworded("webhooks", "state", ["waiting", "due", "delivered", "abandoned"]),
            "PRAGMA writable_schema = RESET",
            "DROP INDEX jobs_ended",
            "DROP INDEX jobs_ended_of_owner",
            "CREATE INDEX jobs_ended ON jobs (status, id) WHERE status <> 'queued' AND status <> 'running'",
            """
            CREATE INDEX jobs_ended_of_owner ON jobs (owner, status, id)
            WHERE status <> 'queued' AND status <> 'running'
            """,
        ]

    /// Changes a table's check in place, which SQLite allows where what is stored stays valid; a table of a million jobs
    /// would else be copied.
    private static func reworded(_ table: String, _ column: String, _ words: [String]) -> String {
        let list = words.map { "''\($0)''" }.joined(separator: ", ")
        let chain = words.map { "\(column) = ''\($0)''" }.joined(separator: " OR ")
        return """
            UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (\(column) IN (\(list)))', 'CHECK (\(chain))')
            WHERE type = 'table' AND name = '\(table)'
            """
    }
}
