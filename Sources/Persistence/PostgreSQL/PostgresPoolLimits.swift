/// What a pool of connections may use of time and room.
struct PostgresPoolLimits: Sendable {
    var connections = 8
    /// Statements that wait for a connection; one more is refused.
    var waiting = 1000
    /// For a statement, from its handing over to its answer, with everything that is tried meanwhile.
    var deadline = Duration.seconds(10)
    /// The same while the server is known to be away, after so many connections in a row that could not be made: callers
    /// learn soon that it is of no use to wait. Longer than the longest pause between attempts, so that none is told so when
    /// the server is back.
    var deadlineWhileAway = Duration.seconds(4)
    var failuresThatMeanAway = 3
    /// For a connection to be made.
    var connecting = Duration.seconds(5)
    /// Before a connection is tried again after one failed; doubled with each further failure.
    var backoffBase = Duration.milliseconds(100)
    var backoffLimit = Duration.seconds(2)
    /// Before a statement that the server undid for the sake of others is tried again; doubled each time.
    var retryBase = Duration.milliseconds(5)
    var retryLimit = Duration.milliseconds(250)
    /// How often a statement is begun at most.
    var attempts = 12

    /// The wait after `failures` of one kind in a row, from 1; `jitter` is in `0..<1`.
    static func wait(_ base: Duration, limit: Duration, failures: Int, jitter: Double) -> Duration {
        min(base * (1 << min(max(failures - 1, 0), 16)), limit) * (0.5 + jitter / 2)
    }
}
