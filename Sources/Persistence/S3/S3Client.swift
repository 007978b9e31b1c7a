package import Orchestrator

/// One request to an S3 service, but for its signature.
struct S3Request: Sendable {
    /// What is sent.
    struct Body: Sendable {
        var source: ByteSource
        /// Nil: all of it.
        var part: Range<Int64>?
        /// SHA-256 in lower-case hex.
        var hash: String

        static let empty = Body(source: .bytes([]), part: nil, hash: SignatureV4.emptyHash)

        static func text(_ text: String) -> Body {
            Body(source: .bytes(Array(text.utf8)), part: nil, hash: SHA256.hex(of: text))
        }

        var byteCount: Int64 { part.map { Int64($0.count) } ?? source.byteCount }
    }

    var method: WireRequest.Method
    /// Empty for the bucket itself.
    var key = ""
    var query: [(name: String, value: String)] = []
    /// All signed. Names in lower case.
    var headers: [(name: String, value: String)] = []
    var body: Body?
    /// How often it is sent at most.
    var tries = S3Client.tries
    /// Asked before it is sent again.
    var mayRepeat: @Sendable () -> Bool = { true }
    /// For messages: what was to be done.
    var what: String

    init(_ method: WireRequest.Method, _ key: String = "", what: String) {
        self.method = method
        self.key = key
        self.what = what
    }
}

/// A success: its headers, and its body where that is no picture.
struct S3Reply: Sendable {
    var headers: [(name: String, value: String)]
    var text = ""

    /// The first value of a header, named in lower case.
    subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

    var document: S3Document { S3Document(text) }
}

/// What an S3 storage needs of the process it is in.
package struct S3Services: Sendable {
    var upstream: any Upstream
    var time: any TimeSource
    /// Hashes parts of files.
    var offloading: any Offloading
    /// Where a download that is handed on as it arrives shall run.
    var executor: @Sendable () -> (any TaskExecutor)?

    package init(
        upstream: any Upstream,
        time: any TimeSource,
        offloading: any Offloading,
        executor: @escaping @Sendable () -> (any TaskExecutor)?
    ) {
        self.upstream = upstream
        self.time = time
        self.offloading = offloading
        self.executor = executor
    }
}

/// Asks an S3 service: signs, sends, and repeats what may succeed later. Every request here may be repeated.
final class S3Client: Sendable {
    /// Ten seconds of pauses and a bit: long enough for a service that restarts, short enough for who waits for a picture.
    static let tries = 10
    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(2)
    /// Nobody waits longer than so from the first try to the last.
    private static let patience = Duration.seconds(30)
    /// For one try, and more for large bodies: a second for each so many bytes.
    private static let timeLimit = Duration.seconds(15)
    private static let slowestBytesPerSecond: Int64 = 256 << 10
    /// A page of a list has 1000 names at most.
    private static let longestDocument: Int64 = 4 << 20

    let address: S3Address
    let bucket: String
    private let signature: SignatureV4
    private let services: S3Services
    /// When the service did last what it was asked, on the monotonic clock; nil once it did not.
    private let lastSuccess = Lock<Duration?>(nil)

    /// Whether the service did what it was asked in the time just past.
    func wasHeard(within time: Duration) -> Bool {
        lastSuccess.withLock { $0 }.map { services.time.monotonic() - $0 < time } ?? false
    }

    init(_ settings: S3Settings, _ services: S3Services) {
        address = S3Address(settings)
        bucket = settings.bucket
        signature = SignatureV4(
            accessKey: settings.accessKey,
            secretKey: settings.secretKey,
            region: settings.region
        )
        self.services = services
    }

    /// Performs a request whose answer is short.
    func perform(_ request: S3Request) async throws(S3Error) -> S3Reply {
        // What HEAD announces does not come.
        let longest = request.method == .head ? .max : Self.longestDocument
        let (reply, sinks) = try await send(request, into: GatheringSinks(), longest)
        let body = (sinks.first as? GatheringSink)?.text ?? ""
        // Copying and completing may fail after their status is out.
        if request.method != .get, let code = S3Document(body).elements("Error").first?["Code"] {
            throw S3Error(.unreachable, "\(request.what): the S3 service answered 200 and then \(code)")
        }
        return S3Reply(headers: reply.headers, text: body)
    }

    /// Performs a request whose answer is the bytes of a picture; what was written to sinks of earlier tries is aborted.
    func download(
        _ request: S3Request,
        into sinks: any SinkMaker
    ) async throws(S3Error) -> (reply: S3Reply, sink: any ArtifactSink) {
        let (reply, made) = try await send(request, into: sinks, .max)
        guard let sink = made.first else { throw S3Error(.refused, "\(request.what): the answer has no body") }
        return (S3Reply(headers: reply.headers), sink)
    }

    private func send(
        _ request: S3Request,
        into sinks: any SinkMaker,
        _ longest: Int64
    ) async throws(S3Error) -> (reply: WireReply, sinks: [any ArtifactSink]) {
        let end = services.time.monotonic() + Self.patience
        var pause = Self.firstPause
        var number = 1
        while true {
            let failure: S3Error
            var isPassing = true
            do throws(UpstreamError) {
                let answer = try await services.upstream.send(call(request, longest), sinks: sinks)
                if answer.reply.isSuccess {
                    lastSuccess.withLock { $0 = services.time.monotonic() }
                    return (answer.reply, answer.blobs)
                }
                var text = ""
                if case .text(let said) = answer.reply.body { text = said }
                failure = S3Error(
                    status: answer.reply.status,
                    text: text,
                    headers: S3Reply(headers: answer.reply.headers),
                    request.what,
                    bucket: bucket,
                    isPassing: &isPassing
                )
            } catch {
                switch error.kind {
                case .cancelled: throw S3Error(.cancelled, "\(request.what): cancelled")
                case .forbiddenAddress, .tooLarge, .malformed: isPassing = false
                case .notConnected, .timeout, .cut: break
                }
                failure = S3Error(
                    isPassing ? .unreachable : .refused,
                    "\(request.what): no answer from the S3 service: \(error.detail)"
                )
            }
            if failure.kind != .missing { lastSuccess.withLock { $0 = nil } }
            guard isPassing, number < request.tries, request.mayRepeat(), services.time.monotonic() + pause < end else {
                throw failure
            }
            do throws(CancellationError) {
                try await services.time.sleep(for: pause * (0.5 + services.time.jitter() / 2))
            } catch {
                throw S3Error(.cancelled, "\(request.what): cancelled")
            }
            pause = min(pause * 2, Self.longestPause)
            number += 1
        }
    }

    /// Signed anew for each try, as a signature has its time.
    private func call(_ request: S3Request, _ longest: Int64) -> UpstreamCall {
        let signed = signature.sign(
            SignatureV4.Request(
                method: request.method.rawValue,
                host: address.host,
                path: address.path(request.key),
                query: request.query,
                headers: request.headers,
                payloadHash: request.body?.hash ?? SignatureV4.emptyHash
            ),
            at: services.time.now()
        )
        var wire = WireRequest(
            request.method,
            address.url(request.key, request.query),
            authentication: .header(name: "authorization", prefix: ""),
            reply: .picture
        )
        wire.headers = request.headers
        wire.headers.append((name: "x-amz-content-sha256", value: signed.payloadHash))
        wire.headers.append((name: "x-amz-date", value: signed.date))
        if let body = request.body { wire.body = .bytes(body.source, part: body.part) }
        let seconds = (request.body?.byteCount ?? 0) / Self.slowestBytesPerSecond
        var call = UpstreamCall(
            wire,
            credential: signed.authorization,
            timeLimit: Self.timeLimit + .seconds(seconds)
        )
        call.maxReplyBytes = longest
        return call
    }
}

/// Makes places for short answers.
private struct GatheringSinks: SinkMaker {
    func makeSink() -> any ArtifactSink { GatheringSink() }
}

/// Keeps a short answer in memory.
private final class GatheringSink: ArtifactSink {
    private let bytes = Lock<[UInt8]>([])

    var pendingBytes: Int { 0 }
    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

    func write(_ bytes: Span<UInt8>) {
        let copy = [UInt8](copying: bytes)
        self.bytes.withLock { $0 += copy }
    }

    func finish() {}

    func abort() { bytes.withLock { $0 = [] } }

    func stage() async throws(ArtifactError) -> StagedArtifact { throw .defective(ImageDefect(.notAnImage)) }
}
