import CSystem
import Glibc

extension Connection {
    /// A body up to this size is copied behind its head and leaves in the same system call.
    private static let inlineBodySize = 16 << 10
    /// Bytes of a file handed to the kernel before other connections get their turn.
    private static let fileSliceSize = 256 << 10

    // MARK: Responses

    /// Sends a whole response; false when the connection ends after it. `request` is nil for a rejected one.
    func send(_ response: HTTPResponse, to request: HTTPRequest?) async -> Bool {
        guard phase != .closed else { return false }
        mustSendContinue = mustSendContinue && !isBodyComplete
        let isLast = endsConnection(response, request)
        let framing = framing(of: response, to: request)
        let hasBody = hasBody(response, request)
        outputPace = Pace(timeout: configuration.writeTimeout, minimumRate: configuration.minimumRate)
        listener.head.reset()
        listener.head.write(
            response,
            framing: framing,
            date: listener.dateLine(),
            connection: isLast ? "close" : request?.minorVersion == 0 ? "keep-alive" : nil
        )
        if isLast {
            closesAfterResponse = true
            if !isBodyComplete { mustLinger = true }
        }
        let isSent: Bool
        if hasBody {
            isSent = await send(body: response.body, framing: framing)
        } else {
            push(listener.head.bytes)
            isSent = await drained(to: 0)
        }
        if !isSent { abort() }
        return isSent && !isLast
    }

    private var isBodyComplete: Bool {
        if case .complete = body { true } else { false }
    }

    private func endsConnection(_ response: HTTPResponse, _ request: HTTPRequest?) -> Bool {
        guard let request, request.isKeepAlive, !closesAfterResponse, canSkipBody else { return true }
        if case .stream = response.body, request.minorVersion == 0, hasBody(response, request) { return true }
        return response.headers.contains {
            $0.name.utf8.count == 10 && $0.name.lowercased() == "connection" && $0.value.lowercased() == "close"
        }
    }

    private func hasBody(_ response: HTTPResponse, _ request: HTTPRequest?) -> Bool {
        request?.method != .head && response.status >= 200 && response.status != 204 && response.status != 304
    }

    private func framing(of response: HTTPResponse, to request: HTTPRequest?) -> ResponseHead.Framing {
        if response.status < 200 || response.status == 204 || response.status == 304 { return .none }
        switch response.body {
        case .none: return .length(0)
        case .bytes(let bytes): return .length(Int64(bytes.count))
        case .file(_, let range): return .length(Int64(range.count))
        case .counted(let count, _): return .length(count)
        case .stream: return request?.minorVersion == 0 ? .untilClose : .chunked
        }
    }

    private func send(body: HTTPResponse.Body, framing: ResponseHead.Framing) async -> Bool {
        switch body {
        case .none:
            push(listener.head.bytes)
            return await drained(to: 0)
        case .bytes(let bytes):
            if bytes.count <= Connection.inlineBodySize {
                listener.head.append(body: bytes)
                push(listener.head.bytes)
                return await drained(to: 0)
            }
            return await send(head: listener.head.bytes, body: bytes)
        case .file(let file, let range):
            if range.count <= Connection.inlineBodySize, let bytes = file.bytes(in: range) {
                listener.head.append(body: bytes)
                push(listener.head.bytes)
                return await drained(to: 0)
            }
            push(listener.head.bytes, more: !range.isEmpty)
            return await send(file, range)
        case .stream(let produce):
            let isChunked = if case .chunked = framing { true } else { false }
            return await send(stream: produce, isChunked: isChunked, byteCount: nil)
        case .counted(let count, let produce):
            return await send(stream: produce, isChunked: false, byteCount: count)
        }
    }

    /// A large body goes from its own array to the socket; only what the kernel cannot take at once waits.
    private func send(head: [UInt8], body: [UInt8]) async -> Bool {
        guard outputStart == output.count, mayWrite else {
            push(head)
            push(body)
            return await drained(to: 0)
        }
        var sent = unsafe head.withUnsafeBytes { head in
            unsafe body.withUnsafeBytes { body in
                unsafe system_send_two(descriptor, head.baseAddress, head.count, body.baseAddress, body.count)
            }
        }
        if sent < 0 {
            guard errno == EAGAIN else { return false }
            sent = 0
        }
        didSend(sent)
        if sent < head.count { push(Array(head[sent...])) }
        var offset = max(0, sent - head.count)
        guard await drained(to: 0) else { return false }
        while offset < body.count {
            guard await isWritable() else { return false }
            let count = unsafe body.withUnsafeBytes { body in
                unsafe write(UnsafeRawBufferPointer(rebasing: body[offset...]), more: false)
            }
            guard count >= 0 else { return false }
            offset += count
        }
        return true
    }

    private func send(_ file: OpenFile, _ range: Range<Int64>) async -> Bool {
        var offset = range.lowerBound
        while offset < range.upperBound {
            guard await drained(to: 0), await isWritable() else { return false }
            let length = Int(min(range.upperBound - offset, Int64(Connection.fileSliceSize)))
            let count = system_sendfile(descriptor, file.descriptor, offset, length)
            if count > 0 {
                offset += Int64(count)
                didSend(count)
                await Task.yield()
            } else if count < 0, errno == EAGAIN {
                mayWrite = false
            } else {
                return false  // 0: the file is shorter than announced, so the client must see the body break off
            }
        }
        return await drained(to: 0)
    }

    private func send(
        stream produce: @Sendable (HTTPBodyWriter) async throws -> Void,
        isChunked: Bool,
        byteCount: Int64?
    ) async -> Bool {
        output.append(contentsOf: listener.head.bytes)
        streamedBytes = 0
        streamLimit = byteCount ?? .max
        let writer = HTTPBodyWriter(connection: self, request: request, isChunked: isChunked)
        do {
            try await produce(writer)
        } catch {
            if phase != .closed { mustLinger = false }
            return false
        }
        guard phase != .closed, byteCount == nil || streamedBytes == byteCount else { return false }
        if isChunked { push(Array("0\r\n\r\n".utf8)) } else { flush() }
        return await drained(to: 0)
    }

    /// Queues one piece of a streamed body and waits while too much is waiting already.
    @concurrent func write(_ bytes: [UInt8], isChunked: Bool, request: UInt64) async throws(BodyError) {
        guard phase != .closed, request == self.request, !isAnswered(request) else { throw .disconnected }
        streamedBytes += Int64(bytes.count)
        guard streamedBytes <= streamLimit else { throw .malformed("the body is longer than was said") }
        if isChunked {
            output.append(contentsOf: String(bytes.count, radix: 16).utf8)
            output.append(contentsOf: [0x0D, 0x0A])
            output.append(contentsOf: bytes)
            output.append(contentsOf: [0x0D, 0x0A])
        } else {
            output.append(contentsOf: bytes)
        }
        flush()
        if output.count - outputStart > configuration.highWaterMark {
            try await drain(to: configuration.highWaterMark / 2)
        }
        if phase == .closed { throw .disconnected }
    }

    /// Waits until no more than `limit` bytes wait for the client.
    @concurrent func drain(to limit: Int) async throws(BodyError) {
        flush()
        guard await drained(to: limit) else { throw .disconnected }
    }

    func send(interim line: String) {
        push(Array(line.utf8))
    }

    // MARK: Output

    /// Sends as much as the socket takes; the rest waits, in order.
    private func push(_ bytes: [UInt8], more: Bool = false) {
        guard phase != .closed else { return }
        var sent = 0
        if outputStart == output.count, mayWrite {
            sent = max(0, unsafe bytes.withUnsafeBytes { unsafe write($0, more: more) })
            guard phase != .closed else { return }
        }
        if sent < bytes.count { output.append(contentsOf: bytes[sent...]) }
    }

    /// Sends waiting output.
    func flush() {
        guard phase != .closed, outputStart < output.count, mayWrite else { return }
        let sent = unsafe output.withUnsafeBytes {
            unsafe write(UnsafeRawBufferPointer(rebasing: $0[outputStart...]), more: false)
        }
        guard sent >= 0, phase != .closed else { return }
        outputStart += sent
        if outputStart == output.count {
            // The memory of a long body is not kept for an idle connection.
            output.removeAll(keepingCapacity: output.capacity <= 4 << 10)
            outputStart = 0
        } else if outputStart > 64 << 10 {
            output.removeSubrange(..<outputStart)
            outputStart = 0
        }
    }

    /// Suspends until no more than `limit` bytes wait; false when the client is gone or takes nothing for too long.
    private func drained(to limit: Int) async -> Bool {
        while phase != .closed {
            if output.count - outputStart <= limit { return true }
            guard await isWritable() else { return false }
            flush()
        }
        return false
    }

    private func isWritable() async -> Bool {
        if mayWrite { return phase != .closed }
        let start = loop.turnTime
        let outcome = await waitForOutput(until: start &+ outputPace.allowance)
        outputPace.count(waited: loop.turnTime &- start)
        if outcome == .timedOut { abort() }
        return outcome == .ready
    }

    /// One send; returns the bytes taken, 0 when the socket is full, -1 when the connection is gone.
    private func write(_ bytes: UnsafeRawBufferPointer, more: Bool) -> Int {
        let count = unsafe system_send(descriptor, bytes.baseAddress, bytes.count, more ? 1 : 0)
        if count >= 0 {
            didSend(count)
            if count < bytes.count { mayWrite = false }
            return count
        }
        mayWrite = false
        if errno == EAGAIN { return 0 }
        abort()
        return -1
    }

    private func didSend(_ count: Int) {
        outputPace.count(bytes: count)
        listener.counters.bytesSent.add(count)
    }
}
