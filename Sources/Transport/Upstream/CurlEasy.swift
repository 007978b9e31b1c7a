import CCurl
import Orchestrator

/// One reusable libcurl transfer handle; confined to its pool's loop.
///
/// What never changes is set once, so that a request costs few calls into libcurl. Callbacks come here and go to `transfer`.
@safe final class CurlEasy {
    /// The request that the handle carries now.
    var transfer: Transfer?
    unowned let pool: UpstreamPool
    let handle: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var line: [CChar] = []
    private var hasCustomMethod = false
    /// Whether libcurl expects no body in the answer.
    private var isHead = false
    /// Directions that are halted: `CURLPAUSE_RECV`, `CURLPAUSE_SEND`.
    private(set) var paused: Int32 = 0

    /// Nil when memory is out.
    init?(pool: UpstreamPool) {
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe self.handle = handle
        self.pool = pool
        let configuration = pool.configuration
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let owner = unsafe Unmanaged.passUnretained(pool).toOpaque()
        unsafe ccurl_set_pointer(handle, CURLOPT_PRIVATE, context)
        unsafe ccurl_set_body_callbacks(handle, receiveBody, receiveHeader, provideBody, context)
        unsafe ccurl_set_connection_callbacks(handle, openSocket, closeSocket, beforeRequest, context, owner)
        unsafe ccurl_set_string(handle, CURLOPT_USERAGENT, configuration.userAgent)
        unsafe ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        unsafe ccurl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        unsafe ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        unsafe ccurl_set_long(handle, CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        // Each waiting call holds one, touched only as far as its reply fills it.
        unsafe ccurl_set_long(handle, CURLOPT_BUFFERSIZE, 64 << 10)
        unsafe ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, max(configuration.connectLimit.wholeMilliseconds, 1))
        unsafe ccurl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
        // A reply may take minutes, and routers forget silent connections: RFC 5382 allows after 2 h, many do in 5 min.
        unsafe ccurl_set_long(handle, CURLOPT_TCP_KEEPIDLE, 60)
        unsafe ccurl_set_long(handle, CURLOPT_TCP_KEEPINTVL, 30)
        // The empty string also keeps libcurl from reading the environment.
        unsafe ccurl_set_string(handle, CURLOPT_PROXY, "")
        if let file = configuration.certificateFile { unsafe ccurl_set_string(handle, CURLOPT_CAINFO, file) }
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(headers)
    }

    /// Clears what belonged to one request, the credential above all.
    func release() {
        transfer = nil
        paused = 0
        if unsafe headers != nil {
            unsafe ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, nil)
            unsafe curl_slist_free_all(headers)
            unsafe headers = nil
        }
        if pool.configuration.proxy != nil { unsafe ccurl_set_string(handle, CURLOPT_PROXY, "") }
    }

    // MARK: One request

    func setProxy(_ proxy: String) {
        unsafe ccurl_set_string(handle, CURLOPT_PROXY, proxy)
    }

    /// Adds a header line; false when name or value hold something that could end the line.
    func addHeader(_ name: String, _ prefix: String = "", _ value: String) -> Bool {
        line.removeAll(keepingCapacity: true)
        for byte in name.utf8 {
            guard CurlEasy.isTokenByte(byte) else { return false }
            line.append(CChar(bitPattern: byte))
        }
        if line.isEmpty { return false }
        // libcurl takes `Name:` as "leave this header out" and `Name;` as "send it empty".
        line.append(CChar(bitPattern: value.isEmpty && prefix.isEmpty ? UInt8(ascii: ";") : UInt8(ascii: ":")))
        if !(value.isEmpty && prefix.isEmpty) { line.append(CChar(bitPattern: 0x20)) }
        for byte in prefix.utf8 where byte >= 0x20 { line.append(CChar(bitPattern: byte)) }
        for byte in value.utf8 {
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { return false }
            line.append(CChar(bitPattern: byte))
        }
        return appendLine()
    }

    /// Keeps libcurl from sending a header of its own.
    func suppressHeader(_ name: StaticString) -> Bool {
        line.removeAll(keepingCapacity: true)
        for byte in name.description.utf8 { line.append(CChar(bitPattern: byte)) }
        line.append(CChar(bitPattern: UInt8(ascii: ":")))
        return appendLine()
    }

    private func appendLine() -> Bool {
        line.append(0)
        guard let grown = unsafe curl_slist_append(headers, line) else { return false }
        unsafe headers = grown
        return true
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)  // RFC 9110 section 5.6.2
        }
    }

    /// Sets the address, the verb and the headers added so far.
    func prepare(url: String, method: WireRequest.Method, body: Upload) {
        unsafe ccurl_set_string(handle, CURLOPT_URL, url)
        let isPost = method == .post || body != .none
        if isHead { unsafe ccurl_set_long(handle, CURLOPT_NOBODY, 0) }
        switch body {
        case .none where !isPost:
            unsafe ccurl_set_long(handle, CURLOPT_HTTPGET, 1)
        case .none, .copied([]):
            unsafe ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, 0)
            unsafe ccurl_set_string(handle, CURLOPT_COPYPOSTFIELDS, "")
        case .copied(let bytes):
            // The size first: libcurl copies so many bytes.
            unsafe ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
            unsafe bytes.withUnsafeBytes {
                unsafe _ = ccurl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, $0.baseAddress)
            }
        case .streamed(let byteCount):
            unsafe ccurl_set_long(handle, CURLOPT_POST, 1)
            unsafe ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, nil)
            unsafe ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(byteCount))
        }
        // Without it libcurl would wait for a body that never comes.
        if method == .head { unsafe ccurl_set_long(handle, CURLOPT_NOBODY, 1) }
        isHead = method == .head
        let isCustom = !(method == .post || method == .head || (method == .get && !isPost))
        if isCustom {
            unsafe ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, method.rawValue)
        } else if hasCustomMethod {
            unsafe ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, nil)
        }
        hasCustomMethod = isCustom
        unsafe ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
    }

    /// How a body goes to libcurl.
    enum Upload: Equatable {
        case none
        /// Copied, and sent in one system call with the head.
        case copied([UInt8])
        /// Asked for by callback.
        case streamed(byteCount: Int64)
    }

    // MARK: Pausing

    /// Notes that a callback has halted a direction; libcurl knows by its return value.
    func notePause(_ direction: Int32) { paused |= direction }

    /// Lets a halted direction go on; data that waited may come, by callback, before this returns.
    func resume(_ direction: Int32) {
        guard paused & direction != 0 else { return }
        paused &= ~direction
        // A failure shows as the end of the transfer.
        _ = unsafe curl_easy_pause(handle, paused)
    }

    // MARK: Afterwards

    /// Where libcurl would go next, absolute.
    var redirectURL: String? {
        unsafe ccurl_info_string(handle, CURLINFO_REDIRECT_URL).map { text in unsafe String(cString: text) }
    }

    /// A failure for the log: libcurl's words and the system's error number, no part of request or reply.
    func describe(_ code: CURLcode) -> String {
        var text = "curl \(code.rawValue): \(unsafe String(cString: curl_easy_strerror(code)))"
        let number = unsafe ccurl_info_long(handle, CURLINFO_OS_ERRNO)
        if number != 0 { text += ", errno \(number)" }
        let verification = unsafe ccurl_info_long(handle, CURLINFO_SSL_VERIFYRESULT)
        if verification != 0 { text += ", certificate error \(verification)" }
        return text
    }
}

// MARK: - Callbacks

private func easy(_ context: UnsafeMutableRawPointer) -> CurlEasy {
    unsafe Unmanaged<CurlEasy>.fromOpaque(context).takeUnretainedValue()
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context = unsafe context, let transfer = unsafe easy(context).transfer else { return 0 }
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer.receiveHeader(buffer.bindMemory(to: UInt8.self).span) ? size * count : 0
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context = unsafe context else { return 0 }
    let easy = unsafe easy(context)
    guard let transfer = easy.transfer else { return 0 }
    if transfer.mustWait {
        easy.notePause(CURLPAUSE_RECV)
        transfer.receivingHasPaused()
        return Int(CURL_WRITEFUNC_PAUSE)
    }
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer.receiveBody(buffer.bindMemory(to: UInt8.self).span) ? size * count : 0
}

private func provideBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context = unsafe context else { return Int(CURL_READFUNC_ABORT) }
    let easy = unsafe easy(context)
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
    switch unsafe easy.transfer?.provideBody(buffer) {
    case .bytes(let count): return count
    case .end: return 0
    case .needsFile, .waiting:
        easy.notePause(CURLPAUSE_SEND)
        return Int(CURL_READFUNC_PAUSE)
    case .failed, nil: return Int(CURL_READFUNC_ABORT)
    }
}

private func beforeRequest(
    _ context: UnsafeMutableRawPointer?,
    _ address: UnsafeMutablePointer<CChar>?,
    _ localAddress: UnsafeMutablePointer<CChar>?,
    _ port: Int32,
    _ localPort: Int32
) -> Int32 {
    guard let context = unsafe context, let transfer = unsafe easy(context).transfer, transfer.mayIssue() else {
        return CURL_PREREQFUNC_ABORT
    }
    return CURL_PREREQFUNC_OK
}

private func openSocket(
    _ context: UnsafeMutableRawPointer?,
    _ purpose: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let context = unsafe context, let address = unsafe address else { return CURL_SOCKET_BAD }
    let easy = unsafe easy(context)
    guard let transfer = easy.transfer else { return CURL_SOCKET_BAD }
    var count: Int32 = 0
    let bytes = unsafe ccurl_address_bytes(address, &count)
    let octets = unsafe UnsafeBufferPointer(start: bytes, count: Int(count))
    guard transfer.mayConnect(to: unsafe octets.span) else { return CURL_SOCKET_BAD }
    let descriptor = unsafe ccurl_open_socket(address)
    if descriptor >= 0 {
        easy.pool.connectionOpened(descriptor)
        transfer.group?.counters.connectionsOpened += 1
    }
    return descriptor
}

private func closeSocket(_ owner: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t) -> Int32 {
    guard let owner = unsafe owner else { return -1 }
    return unsafe Unmanaged<UpstreamPool>.fromOpaque(owner).takeUnretainedValue().closeConnection(descriptor)
}

extension Duration {
    /// Rounded down.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(clamping: seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
