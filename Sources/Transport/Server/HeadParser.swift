import CLLHTTP

/// A request the server answers itself.
package struct Rejection: Error, Equatable {
    package var status: Int
    package var reason: String

    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}

/// The head of one request, checked.
package struct ParsedHead {
    package var method: HTTPMethod
    package var headers: HTTPHeaders
    var target: Range<Int>
    var path: Range<Int>
    var minorVersion: Int
    var isKeepAlive: Bool
    /// nil when the body is chunked.
    package var contentLength: Int64?
    var expectsContinue: Bool
}

/// llhttp over one connection: heads as they arrive, then the chunks of a chunked body.
///
/// llhttp keeps state between calls, so its struct stays at one address; this type owns it.
@safe package struct HeadParser: ~Copyable {
    private let parser: UnsafeMutablePointer<head_parser>
    private let maxTargetBytes: Int
    private let maxHeaderBytes: Int

    package init(maxTargetBytes: Int, maxHeaderBytes: Int) {
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: head_parser())
        self.maxTargetBytes = maxTargetBytes
        self.maxHeaderBytes = maxHeaderBytes
        reset()
    }

    deinit { unsafe parser.deallocate() }

    /// Prepares for the next request.
    mutating func reset() {
        unsafe head_parser_reset(parser, UInt32(clamping: maxTargetBytes))
    }

    /// Parses the bytes of the head from offset `start`; `bytes[0]` is the request's first byte.
    ///
    /// Returns the offset behind the head, or nil while it is not complete.
    package mutating func parse(_ bytes: [UInt8], from start: Int) throws(Rejection) -> Int? {
        var end = 0
        let code = unsafe bytes.withUnsafeBytes { buffer in
            unsafe head_parser_head(
                parser,
                buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                start,
                buffer.count,
                &end
            )
        }
        if code != Int32(HPE_OK.rawValue) {
            if code == Int32(bitPattern: HPE_INVALID_METHOD.rawValue), Self.beginsWithMethod(bytes) {
                throw Self.unknownMethod
            }
            throw rejection(code)
        }
        let isComplete = unsafe parser.pointee.is_head_complete != 0
        let targetEnd = unsafe Int(parser.pointee.target + parser.pointee.target_length)
        let headerBytes = (isComplete ? end : bytes.count) - targetEnd
        if headerBytes > maxHeaderBytes + 16 { throw Rejection(431, "the header fields are too long") }
        return isComplete ? end : nil
    }

    /// Checks a complete head, whose bytes `arena` holds and nothing else.
    package func head(arena: consuming [UInt8]) throws(Rejection) -> ParsedHead {
        let isClean = unsafe arena.withUnsafeBytes { buffer in
            unsafe head_is_clean(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count) != 0
        }
        guard isClean else {
            throw Rejection(400, "a line of the head is folded, not ended by CR LF, or holds a control character")
        }
        let (major, minor) = unsafe (Int(parser.pointee.parser.http_major), Int(parser.pointee.parser.http_minor))
        guard major == 1, minor <= 1 else {
            throw Rejection(505, "the HTTP version is not supported")
        }
        guard let method = unsafe HTTPMethod(rawValue: String(cString: head_parser_method(parser))) else {
            throw Self.unknownMethod
        }
        let fields = unsafe Array(
            UnsafeBufferPointer(start: head_parser_fields(parser), count: Int(parser.pointee.count))
        )
        let targetStart = unsafe Int(parser.pointee.target)
        let target = unsafe targetStart..<(targetStart + Int(parser.pointee.target_length))
        let path = try pathRange(of: target, in: arena, method: method)
        let headers = HTTPHeaders(arena: arena, fields: fields)
        let (flags, announced) = unsafe (Int(parser.pointee.parser.flags), parser.pointee.parser.content_length)
        try checkHost(headers, minorVersion: minor)
        let length = try bodyLength(headers, flags: flags, announced: announced, minor: minor)
        let wantsClose = flags & Int(F_CONNECTION_CLOSE.rawValue) != 0
        let wantsKeepAlive = flags & Int(F_CONNECTION_KEEP_ALIVE.rawValue) != 0
        return ParsedHead(
            method: method,
            headers: headers,
            target: target,
            path: path,
            minorVersion: minor,
            isKeepAlive: !wantsClose && (minor == 1 || wantsKeepAlive),
            contentLength: length,
            expectsContinue: try expectsContinue(headers, minorVersion: minor)
        )
    }

    /// Decodes chunked bytes in place: returns how many decoded bytes are at the start, where undecoded ones go on, and
    /// whether the body is complete; nil when the framing is broken.
    package mutating func decode(_ bytes: UnsafeMutableRawBufferPointer) -> (decoded: Int, end: Int, isComplete: Bool)?
    {
        var end = 0
        let code = unsafe head_parser_body(
            parser,
            bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
            bytes.count,
            &end
        )
        guard code == Int32(HPE_OK.rawValue) else { return nil }
        return unsafe (Int(parser.pointee.output_length), end, parser.pointee.is_message_complete != 0)
    }

    private static let unknownMethod = Rejection(405, "the method is not known here")
    private static let longestMethod = 20

    /// Whether a request of a method that the parser has no name for begins here, and not some other protocol.
    private static func beginsWithMethod(_ bytes: [UInt8]) -> Bool {
        guard let end = bytes.prefix(longestMethod + 2).firstIndex(of: 0x20), end > 0, end + 1 < bytes.count else {
            return false
        }
        let target = bytes[end + 1]
        return bytes[..<end].allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x2D }
            && (target == 0x2F || target == 0x2A)
    }

    private func rejection(_ code: Int32) -> Rejection {
        switch unsafe UInt32(parser.pointee.limit) {
        case HEAD_LIMIT_TARGET.rawValue: return Rejection(414, "the request target is too long")
        case HEAD_LIMIT_FIELDS.rawValue: return Rejection(431, "there are too many header fields")
        default: break
        }
        switch UInt32(bitPattern: code) {
        case HPE_INVALID_VERSION.rawValue, HPE_PAUSED_H2_UPGRADE.rawValue:
            return Rejection(505, "the HTTP version is not supported")
        case HPE_INVALID_METHOD.rawValue: return Rejection(400, "this is not an HTTP request")
        case HPE_INVALID_TRANSFER_ENCODING.rawValue: return Rejection(400, "the transfer coding is not valid")
        default:
            let detail = unsafe String(cString: head_parser_reason(parser))
            return Rejection(400, "the head of the request is malformed: \(detail.lowercased())")
        }
    }
}

/// Where the path lies in a request target of origin, absolute or asterisk form (RFC 9112 section 3.2).
private func pathRange(of target: Range<Int>, in arena: [UInt8], method: HTTPMethod) throws(Rejection) -> Range<Int> {
    var start = target.lowerBound
    if arena[start] == 0x2A, target.count == 1, method == .options { return target }
    if arena[start] != 0x2F {
        let text = arena[target]
        let schemes = [Array("http://".utf8), Array("https://".utf8)]
        guard let scheme = schemes.first(where: { text.prefix($0.count).map(\.lowercasedASCII) == $0 }),
            let slash = text.dropFirst(scheme.count).firstIndex(of: 0x2F), slash > start + scheme.count
        else { throw Rejection(400, "the request target is neither a path nor an http URL with a path") }
        start = slash
    }
    let end = arena[start..<target.upperBound].firstIndex { $0 == 0x3F || $0 == 0x23 } ?? target.upperBound
    return start..<end
}

private func checkHost(_ headers: HTTPHeaders, minorVersion: Int) throws(Rejection) {
    switch headers.count(of: "host") {
    case 0: if minorVersion == 1 { throw Rejection(400, "the Host header is missing") }
    case 1: break
    default: throw Rejection(400, "there is more than one Host header")
    }
    let isValid = headers.withBytes(of: "host") { host in
        for index in 0..<host.count {
            switch host[index] {
            // RFC 3986 section 3.2: unreserved, percent, sub-delimiters without the comma, brackets and colon.
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x25, 0x3A, 0x5B, 0x5D: continue
            case 0x21, 0x24, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x3B, 0x3D: continue
            default: return false
            }
        }
        return true
    }
    if isValid == false { throw Rejection(400, "the Host header is not a host name") }
}

/// RFC 9112 section 6; llhttp has refused `Content-Length` beside `Transfer-Encoding`, repeated and unreadable lengths.
private func bodyLength(_ headers: HTTPHeaders, flags: Int, announced: UInt64, minor: Int) throws(Rejection) -> Int64? {
    if flags & Int(F_TRANSFER_ENCODING.rawValue) != 0 {
        if minor == 0 { throw Rejection(400, "HTTP/1.0 has no transfer coding") }
        let codings = headers.all(named: "transfer-encoding")
        guard codings.count == 1, codings[0].lowercased() == "chunked" else {
            throw Rejection(501, "the only transfer coding known here is chunked")
        }
        return nil
    }
    guard flags & Int(F_CONTENT_LENGTH.rawValue) != 0 else { return 0 }
    guard let length = Int64(exactly: announced) else { throw Rejection(400, "the Content-Length is out of range") }
    return length
}

private func expectsContinue(_ headers: HTTPHeaders, minorVersion: Int) throws(Rejection) -> Bool {
    guard minorVersion == 1, let expectation = headers["expect"] else { return false }
    guard expectation.lowercased() == "100-continue" else {
        throw Rejection(417, "the only expectation known here is 100-continue")
    }
    return true
}
