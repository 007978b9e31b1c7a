/// Writes response heads into a buffer that the connections of a loop reuse.
struct ResponseHead: ~Copyable {
    /// How the client finds the end of the body.
    enum Framing {
        case length(Int64)
        case chunked
        /// By the end of the connection, for HTTP/1.0.
        case untilClose
        /// No body and no length: 1xx, 204 and 304.
        case none
    }

    private(set) var bytes: [UInt8] = []

    mutating func reset() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(body: [UInt8]) { bytes.append(contentsOf: body) }

    /// `date` is a whole `Date` line; `connection` is the value of that header, when one is to be sent.
    mutating func write(_ response: HTTPResponse, framing: Framing, date: [UInt8], connection: StaticString?) {
        append("HTTP/1.1 ")
        append(decimal: Int64(response.status))
        append(" ")
        append(ResponseHead.reason(response.status))
        append("\r\n")
        bytes.append(contentsOf: date)
        for header in response.headers where !ResponseHead.isOwn(header.name) {
            append(field: header.name)
            append(": ")
            append(field: header.value)
            append("\r\n")
        }
        switch framing {
        case .length(let length):
            append("Content-Length: ")
            append(decimal: length)
            append("\r\n")
        case .chunked: append("Transfer-Encoding: chunked\r\n")
        case .untilClose, .none: break
        }
        if let connection {
            append("Connection: ")
            append(connection)
            append("\r\n")
        }
        append("\r\n")
    }

    private mutating func append(_ text: StaticString) {
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A header's name or value; what could end the line becomes a space.
    private mutating func append(field text: String) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        for index in start..<bytes.count where bytes[index] < 0x20 && bytes[index] != 0x09 { bytes[index] = 0x20 }
    }

    private mutating func append(decimal value: Int64) {
        if value >= 10 { append(decimal: value / 10) }
        bytes.append(UInt8(truncatingIfNeeded: value % 10) + 0x30)
    }

    /// Headers that say how the message is framed belong to the server.
    private static func isOwn(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name.lowercased() == "date"
        case 10: name.lowercased() == "connection"
        case 14: name.lowercased() == "content-length"
        case 17: name.lowercased() == "transfer-encoding"
        default: false
        }
    }

    /// The reason phrases of RFC 9110 section 15 and RFC 6585 that this server or its handlers use.
    static func reason(_ status: Int) -> StaticString {
        switch status {
        case 100: "Continue"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 499: "Client Closed Request"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        default: "Status"
        }
    }
}
