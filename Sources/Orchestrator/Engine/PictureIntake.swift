/// Brings in the bytes of the pictures that a vendor named, wherever they are.
struct PictureIntake: Sendable {
    var services: EngineServices
    var provider: Provider
    var credential: Secret?
    /// On the monotonic clock.
    var deadline: Duration
    /// Whether hosts other than the provider's own may be loopback and private ones.
    var allowsPrivateURLs: Bool

    /// Before a paid picture is given up, its address is asked so often.
    private static let fetchTries = 3
    private static let fetchPause = Duration.milliseconds(200)
    private static let redirects = 3

    /// The checked bytes of one picture; throws `.unusable` where there is none.
    func take(_ picture: VendorPicture, from blobs: [any ArtifactSink]) async throws(ProviderFailure) -> StagedArtifact
    {
        switch picture.source {
        case .blob(let blob):
            guard blobs.indices.contains(blob.index) else {
                throw ProviderFailure(.unusable, "no picture in the reply")
            }
            return try await stage(blobs[blob.index])
        case .base64(let text):
            return try await decode(text)
        case .url(let url, let authenticated):
            if url.hasPrefix("data:") { return try await decode(url) }
            return try await fetch(url, authenticated: authenticated)
        }
    }

    private func stage(_ sink: any ArtifactSink) async throws(ProviderFailure) -> StagedArtifact {
        do throws(ArtifactError) {
            return try await sink.stage()
        } catch {
            switch error {
            case .defective(let defect): throw ProviderFailure(.unusable, "the picture is no good: \(defect)")
            case .notFound: throw ProviderFailure(.unusable, "no picture in the reply")
            // Kept apart from the vendor's faults by the engine, which ends the job.
            case .storage(let detail), .unreachable(let detail):
                throw ProviderFailure(.unusable, "storage: \(detail)", code: Self.storageCode)
            }
        }
    }

    /// Marks failures that are ours: the disk, not the vendor.
    static let storageCode = "storage"

    /// Decodes base64, with or without a `data:` head.
    private func decode(_ text: String) async throws(ProviderFailure) -> StagedArtifact {
        var encoded = text[...]
        if encoded.hasPrefix("data:") {
            guard let comma = encoded.firstIndex(of: ","), encoded[..<comma].hasSuffix(";base64") else {
                throw ProviderFailure(.unusable, "a data URI without base64")
            }
            encoded = encoded[encoded.index(after: comma)...]
        }
        let bytes: [UInt8]
        do throws(Base64Error) {
            bytes = try Base64.decode(String(encoded).utf8Span.span)
        } catch {
            throw ProviderFailure(.unusable, "the picture is not base64")
        }
        let sink = services.storage.makeSink()
        sink.write(bytes.span)
        sink.finish()
        return try await stage(sink)
    }

    /// Copies a picture from its address; the vendor's links die soon, so this happens before anything is answered.
    private func fetch(_ url: String, authenticated: Bool) async throws(ProviderFailure) -> StagedArtifact {
        let home = WebOrigin(provider.baseURL)
        let target = WebOrigin(url)
        guard let target else { throw ProviderFailure(.unusable, "the picture's address is none") }
        var request = WireRequest(.get, url, reply: .picture)
        // The key goes to the provider's own origin and to no other.
        if authenticated, target == home { request.authentication = provider.adapter.authentication }
        var failure = ProviderFailure(.unusable, "the picture could not be fetched")
        for attempt in 1...Self.fetchTries {
            let left = deadline - services.time.monotonic()
            guard left > .zero else { break }
            var call = UpstreamCall(request, credential: credential, timeLimit: left)
            call.reach = target.host == home?.host || allowsPrivateURLs ? .anywhere : .publicOnly
            call.redirects = Self.redirects
            // That the provider may be inside the network is no leave for it to send us anywhere there.
            call.reachElsewhere = allowsPrivateURLs ? .anywhere : .publicOnly
            let reply: UpstreamReply
            do throws(UpstreamError) {
                reply = try await services.upstream.send(call, sinks: services.storage)
            } catch {
                failure.detail = "the picture could not be fetched: \(error.detail)"
                guard attempt < Self.fetchTries, await pause() else { break }
                continue
            }
            if case .picture(let blob) = reply.reply.body, reply.reply.isSuccess {
                return try await take(VendorPicture(.blob(blob)), from: reply.blobs)
            }
            failure.detail = "the picture's address answered \(reply.reply.status)"
            guard reply.reply.status >= 500 || reply.reply.status == 429 else { break }
            guard attempt < Self.fetchTries, await pause() else { break }
        }
        throw failure
    }

    /// Waits before the next try; false when the task was cancelled.
    private func pause() async -> Bool {
        do throws(CancellationError) {
            try await services.time.sleep(for: Self.fetchPause)
            return true
        } catch {
            return false
        }
    }
}
