/// One request as its handler sees it: the head is complete and checked, the body arrives while it is read.
package final class HTTPRequest: Sendable {
    package let method: HTTPMethod
    /// The path, percent-decoded once; without query. Always valid UTF-8 without U+0000; `*` for `OPTIONS *`.
    ///
    /// An encoded slash is a slash here; where that matters see ``rawPath``.
    package let path: String
    package let headers: HTTPHeaders
    package let peer: PeerAddress
    package let body: HTTPBody
    /// The announced length of the body in bytes: 0 without one, nil when it is chunked.
    package let contentLength: Int64?
    /// Whether the client wants to use the connection again.
    package let isKeepAlive: Bool
    /// The minor version: 0 for HTTP/1.0, 1 for HTTP/1.1.
    package let minorVersion: Int

    private let targetRange: Range<Int>
    private let pathRange: Range<Int>

    init(head: ParsedHead, path: String, peer: PeerAddress, body: HTTPBody) {
        method = head.method
        self.path = path
        headers = head.headers
        self.peer = peer
        self.body = body
        contentLength = head.contentLength
        isKeepAlive = head.isKeepAlive
        minorVersion = head.minorVersion
        targetRange = head.target
        pathRange = head.path
    }

    /// The request target as it came.
    package var target: String { String(decoding: headers.arena[targetRange], as: UTF8.self) }

    /// The path as it came, still percent-encoded, without query.
    package var rawPath: String { String(decoding: headers.arena[pathRange], as: UTF8.self) }

    /// What follows the `?`, still encoded; nil without one.
    package var rawQuery: String? { queryBytes.map { String(decoding: $0, as: UTF8.self) } }

    /// The pairs of the query in order, decoded as a form (`+` is a space); parsed at each call.
    package var query: [(name: String, value: String)] { queryBytes.map(FormText.pairs) ?? [] }

    /// The first value of that name in the query.
    package func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// False once the client has stopped sending (it has closed its connection, or its writing half).
    package var isClientConnected: Bool { body.connection.isClientConnected }

    /// Returns when the client has gone, when this request is answered, or when the task is cancelled.
    ///
    /// A hint to skip useless work: nothing is cancelled on its own when a client leaves.
    package func clientGone() async { await body.connection.waitForHangUp(request: body.request) }

    private var queryBytes: ArraySlice<UInt8>? {
        let arena = headers.arena
        guard pathRange.upperBound < targetRange.upperBound, arena[pathRange.upperBound] == 0x3F else { return nil }
        let end = arena[pathRange.upperBound..<targetRange.upperBound].firstIndex(of: 0x23) ?? targetRange.upperBound
        return arena[(pathRange.upperBound + 1)..<end]
    }
}
