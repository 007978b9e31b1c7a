/// Where a server listens and what it allows; every wait and size has a bound here.
package struct HTTPServerConfiguration: Sendable {
    /// A numeric IPv4 or IPv6 address; `::` takes both families.
    package var host = "127.0.0.1"
    /// 0 lets the system choose.
    package var port: UInt16 = 0
    package var backlog: Int32 = 4096
    /// Over all loops; a connection beyond it gets 503 and is closed.
    package var maxConnections = 100_000

    /// Bytes of the request target; beyond it 414.
    package var maxTargetBytes = 8 << 10
    /// Bytes of all header fields, at most 100 fields; beyond it 431.
    package var maxHeaderBytes = 32 << 10

    /// From a request's first byte (or the connection's start) to the end of its head.
    package var headTimeout = Duration.seconds(10)
    /// Without any byte of the body that is being read.
    package var bodyTimeout = Duration.seconds(30)
    /// Without any byte of output being taken by the client.
    package var writeTimeout = Duration.seconds(30)
    /// Between two requests.
    package var keepAliveTimeout = Duration.seconds(75)
    /// For the client to close, after an answer that ends the connection before its request was read.
    package var lingerTimeout = Duration.seconds(2)
    /// What a body must average, in bytes per second of waiting for the client, after one timeout's time; so that one
    /// byte now and then does not hold a connection for ever. Counts for requests and responses.
    package var minimumRate = 256

    /// Unread bytes of a request's body that are read and dropped to keep the connection.
    package var maxDrainedBytes = 64 << 10
    /// Bytes of a streamed response that wait for the client before its writer is suspended.
    package var highWaterMark = 64 << 10

    /// The answer to a request that never reaches the handler: the status and a reason for the caller to read.
    package var errorResponse: @Sendable (_ status: Int, _ reason: String) -> HTTPResponse = { status, reason in
        .text(reason + "\n", status: status)
    }

    package init() {}
}
