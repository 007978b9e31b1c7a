/// Asks the operator's moderation service about words and pictures, by the settings that a request began with.
package struct ContentReview: Sendable {
    package enum Verdict: Sendable, Hashable {
        case clear, flagged
        /// The service gave no answer, and what it does not clear is not let through.
        case unanswered
    }

    package var services: EngineServices
    package var settings: ModerationSettings

    private static let timeout = Duration.seconds(10)
    /// A picture in question is paid for, so a lost answer is asked for once more.
    private static let tries = 2
    private static let mostAtOnce = 4
    /// OpenAI takes `image_url` up to 20,971,520 characters; larger pictures are shown as a JPEG.
    private static let largest: Int64 = 15 << 20
    private static let previewEdge = 2048

    package init(services: EngineServices, settings: ModerationSettings) {
        self.services = services
        self.settings = settings
    }

    package func checks(_ what: ModerationEndpoint.Check) -> Bool {
        settings.endpoint?.checks.contains(what) == true
    }

    /// The verdict on texts, taken together; clear where no service is asked.
    package func verdict(on texts: [String]) async -> Verdict {
        guard let endpoint = settings.endpoint, !texts.isEmpty else { return .clear }
        return await judge(.array(texts.map(JSON.string)), endpoint)
    }

    /// The verdict on each picture, in their order; clear where no service is asked.
    package func verdicts(on pictures: [(source: ByteSource, format: ImageFormat)]) async -> [Verdict] {
        guard let endpoint = settings.endpoint, !pictures.isEmpty else { return pictures.map { _ in .clear } }
        return await withTaskGroup(of: (Int, Verdict).self) { group in
            var verdicts = pictures.map { _ in Verdict.unanswered }
            for (index, picture) in pictures.enumerated() {
                if index >= Self.mostAtOnce, let (done, verdict) = await group.next() { verdicts[done] = verdict }
                group.addTask { (index, await verdict(on: picture.source, picture.format, endpoint)) }
            }
            for await (index, verdict) in group { verdicts[index] = verdict }
            return verdicts
        }
    }

    /// One call of an OpenAI-style moderation service.
    package func ask(_ endpoint: ModerationEndpoint, input: JSON) async throws(UpstreamError) -> JSON {
        var wire = WireRequest(
            .post,
            endpoint.baseURL + "/moderations",
            body: .json(["model": .string(endpoint.model), "input": input])
        )
        if endpoint.credential != nil { wire.authentication = .bearer }
        let reply = try await services.upstream.send(
            UpstreamCall(wire, credential: endpoint.credential, timeLimit: Self.timeout),
            sinks: services.storage
        ).reply
        guard reply.isSuccess, let document = reply.document, document["results"]?.array?.isEmpty == false else {
            throw UpstreamError(.malformed(status: reply.status), "the moderation service answered \(reply.status)")
        }
        return document
    }

    // MARK: - One question

    /// One picture a call: the service judges all that is in a call together.
    private func verdict(on source: ByteSource, _ format: ImageFormat, _ endpoint: ModerationEndpoint) async -> Verdict
    {
        guard let (bytes, format) = await shown(source, format) else {
            return unanswered("the picture cannot be read", endpoint)
        }
        let url = "data:\(format.mediaType);base64," + String(decoding: Base64.encode(bytes.span), as: UTF8.self)
        return await judge([["type": "image_url", "image_url": ["url": .string(url)]]], endpoint)
    }

    private func judge(_ input: JSON, _ endpoint: ModerationEndpoint) async -> Verdict {
        var why = ""
        for _ in 0..<Self.tries {
            do throws(UpstreamError) {
                let results = try await ask(endpoint, input: input)["results"]?.array ?? []
                return results.contains { $0["flagged"]?.bool == true } ? .flagged : .clear
            } catch {
                // Who cancels in the right moment must not get past the check.
                if case .cancelled = error.kind { return .unanswered }
                why = error.detail
            }
        }
        return unanswered(why, endpoint)
    }

    private func unanswered(_ why: String, _ endpoint: ModerationEndpoint) -> Verdict {
        services.log.log(.warning, "moderation failed", [("why", why)])
        return endpoint.onError == .deny ? .unanswered : .clear
    }

    /// The picture as the service is shown it: as it is, or a smaller copy of a very large one.
    private func shown(_ source: ByteSource, _ format: ImageFormat) async -> (bytes: [UInt8], format: ImageFormat)? {
        if source.byteCount <= Self.largest {
            if case .bytes(let bytes) = source { return (bytes, format) }
            guard let bytes = try? await services.offloading.run({ source.contents() }) else { return nil }
            return (bytes, format)
        }
        guard let facts = try? await services.imaging.facts(of: source) else { return nil }
        var conversion = ImageConversion(.jpeg, background: .white)
        let edge = max(facts.width, facts.height, 1)
        if edge > Self.previewEdge {
            let (width, height) = (facts.width * Self.previewEdge / edge, facts.height * Self.previewEdge / edge)
            conversion.size = PixelSize(width: max(width, 1), height: max(height, 1))
        }
        guard let bytes = try? await services.imaging.convert(source, conversion) else { return nil }
        return (bytes, .jpeg)
    }
}

extension ContentReview {
    /// Marks the failure of an attempt whose pictures the service flagged.
    static let flaggedCode = "flagged"
    /// Marks the failure of an attempt whose pictures the service was to look at and did not.
    static let uncheckedCode = "unchecked"

    /// Takes out what the service does not clear; the failure says why pictures are missing, if any are.
    func clear<Picture>(
        _ pictures: [Picture],
        _ artifact: (Picture) -> StagedArtifact
    ) async -> (cleared: [Picture], failure: ProviderFailure?) {
        guard checks(.result) else { return (pictures, nil) }
        let verdicts = await verdicts(on: pictures.map { (artifact($0).source, artifact($0).facts.format) })
        let cleared = zip(pictures, verdicts).filter { $0.1 == .clear }.map(\.0)
        guard cleared.count < pictures.count else { return (cleared, nil) }
        let failure =
            verdicts.contains(.flagged)
            ? ProviderFailure(.refused, "the content check flagged a picture", code: Self.flaggedCode)
            : ProviderFailure(.unusable, "the content check gave no answer", code: Self.uncheckedCode)
        return (cleared, failure)
    }
}

extension ProviderFailure {
    /// Whether pictures were made, and our own check keeps them back: no other provider shall try.
    var isWithheld: Bool { code == ContentReview.flaggedCode || code == ContentReview.uncheckedCode }
}
