/// The connections of one loop to one origin, spread over several multi handles; confined to the loop.
///
/// The cost of a request in libcurl grows with the connections in its multi (a list is searched for one to use again):
/// eight multis halve it at ten thousand connections, while few requests should share few connections.
final class OriginGroup {
    private static let shardLimit = 8
    /// Connections that one multi may have without being slow.
    private static let connectionsPerShard = 256

    let connectionLimit: Int
    var counters = UpstreamCounters()
    /// The pool's count of requests when this group was last used.
    var lastUse = 0
    private var shards: [CurlMulti] = []
    private unowned let pool: UpstreamPool
    private let shardCount: Int

    init(pool: UpstreamPool, connectionLimit: Int) {
        self.pool = pool
        self.connectionLimit = max(connectionLimit, 1)
        shardCount = min(max(connectionLimit / OriginGroup.connectionsPerShard, 1), OriginGroup.shardLimit)
    }

    /// Whether nothing is lost when the group is closed now.
    var isIdle: Bool { shards.allSatisfy { $0.active == 0 && !$0.isRunning } }

    /// The multi for the next request: the first with few, so that kept connections are used again, else the one with
    /// fewest. Nil when memory is out.
    func shard() -> CurlMulti? {
        if let first = shards.first(where: { $0.active < OriginGroup.connectionsPerShard }) { return first }
        if shards.count < shardCount {
            let connections = connectionLimit / shardCount
            // At least one more than may be busy, else libcurl closes what it could keep.
            guard
                let shard = CurlMulti(
                    pool: pool,
                    hostConnections: connections,
                    totalConnections: max(connections, 256)
                )
            else { return nil }
            shards.append(shard)
            return shard
        }
        return shards.min { $0.active < $1.active }
    }

    func close() {
        for shard in shards { shard.close() }
        shards = []
    }
}
