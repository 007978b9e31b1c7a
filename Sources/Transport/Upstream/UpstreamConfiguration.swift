/// How calls leave this process; the same for all loops.
package struct UpstreamConfiguration: Sendable {
    /// The `User-Agent` of every call, for example `orchestratord/1.0`.
    package var userAgent: String
    /// From the start of an attempt to connect to the end of its TLS handshake.
    package var connectLimit = Duration.seconds(10)
    /// Connections to one https origin, per loop. HTTP/2 carries about a hundred calls on each; without this cap libcurl
    /// opens one for every call of a burst, and handshakes cost more than all else. An HTTP/1.1-only vendor wants more.
    package var secureConnections = 64
    /// Connections to one http origin, per loop; each carries one call.
    package var clearConnections = 8192
    /// Connections to one host for calls that may reach public addresses only, per loop.
    package var publicConnections = 64
    /// Other numbers of connections for single origins, per loop.
    package var connections: [Origin: Int] = [:]
    /// Origins that keep connections of their own, per loop; the least used idle one goes when another is called.
    package var originLimit = 128
    /// A file of PEM certificates to trust instead of the system's.
    package var certificateFile: String?
    /// A proxy for calls that may reach any address; the environment's `http_proxy` and its kin are never read.
    package var proxy: String?
    /// A call reads no further while so many bytes of its pictures wait to be put where they shall be.
    package var pendingBytesLimit = 1 << 20

    package init(userAgent: String) {
        self.userAgent = userAgent
    }
}
