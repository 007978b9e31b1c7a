private import CCurl
internal import Orchestrator

/// Sends one request after the other and waits for the answers, over connections that are kept; for one thread.
@safe final class HTTPConnection {
    private let handle: UnsafeMutableRawPointer

    private static let connectLimit = 10_000
    private static let isStarted: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init() throws(CommandFailure) {
        guard Self.isStarted, let handle = unsafe curl_easy_init() else { throw .failure("libcurl does not start") }
        unsafe self.handle = handle
    }

    deinit { unsafe curl_easy_cleanup(handle) }

    /// Sends a request and returns the whole answer, or what of it `onBytes` left.
    func send(_ request: HTTPRequest) throws(HTTPProblem) -> HTTPReply {
        unsafe curl_easy_reset(handle)
        let transfer = HTTPTransfer(request)
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        unsafe ccurl_set_body_callbacks(handle, receiveBody, receiveHeader, provideNothing, context)
        unsafe ccurl_set_progress_callback(handle, tick, context)
        unsafe ccurl_set_string(handle, CURLOPT_URL, request.url)
        unsafe ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        unsafe ccurl_set_string(handle, CURLOPT_USERAGENT, request.userAgent)
        unsafe ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        unsafe ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Self.connectLimit)
        if let limit = request.timeLimit {
            unsafe ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, max(Int(limit.milliseconds), 1))
        }
        if let limit = request.silenceLimit {
            unsafe ccurl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
            unsafe ccurl_set_long(handle, CURLOPT_LOW_SPEED_TIME, max(Int(limit.components.seconds), 1))
        }
        var headers: UnsafeMutablePointer<curl_slist>?
        defer { unsafe curl_slist_free_all(headers) }
        // libcurl would wait a second for leave to send a large body.
        for (name, value) in request.headers + [("Expect", "")] {
            unsafe headers = curl_slist_append(headers, value.isEmpty ? "\(name):" : "\(name): \(value)")
        }
        unsafe ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        let form = unsafe try setBody(request)
        defer { unsafe curl_mime_free(form) }
        unsafe ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method)
        let code = withExtendedLifetime(transfer) { unsafe curl_easy_perform(handle) }
        guard code == CURLE_OK || transfer.isStopped else { throw problem(code, transfer) }
        return HTTPReply(status: transfer.status, headers: transfer.headers, body: transfer.body)
    }

    private func setBody(_ request: HTTPRequest) throws(HTTPProblem) -> OpaquePointer? {
        switch request.body {
        case .none: return nil
        case .bytes(let bytes):
            // The size first: libcurl copies so many bytes.
            unsafe ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
            unsafe bytes.withUnsafeBytes {
                unsafe _ = ccurl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, $0.baseAddress)
            }
            return nil
        case .form(let parts):
            guard let form = unsafe curl_mime_init(handle) else { throw HTTPProblem(.other, "no memory for the form") }
            for part in parts {
                guard let place = unsafe curl_mime_addpart(form) else { continue }
                unsafe curl_mime_name(place, part.name)
                unsafe part.bytes.withUnsafeBytes { unsafe _ = curl_mime_data(place, $0.baseAddress, $0.count) }
                if let file = part.fileName { unsafe curl_mime_filename(place, file) }
                if let type = part.mediaType { unsafe curl_mime_type(place, type) }
            }
            unsafe ccurl_set_pointer(handle, CURLOPT_MIMEPOST, UnsafeRawPointer(form))
            return unsafe form
        }
    }

    private func problem(_ code: CURLcode, _ transfer: HTTPTransfer) -> HTTPProblem {
        let words = unsafe String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return HTTPProblem(.unreachable, words)
        case CURLE_OPERATION_TIMEDOUT: return HTTPProblem(.timedOut, words)
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
            return HTTPProblem(.brokenOff, words)
        default: return HTTPProblem(.other, words)
        }
    }
}

/// What libcurl has brought so far; it holds a pointer to it while the request runs.
private final class HTTPTransfer {
    let request: HTTPRequest
    var status = 0
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// Whether `onBytes` wanted no more.
    var isStopped = false

    init(_ request: HTTPRequest) { self.request = request }

    func takeHeader(_ line: String) {
        if line.hasPrefix("HTTP/") {
            // The head of another answer: an interim one came before.
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            headers = []
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.append((line[..<colon].lowercased(), String(value)))
        }
    }

    func takeBody(_ bytes: [UInt8]) -> Bool {
        guard let onBytes = request.onBytes, (200..<300).contains(status) else {
            body += bytes
            return body.count <= request.mostBytes
        }
        isStopped = !onBytes(bytes)
        return !isStopped
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> HTTPTransfer? {
    unsafe context.map { unsafe Unmanaged<HTTPTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let text = unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
    let line = text.prefix { $0 != "\r\n" && $0 != "\n" && $0 != "\r" }
    if !line.isEmpty { unsafe transfer(context)?.takeHeader(String(line)) }
    return size * count
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let piece = unsafe Array(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return unsafe transfer(context)?.takeBody(piece) == true ? size * count : 0
}

private func provideNothing(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int { 0 }

/// Called about once a second, and more often while something moves.
private func tick(
    _ context: UnsafeMutableRawPointer?,
    _ toReceive: curl_off_t,
    _ received: curl_off_t,
    _ toSend: curl_off_t,
    _ sent: curl_off_t
) -> Int32 {
    unsafe transfer(context)?.request.onTick?()
    return 0
}
