/// Everything that is said to one vendor in one attempt, from the first call to the pictures.
struct VendorConversation: Sendable {
    var services: EngineServices
    var provider: Provider
    var request: ProviderRequest
    var credential: Secret?
    /// On the monotonic clock.
    var deadline: Duration
    /// Makes the vendor's name for the work durable; called before each poll until it says that it is.
    var keepHandle: @Sendable (VendorHandle) async throws(ProviderFailure) -> Bool
    /// Takes early views as they come; the conversation goes on when it returns.
    var onPartial: (@Sendable (any ArtifactSink, Int) async -> Void)?

    /// What a vendor delivered, not looked at yet.
    struct Delivery: Sendable {
        var pictures: [(picture: VendorPicture, blobs: [any ArtifactSink])]
        var usage: TokenUsage?
    }

    /// Has the vendor make the pictures of `request`.
    func create() async throws(ProviderFailure) -> Delivery {
        if let local = provider.adapter as? any LocalAdapter { return try await draw(with: local) }
        var request = request
        // Work on a caller's own account is announced with that account's signature, which we could not check.
        if credential == provider.credential, let address = services.news.address(provider) {
            request.newsURL = address
        }
        if provider.adapter.readsPictures(of: request) { try await readPictures(of: &request) }
        var uploads: [String: String] = [:]
        for image in provider.adapter.uploads(for: request) {
            guard case .uploaded(let name) = try await exchange(.upload(image)).outcome else {
                throw ProviderFailure(.unusable, "the upload was answered by something else")
            }
            uploads[image.digest] = name
        }
        let call = VendorCall.create(request, uploads: uploads)
        if request.partialImages != nil { return try await stream(call) }
        return try await follow(try await exchange(call))
    }

    /// Goes on with work that an earlier process had begun, asking at once how far it is.
    func resume(_ handle: VendorHandle) async throws(ProviderFailure) -> Delivery {
        try await follow((.pending(handle, after: .zero), []), kept: handle)
    }

    /// Asks the vendor to stop, without insisting.
    func cancel(_ handle: VendorHandle) async {
        guard handle.cancelURL != nil else { return }
        do throws(ProviderFailure) {
            _ = try await exchange(.cancel(handle))
        } catch {
            services.log.log(
                .warning,
                "the vendor's cancel call failed",
                [("provider", provider.id), ("why", error.detail)]
            )
        }
    }

    // MARK: - Calls

    private typealias Answer = (outcome: Outcome, blobs: [any ArtifactSink])

    private func exchange(_ call: VendorCall) async throws(ProviderFailure) -> Answer {
        let wire = try provider.adapter.encode(call)
        try await awaitTurn(for: call)
        let reply = try await send(wire)
        do throws(ProviderFailure) {
            return (try provider.adapter.decode(reply.reply, to: call), reply.blobs)
        } catch {
            throw error.hiding(credential)
        }
    }

    /// Keeps to the provider's pace.
    private func awaitTurn(for call: VendorCall) async throws(ProviderFailure) {
        guard await !services.health.gate(of: provider).turn(until: deadline, services.time) else { return }
        let detail = "the provider's pace leaves no time for a call"
        switch call {
        case .upload, .create:
            throw ProviderFailure(.unavailable(.server(mayRepeat: false)), detail, code: FailureVerdict.busyCode)
        case .poll, .collect, .cancel:
            // The work goes on at the vendor, seen or not.
            throw ProviderFailure(.unknown(.timeout), detail)
        }
    }

    private func send(_ wire: WireRequest) async throws(ProviderFailure) -> UpstreamReply {
        let call = UpstreamCall(wire, credential: credential, timeLimit: try timeLeft())
        do throws(UpstreamError) {
            return try await services.upstream.send(call, sinks: services.storage)
        } catch {
            throw ProviderFailure(error)
        }
    }

    private func timeLeft() throws(ProviderFailure) -> Duration {
        let left = deadline - services.time.monotonic()
        guard left > .zero else { throw ProviderFailure(.unknown(.timeout), "the time for the attempt ran out") }
        return left
    }

    /// Polls until the work is done; the handle is durable before the first poll, if the record can be written.
    private func follow(
        _ first: Answer,
        kept known: VendorHandle? = nil
    ) async throws(ProviderFailure) -> Delivery {
        var answer = first
        var polls = 0
        var kept = known
        var listening: (to: VendorNews.Listener, id: String)?
        defer {
            if let listening { services.news.end(listening.to, for: listening.id, of: provider.id) }
        }
        while true {
            switch answer.outcome {
            case .pictures(let pictures, let usage):
                return Delivery(pictures: pictures.map { ($0, answer.blobs) }, usage: usage)
            case .pending(let handle, let after):
                if listening == nil, provider.webhookSecret != nil {
                    listening = (services.news.listen(for: handle.id, of: provider.id), handle.id)
                }
                if kept != handle, try await keepHandle(handle) { kept = handle }
                polls += 1
                let pause = after ?? provider.poll.pause(before: polls)
                answer = try await poll(handle, pause: pause, listening?.to)
            case .ready(let handle):
                answer = try await exchange(.collect(handle))
            case .uploaded, .canceled:
                throw ProviderFailure(.unavailable(.server(mayRepeat: false)), "the vendor ended the work")
            }
        }
    }

    /// Waits, then asks once; trouble with the asking itself is no verdict on the work.
    private func poll(
        _ handle: VendorHandle,
        pause: Duration,
        _ listener: VendorNews.Listener?
    ) async throws(ProviderFailure) -> Answer {
        do throws(ProviderFailure) {
            try await wait(min(pause, try timeLeft()), listener)
            _ = try timeLeft()
        } catch {
            cancelSoon(handle)
            throw error
        }
        do throws(ProviderFailure) {
            return try await exchange(.poll(handle))
        } catch {
            switch error.kind {
            // A failed run says `mayRepeat: false`; a poll that failed may be repeated.
            case .unavailable(.server(mayRepeat: true)), .unavailable(.connection), .unavailable(.rateLimited),
                .unknown:
                return (.pending(handle, after: nil), [])
            case .rejected, .refused, .unusable, .unavailable:
                throw error
            }
        }
    }

    /// Until the pause is over or the vendor has news.
    private func wait(_ pause: Duration, _ listener: VendorNews.Listener?) async throws(ProviderFailure) {
        if let listener {
            await listener.wait(atMost: pause, services.time)
            if Task.isCancelled { throw ProviderFailure(.unknown(.cut), "cancelled while waiting") }
            return
        }
        do throws(CancellationError) {
            try await services.time.sleep(for: pause)
        } catch {
            throw ProviderFailure(.unknown(.cut), "cancelled while waiting")
        }
    }

    /// Work that nobody waits for any more still runs and bills; telling the vendor must not hold up the fallback.
    func cancelSoon(_ handle: VendorHandle) {
        var conversation = self
        conversation.deadline = services.time.monotonic() + .seconds(10)
        services.background { [conversation] in await conversation.cancel(handle) }
    }

    // MARK: - Streams and local kinds

    private func stream(_ call: VendorCall) async throws(ProviderFailure) -> Delivery {
        let wire = try provider.adapter.encode(call)
        try await awaitTurn(for: call)
        let collector = StreamCollector()
        let (adapter, onPartial) = (provider.adapter, onPartial)
        let upstreamCall = UpstreamCall(wire, credential: credential, timeLimit: try timeLeft())
        let plainReply: UpstreamReply?
        do throws(UpstreamError) {
            plainReply = try await services.upstream.stream(upstreamCall, sinks: services.storage) { event in
                switch try collector.decoding({ () throws(ProviderFailure) in
                    try adapter.decode(event.event, to: call)
                }) {
                case .partial(let picture, let index):
                    if case .blob(let blob) = picture.source, event.blobs.indices.contains(blob.index) {
                        await onPartial?(event.blobs[blob.index], index)
                    }
                case .completed(let picture, let usage):
                    collector.add(picture, event.blobs, usage)
                case .ignored: break
                }
            }
        } catch {
            throw collector.failure ?? ProviderFailure(error)
        }
        if let plainReply {
            return try await follow((try adapter.decode(plainReply.reply, to: call), plainReply.blobs))
        }
        if let failure = collector.failure { throw failure }
        let delivery = collector.delivery
        // A stream that ends without a picture was accepted, and so may have been billed.
        guard !delivery.pictures.isEmpty else { throw ProviderFailure(.unusable, "the stream ended without a picture") }
        return delivery
    }

    private func draw(with local: any LocalAdapter) async throws(ProviderFailure) -> Delivery {
        let request = request
        let drawn: Result<[[UInt8]], ProviderFailure>
        do {
            drawn = try await services.offloading.run {
                do throws(ProviderFailure) {
                    return .success(try local.draw(request))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw ProviderFailure(.unavailable(.server(mayRepeat: true)), "no thread to draw on: \(error)")
        }
        var delivery = Delivery(pictures: [], usage: nil)
        for bytes in try drawn.get() {
            let sink = services.storage.makeSink()
            sink.write(bytes.span)
            sink.finish()
            delivery.pictures.append((VendorPicture(.blob(BlobID(index: 0))), [sink]))
        }
        return delivery
    }
}

/// Gathers what the events of a stream bring.
private final class StreamCollector: Sendable {
    private let state = Lock(
        (delivery: VendorConversation.Delivery(pictures: [], usage: nil), failure: ProviderFailure?.none)
    )

    var delivery: VendorConversation.Delivery { state.withLock { $0.delivery } }
    var failure: ProviderFailure? { state.withLock { $0.failure } }

    func add(_ picture: VendorPicture, _ blobs: [any ArtifactSink], _ usage: TokenUsage?) {
        state.withLock { state in
            state.delivery.pictures.append((picture, blobs))
            if let usage { state.delivery.usage = (state.delivery.usage ?? .zero) + usage }
        }
    }

    /// Runs `decode`, keeping its failure: the transport passes on that the stream was stopped, not why.
    func decoding(_ decode: () throws(ProviderFailure) -> StreamStep) throws(ProviderFailure) -> StreamStep {
        do throws(ProviderFailure) {
            return try decode()
        } catch {
            state.withLock { $0.failure = error }
            throw error
        }
    }
}

extension ProviderFailure {
    /// What a call without a reply means for the attempt.
    init(_ error: UpstreamError) {
        let kind: FailureKind =
            switch error.kind {
            case .notConnected, .forbiddenAddress, .timeout(sent: false): .unavailable(.connection)
            case .timeout(sent: true): .unknown(.timeout)
            case .cut(let status), .malformed(let status as Int?), .tooLarge(let status as Int?):
                if let status, status >= 400 {
                    .unavailable(.server(mayRepeat: true))
                } else if case .cut = error.kind {
                    .unknown(.cut)
                } else {
                    .unusable
                }
            case .cancelled: .unknown(.cut)
            }
        self.init(kind, error.detail)
    }
}
