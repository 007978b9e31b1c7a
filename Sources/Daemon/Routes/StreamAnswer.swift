import Orchestrator
import Transport

/// The answer of a streamed call: OpenAI's events, early pictures as they come and each finished one at the end.
struct StreamAnswer {
    let service: Service
    /// The job as it began.
    let job: JobRecord

    /// Bytes of a picture that are encoded at once: a multiple of three, so that base64 has no padding in between.
    private static let chunk = 48 << 10

    /// Waits for the first event, since until then an error can still be a plain answer.
    @inline(never)  // else in the frame of everyone who waits for an answer
    func response(
        _ running: RunningJob,
        _ partials: PartialChannel,
        _ request: HTTPRequest
    ) async throws(APIError) -> HTTPResponse {
        // The engine closes its side by ending; the channel must learn of it, and also of a client who leaves before
        // there is a stream to break off: else the engine would wait for ever for somebody to take the next picture.
        Task(executorPreference: EventLoop.current) {
            await request.clientGone()
            partials.close()
        }
        let watcher = Task(executorPreference: EventLoop.current) {
            let end = await running.value()
            partials.close()
            return end
        }
        guard let first = await partials.next() else {
            let end = await watcher.value
            service.count(end.job)
            return end.refusal != nil || end.job.error != nil
                ? await PictureAnswer(service: service, end: end).response() : replay(end)
        }
        return .events([(name: "x-job-id", value: job.id.text)]) { [self] writer in
            defer { partials.close() }
            var item: PartialChannel.Item? = first
            while let partial = item {
                try await show(partial, writer)
                item = await partials.next()
            }
            let end = await watcher.value
            service.count(end.job)
            try await finish(end, writer)
        }
    }

    /// The finished pictures of a job that succeeded.
    func replay(_ end: RunningJob.End) -> HTTPResponse {
        .events(ImageAnswer.headers(end.job)) { writer in try await finish(end, writer) }
    }

    private var kind: String { job.operation == .generate ? "image_generation" : "image_edit" }

    private func show(_ partial: PartialChannel.Item, _ writer: HTTPBodyWriter) async throws {
        // An early view that is damaged is left out; what counts is the finished picture.
        guard let staged = try? await partial.sink.stage() else { return }
        var more: JSONObject = [
            "size": .string("\(staged.facts.width)x\(staged.facts.height)"),
            "quality": .string(quality),
            "background": .string(job.answer.background == .transparent ? "transparent" : "opaque"),
            "output_format": .string(staged.facts.format.rawValue),
        ]
        more["partial_image_index"] = .integer(partial.index)
        try await event("\(kind).partial_image", staged.source, more, writer)
    }

    /// The tier in whose name the first attempt runs; the finished event repeats it.
    private var quality: String { job.attempts.first?.tier.rawValue ?? Tier.low.rawValue }

    private func finish(_ end: RunningJob.End, _ writer: HTTPBodyWriter) async throws {
        if let error = end.refusal ?? end.job.error {
            var body: JSONObject = ["type": "error"]
            body["error"] = error.body["error"]
            try await writer.write("event: error\ndata: \(JSON.object(body).text)\n\n")
            return
        }
        for (index, image) in end.job.images.enumerated() {
            var more = ImageAnswer.description(of: image, end.job)
            // The usage is the job's; it stands in the last event, so that adding up events counts it once.
            let usage = index == end.job.images.count - 1 ? end.job.answer.usage ?? .zero : .zero
            more["usage"] = ImageAnswer.usage(usage, withOutputDetails: false)
            let picture =
                end.sources.indices.contains(index) && end.sources[index].isInMemory
                ? HeldBytes(source: end.sources[index]) : try await service.engine.storage.open(image.digest)
            try await event("\(kind).completed", picture.source, more, writer)
            withExtendedLifetime(picture) {}
        }
    }

    /// Writes one event piece by piece, so that a large picture is never in memory as text.
    private func event(
        _ name: String,
        _ source: ByteSource,
        _ more: JSONObject,
        _ writer: HTTPBodyWriter
    ) async throws {
        try await writer.write("event: \(name)\ndata: {\"type\":\"\(name)\",\"b64_json\":\"")
        var reader = PieceReader(source, pool: service.spool.pool)
        while let piece = try await reader.next(Self.chunk) {
            try await writer.write(Base64.encode(piece.span))
        }
        var rest = more
        rest["created_at"] = .integer(job.created.seconds)
        var text = JSON.object(rest).text
        text.removeFirst()
        try await writer.write("\",\(text)\n\n")
    }
}

extension ByteSource {
    fileprivate var isInMemory: Bool {
        if case .bytes = self { true } else { false }
    }
}
