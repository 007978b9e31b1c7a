import CSystem
import Glibc

extension Connection {
    /// Bytes asked of the socket while a head is expected; what of a body comes along is copied once more.
    private static let headReadSize = 16 << 10
    private static let bodyReadSize = 64 << 10

    // MARK: Heads

    /// The next request; nil when the connection is to end without another answer.
    func nextRequest() async throws(Rejection) -> HTTPRequest? {
        if closesAfterResponse { return nil }
        phase = input.isEmpty ? .idle : .busy
        parser.reset()
        var parsed = 0
        let isFirst = request == 0
        let idleLimit = isFirst ? configuration.headTimeout : configuration.keepAliveTimeout
        var deadline = loop.turnTime &+ (input.isEmpty ? idleLimit : configuration.headTimeout).timerNanoseconds
        while true {
            if parsed < input.count {
                if let end = try parser.parse(input, from: parsed) { return try takeHead(end: end) }
                parsed = input.count
            }
            let count = unsafe receive(upTo: Connection.headReadSize) { unsafe input.append(contentsOf: $0) }
            if count == 0 { return nil }
            if count > 0 {
                if phase == .idle {
                    phase = .busy
                    if !isFirst { deadline = loop.turnTime &+ configuration.headTimeout.timerNanoseconds }
                }
                continue
            }
            switch await waitForInput(until: deadline) {
            case .ready: continue
            case .closed: return nil
            case .timedOut:
                if phase == .idle { return nil }
                throw Rejection(408, "the head of the request did not arrive in time")
            }
        }
    }

    private func takeHead(end: Int) throws(Rejection) -> HTTPRequest {
        let arena: [UInt8]
        if end == input.count {
            arena = input
            input = []
        } else {
            arena = Array(input[..<end])
            input.removeSubrange(..<end)
        }
        let head = try parser.head(arena: arena)
        guard let path = PercentCoding.path(head.headers.arena[head.path]) else {
            throw Rejection(400, "the path has a broken escape, a NUL, or is not UTF-8")
        }
        request += 1
        switch head.contentLength {
        case nil: body = .chunked
        case 0: body = .complete
        case let length?: body = .length(length)
        }
        if case .complete = body {
        } else {
            inputPace = Pace(timeout: configuration.bodyTimeout, minimumRate: configuration.minimumRate)
            framingBytes = 0
        }
        // A client that has begun with the body does not wait for the interim answer.
        mustSendContinue = head.expectsContinue && input.isEmpty
        return HTTPRequest(
            head: head,
            path: path,
            peer: peer,
            body: HTTPBody(connection: self, request: request, announcedLength: head.contentLength)
        )
    }

    // MARK: Bodies

    /// The next piece of the body of `request`; nil at its end.
    @concurrent func nextBodyPiece(of request: UInt64) async throws(BodyError) -> [UInt8]? {
        while true {
            guard request == self.request, !isAnswered(request) else { throw .disconnected }
            let deadline: UInt64
            switch takePiece() {
            case .piece(let bytes):
                inputPace.count(bytes: bytes.count)
                return bytes
            case .end: return nil
            case .failed(let error):
                body = .failed(error)
                throw error
            case .again: continue
            case .wait: deadline = loop.turnTime &+ inputPace.allowance
            }
            let start = loop.turnTime
            let outcome = await waitForInput(until: deadline)
            inputPace.count(waited: loop.turnTime &- start)
            switch outcome {
            case .ready: continue
            case .closed: body = .failed(.disconnected)
            case .timedOut: body = .failed(.timeout)
            }
        }
    }

    private enum Piece {
        case piece([UInt8])
        case end
        case failed(BodyError)
        /// Some framing was consumed, no byte of the body.
        case again
        case wait
    }

    /// What can be had of the body without waiting.
    private func takePiece() -> Piece {
        switch body {
        case .complete: return .end
        case .failed(let error): return .failed(error)
        case .length, .chunked: break
        }
        if phase == .closed { return .failed(.disconnected) }
        if mustSendContinue {
            mustSendContinue = false
            send(interim: "HTTP/1.1 100 Continue\r\n\r\n")
        }
        if case .length(let remaining) = body { return takeLengthPiece(remaining) }
        return takeChunkedPiece()
    }

    private func takeLengthPiece(_ remaining: Int64) -> Piece {
        var piece: [UInt8]
        if input.isEmpty {
            // Straight into the array that the reader gets: a large body is copied by the kernel only.
            let size = Int(min(remaining, Int64(Connection.bodyReadSize)))
            var count = 0
            guard mayRead else { return .wait }
            piece = unsafe Array(unsafeUninitializedCapacity: size) { buffer, initialized in
                count = unsafe receive(into: UnsafeMutableRawBufferPointer(buffer))
                initialized = max(count, 0)
            }
            if count == 0 { return .failed(.disconnected) }
            if count < 0 { return phase == .closed ? .failed(.disconnected) : .wait }
        } else if Int64(input.count) <= remaining {
            piece = input
            input = []
        } else {
            piece = Array(input[..<Int(remaining)])
            input.removeSubrange(..<Int(remaining))
        }
        let left = remaining - Int64(piece.count)
        body = left == 0 ? .complete : .length(left)
        return .piece(piece)
    }

    private func takeChunkedPiece() -> Piece {
        if input.isEmpty {
            let count = unsafe receive(upTo: Connection.bodyReadSize) { unsafe input.append(contentsOf: $0) }
            if count == 0 { return .failed(.disconnected) }
            if count < 0 { return phase == .closed ? .failed(.disconnected) : .wait }
        }
        let decoded = unsafe input.withUnsafeMutableBytes { unsafe parser.decode($0) }
        guard let decoded else {
            mustLinger = true
            return .failed(.malformed("the chunked coding of the body is broken"))
        }
        // Chunk extensions and trailers are skipped, but not without end.
        framingBytes += decoded.end - 9 * decoded.decoded
        guard framingBytes <= configuration.maxDrainedBytes else {
            return .failed(.malformed("the chunked coding has more framing than content"))
        }
        let piece = Array(input[..<decoded.decoded])
        if decoded.end == input.count {
            input = []
        } else {
            input.removeSubrange(..<decoded.end)
        }
        if decoded.isComplete { body = .complete }
        if piece.isEmpty { return .again }
        return .piece(piece)
    }

    /// Whether the connection can be used again once the request's body, as far as known, is dropped.
    var canSkipBody: Bool {
        switch body {
        case .complete: true
        case .failed: false
        case .chunked: !mustSendContinue
        case .length(let remaining): !mustSendContinue && remaining <= Int64(configuration.maxDrainedBytes)
        }
    }

    /// Reads and drops what the handler left unread; false when that is too much to keep the connection.
    func skipBody() async -> Bool {
        var dropped = 0
        let deadline = loop.turnTime &+ configuration.lingerTimeout.timerNanoseconds
        while true {
            if case .complete = body { return true }
            mustLinger = true
            guard canSkipBody, dropped <= configuration.maxDrainedBytes else { return false }
            switch takePiece() {
            case .piece(let bytes): dropped += bytes.count
            case .end:
                mustLinger = false
                return true
            case .failed: return false
            case .again: break
            case .wait: guard await waitForInput(until: deadline) == .ready else { return false }
            }
            if case .complete = body { mustLinger = false }
        }
    }

    // MARK: Socket

    /// Reads once into the loop's buffer; what `body` is given is valid during the call only.
    ///
    /// Returns the number of bytes, 0 at the end of input, -1 when there is nothing now or the connection is gone.
    func receive(upTo limit: Int, _ body: (UnsafeRawBufferPointer) -> Void) -> Int {
        let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: listener.readBuffer.prefix(limit))
        let count = unsafe receive(into: buffer)
        if count > 0 { unsafe body(UnsafeRawBufferPointer(rebasing: buffer.prefix(count))) }
        return count
    }

    private func receive(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard mayRead, phase != .closed else { return -1 }
        var count: Int
        repeat {
            count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
        } while count < 0 && errno == EINTR
        if count > 0 {
            // Less than asked for means that the socket is empty; the next byte raises an event. The end of input
            // raised its own before or will: then the flag must stay, for that event does not come again.
            if count < buffer.count, isClientConnected { mayRead = false }
            listener.counters.bytesReceived.add(count)
        } else if count < 0 {
            mayRead = false
            if errno != EAGAIN { abort() }
        }
        return count
    }
}
