import CCurl
import Orchestrator

/// One upstream call from its start to its end, redirects included.
@safe final class Transfer: @unchecked Sendable {  // handed to the pool's loop, touched by its thread from then on
    /// What the task that waits for the call has to do next.
    enum Step: Sendable {
        case event(UpstreamEvent)
        /// Read bytes of a file where blocking is allowed.
        case read(FileRead)
        /// Nil is the end of a stream.
        case end(Result<UpstreamReply?, UpstreamError>)
    }

    let call: UpstreamCall
    let sinks: any SinkMaker
    let kind: ReplyKind
    let contentType: String?
    private(set) var upload: CurlEasy.Upload
    private var streamedBody: RequestBody?

    // Where the request is now.
    var group: OriginGroup?
    var multi: CurlMulti?
    var easy: CurlEasy?
    var deadline: TimerToken?
    private(set) var origin: Origin?
    /// Which addresses may be connected to now.
    private(set) var reach: Reach
    /// Of the call's own address.
    private var firstHost: String?
    private var redirectsLeft: Int
    private(set) var isRedirected = false
    private(set) var isOver = false

    // What came of the request.
    private var issues = 0
    private var isAddressRefused = false
    private var failure: UpstreamError?
    private var head = ReplyHead()
    private var reader: ReplyReader?
    private var receivedBytes: Int64 = 0

    // The task's side.
    private var waiter: UnsafeContinuation<Step, Never>?
    private var steps: [Step] = []

    /// Serializes the body; `isStream` asks for events where the request does.
    init(_ call: UpstreamCall, sinks: any SinkMaker, isStream: Bool) {
        self.call = call
        self.sinks = sinks
        kind = !isStream && call.request.reply == .events ? .document : call.request.reply
        redirectsLeft = call.redirects
        reach = call.reach
        let pieces: [ByteSource]
        switch call.request.body {
        case .none:
            (pieces, contentType) = ([], nil)
        case .json(let document):
            (pieces, contentType) = ([.bytes(document.serialized())], "application/json")
        case .form(let parts):
            let boundary = "orchestrator-" + String(UInt128.random(in: .min ... .max), radix: 16)
            let encoder = MultipartEncoder(parts, boundary: boundary)
            (pieces, contentType) = (encoder.pieces, encoder.contentType)
        case .bytes(let source, _):
            (pieces, contentType) = ([source], nil)
        }
        if case .none = call.request.body {
            upload = .none
        } else if case .bytes(let source, let part?) = call.request.body {
            let body = RequestBody(part, of: source)
            upload = .streamed(byteCount: body.byteCount)
            streamedBody = body
        } else if pieces.count == 1, case .bytes(let bytes) = pieces[0], bytes.count <= Transfer.copiedBodyLimit {
            upload = .copied(bytes)
        } else {
            let body = RequestBody(pieces)
            upload = .streamed(byteCount: body.byteCount)
            streamedBody = body
        }
    }

    /// Bodies up to this size go to libcurl as a copy and out in one system call with the head.
    private static let copiedBodyLimit = 64 << 10

    // MARK: Before a request

    /// Whether the request, once out, may have made the vendor act.
    var isSent: Bool { issues > 0 && (streamedBody?.isFinished ?? true) }

    /// Turns to an address, at first or after a redirect.
    func begin(at url: UpstreamURL) {
        origin = url.origin
        let firstHost = firstHost ?? url.origin.host
        self.firstHost = firstHost
        reach = url.origin.host == firstHost ? call.reach : call.reachElsewhere ?? call.reach
        issues = 0
        isAddressRefused = false
        head.reset()
        reader = nil
    }

    /// The address that the reply leads to; only plain reads go on elsewhere, and never from https to http.
    ///
    /// `resolved` is what libcurl makes of the `Location`: right for a relative one, but a number as host would have
    /// become an address in it, so an absolute one is taken as it was sent. The credential stays behind even on the same
    /// origin: what a redirect leads to signs its own addresses.
    func redirect(to resolved: String) throws(UpstreamError) -> UpstreamURL {
        let location = head.header("location") ?? ""
        let next: UpstreamURL
        do throws(UpstreamURL.Refusal) {
            if location.hasPrefix("//") {
                next = try UpstreamURL((origin?.isSecure == true ? "https:" : "http:") + location)
            } else {
                // A scheme stands before the first of these (RFC 3986 section 4.1).
                let isAbsolute = location.utf8.first { ":/?#".utf8.contains($0) } == UInt8(ascii: ":")
                next = try UpstreamURL(isAbsolute ? location : resolved)
            }
        } catch {
            throw UpstreamError(.forbiddenAddress, "the redirect's address is not used: \(error.message)")
        }
        if origin?.isSecure == true, !next.origin.isSecure {
            throw UpstreamError(.forbiddenAddress, "the redirect leads from https to http")
        }
        redirectsLeft -= 1
        isRedirected = true
        return next
    }

    /// Whether the reply that has come is a redirect to be followed.
    var followsRedirect: Bool {
        guard redirectsLeft > 0, call.request.method == .get, upload == .none else { return false }
        switch head.status {
        case 301, 302, 303, 307, 308: return head.header("location") != nil
        default: return false
        }
    }

    // MARK: libcurl's callbacks

    /// Whether an address is within the call's reach.
    func mayConnect(to octets: Span<UInt8>) -> Bool {
        if reach == .anywhere || AddressClass(octets: octets)?.isPublic == true { return true }
        isAddressRefused = true
        return false
    }

    /// Whether the request may go out now.
    ///
    /// libcurl repeats a request by itself when a kept connection ends without a reply. For one that costs money nobody
    /// knows whether the vendor has acted, so such a repetition is for the engine to order.
    func mayIssue() -> Bool {
        if issues > 0, call.request.method == .post || streamedBody != nil {
            fail(.cut(status: nil), "the vendor ended a kept connection without a reply")
            return false
        }
        issues += 1
        return true
    }

    func provideBody(_ buffer: UnsafeMutableRawBufferPointer) -> RequestBody.Portion {
        guard let portion = unsafe streamedBody?.read(into: buffer) else { return .end }
        switch portion {
        case .bytes(let count): group?.counters.bytesSent += Int64(count)
        case .needsFile(let read): emit(.read(read))
        case .failed: fail(.notConnected, "a file of the request cannot be read to its end")
        case .waiting, .end: break
        }
        return portion
    }

    /// Takes a line of the head; false ends the request.
    func receiveHeader(_ line: Span<UInt8>) -> Bool {
        if head.isComplete { return true }
        guard head.accept(line) else {
            if head.status == 0 {
                fail(.cut(status: nil), "the reply begins with no status")
            } else {
                fail(.tooLarge(status: head.status), "the head is larger than \(ReplyHead.byteLimit) bytes")
            }
            return false
        }
        guard head.isComplete else { return true }
        if followsRedirect { return true }
        if let text = head.header("content-length"), let count = Int64(text), count > call.maxReplyBytes {
            fail(.tooLarge(status: head.status), "the reply announces \(count) bytes")
            return false
        }
        reader = ReplyReader(kind: kind, status: head.status, mediaType: head.mediaType, sinks: sinks)
        return true
    }

    /// Takes bytes of the body; false ends the request.
    func receiveBody(_ bytes: Span<UInt8>) -> Bool {
        receivedBytes += Int64(bytes.count)
        group?.counters.bytesReceived += Int64(bytes.count)
        guard receivedBytes <= call.maxReplyBytes else {
            fail(.tooLarge(status: head.status), "the reply is larger than \(call.maxReplyBytes) bytes")
            return false
        }
        do throws(ReplyReader.Defect) {
            try reader?.consume(bytes)
        } catch {
            fail(.malformed(status: head.status), error.message)
            return false
        }
        if reader?.isStream == true {
            for event in reader?.takeEvents() ?? [] { emit(.event(event)) }
        }
        return true
    }

    /// Whether the next bytes of the body must wait: for the reader of events, or for the sinks.
    var mustWait: Bool {
        guard let reader else { return false }
        if reader.isStream, unsafe waiter == nil { return true }
        return reader.hasSinks && reader.pendingBytes >= (easy?.pool.configuration.pendingBytesLimit ?? .max)
    }

    /// Whether the sinks have caught up well enough to go on.
    var sinksHaveRoom: Bool {
        guard let reader, let limit = easy?.pool.configuration.pendingBytesLimit else { return true }
        return !reader.hasSinks || reader.pendingBytes <= limit / 2
    }

    func receivingHasPaused() {
        if !sinksHaveRoom { easy?.pool.watchSinks(of: self) }
    }

    private func fail(_ kind: UpstreamError.Kind, _ detail: String) {
        if failure == nil { failure = UpstreamError(kind, detail) }
    }

    // MARK: The end

    /// Ends the call with what the request came to; `detail` says what libcurl ran into, nil when the reply is whole.
    func conclude(detail: String?) {
        if let failure { return end(.failure(failure)) }
        if let detail {
            let kind: UpstreamError.Kind =
                if issues > 0 {
                    .cut(status: head.isComplete ? head.status : nil)
                } else if isAddressRefused {
                    .forbiddenAddress
                } else {
                    .notConnected
                }
            return end(.failure(UpstreamError(kind, kind == .forbiddenAddress ? "no address in reach" : detail)))
        }
        guard head.isComplete, reader != nil else {
            return end(.failure(UpstreamError(.cut(status: nil), "the reply has no head")))
        }
        do throws(ReplyReader.Defect) {
            guard let body = try reader?.finish() else {
                for event in reader?.takeEvents() ?? [] { emit(.event(event)) }
                return end(.success(nil))
            }
            let reply = WireReply(status: head.status, headers: head.headers, body: body)
            end(.success(UpstreamReply(reply: reply, blobs: reader?.blobs ?? [])))
        } catch {
            end(.failure(UpstreamError(.malformed(status: head.status), error.message)))
        }
    }

    /// Ends the call; pictures that are not whole, or of a reply that is not, are thrown away.
    func end(_ result: Result<UpstreamReply?, UpstreamError>) {
        guard !isOver else { return }
        isOver = true
        if case .failure(let error) = result {
            reader?.abort()
            if let origin {
                return finish(.failure(UpstreamError(error.kind, "\(error.detail) (\(origin))")))
            }
        }
        finish(result)
    }

    private func finish(_ result: Result<UpstreamReply?, UpstreamError>) {
        if case .failure = result { group?.counters.failures += 1 }
        reader = nil
        emit(.end(result))
    }

    // MARK: The task's side

    private func emit(_ step: Step) {
        if let waiter = unsafe waiter {
            unsafe self.waiter = nil
            unsafe waiter.resume(returning: step)
        } else {
            steps.append(step)
        }
    }

    /// Hands the next step to the waiting task, at once if there is one; true when the call has to read on for it.
    func wait(_ continuation: UnsafeContinuation<Step, Never>) -> Bool {
        guard steps.isEmpty else {
            unsafe continuation.resume(returning: steps.removeFirst())
            return false
        }
        unsafe waiter = continuation
        return true
    }

    func supply(_ bytes: [UInt8]?) {
        streamedBody?.supply(bytes)
    }
}
