/// One statement, which is one transaction; prepared once on each connection.
struct PostgresStatement: Sendable {
    /// Names the text: two statements of one name have the same text, and there is a bounded number of names.
    var name: String
    var sql: String
    /// Whether doing it again does no harm, as with a query or a change that finds itself done: when a connection is
    /// lost before the answer has come, it is then sent anew instead of failing with an unknown outcome.
    var isRepeatable: Bool

    init(_ name: String, isRepeatable: Bool = false, _ sql: String) {
        self.name = name
        self.sql = sql
        self.isRepeatable = isRepeatable
    }
}
