import Transport

/// Where uploads that are too large for memory go, and who writes them.
struct Spool: Sendable {
    var directory: String
    var pool: BlockingPool
}
