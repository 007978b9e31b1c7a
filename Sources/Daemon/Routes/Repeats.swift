import Orchestrator
import Persistence
import Transport

/// What is known of an image request's Idempotency-Key: whether the request came before, and what it became.
struct Repeats {
    let exchange: Exchange
    /// Nil where the request names no key.
    let claim: IdempotencyClaim?
    private var service: Service { exchange.service }

    private static let hashPiece = 256 << 10
    private static let firstPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(1)

    /// Of a request whose body counts byte by byte.
    init(_ exchange: Exchange, body: [UInt8]) throws(APIError) {
        self.exchange = exchange
        claim = try Self.claim(exchange) { RequestFingerprint.of(exchange.request, body: body) }
    }

    /// Of a form, whose files are hashed if there is a key.
    init(_ exchange: Exchange, form: MultipartForm) async throws(APIError) {
        self.exchange = exchange
        guard try IdempotencyKey(exchange.request.headers) != nil else {
            claim = nil
            return
        }
        var files: [(name: String, digest: String)] = []
        for file in form.files { files.append((file.name, try await Self.digest(of: file, exchange))) }
        let found = files
        claim = try Self.claim(exchange) {
            RequestFingerprint.of(exchange.request, fields: form.fields, files: found)
        }
    }

    private static func claim(
        _ exchange: Exchange,
        _ fingerprint: () -> String
    ) throws(APIError) -> IdempotencyClaim? {
        guard let key = try IdempotencyKey(exchange.request.headers) else { return nil }
        let owner = try exchange.requireCaller().user.id
        return key.claim(of: owner, fingerprint: fingerprint(), now: exchange.service.time.now())
    }

    private static func digest(of file: UploadedFile, _ exchange: Exchange) async throws(APIError) -> String {
        switch file.content {
        case .memory(let bytes): return Hex.text(SHA256.digest(of: bytes.span))
        case .file(_, let path):
            let source = ByteSource.file(path: path, byteCount: file.size)
            let digest: String?
            do {
                digest = try await exchange.service.spool.pool.run { hash(of: source) }
            } catch {
                throw .overloaded("too many uploads at the moment")
            }
            guard let digest else { throw .internalError("an uploaded file cannot be read") }
            return digest
        }
    }

    /// Nil where the file cannot be read.
    private static func hash(of source: ByteSource) -> String? {
        var hash = SHA256()
        do throws(ArtifactError) {
            try ByteReader.forEachChunk(of: source, size: hashPiece) { piece throws(ArtifactError) in
                hash.update(piece)
            }
            return Hex.text(hash.finish())
        } catch {
            return nil
        }
    }

    // MARK: - The earlier request

    /// The job that this request became when it came before; nil when it did not. Throws 409 for a key that another
    /// request has used.
    @inline(never)
    func earlier() async throws(APIError) -> JobID? {
        guard let claim else { return nil }
        let now = service.time.now()
        let known = try await exchange.reading { store throws(StoreError) in
            try await store.repeats(of: claim.owner, key: claim.key, now: now)
        }
        return try known.map { record throws(APIError) in try job(of: record) }
    }

    func job(of record: IdempotencyRecord) throws(APIError) -> JobID {
        guard record.fingerprint == claim?.fingerprint else { throw .idempotencyKeyReused }
        guard let job = record.job else { throw .requestInProgress }
        return job
    }

    /// Answers as the first request was answered, or will be.
    @inline(never)
    func answer(from id: JobID) async throws(APIError) -> HTTPResponse {
        if exchange.prefersAsync {
            let running = service.runner.running(id)?.job
            let job = if let running { running } else { try await stored(id) }
            return .accepted(job, service)
        }
        let end = try await end(of: id)
        if end.job.request["stream"]?.bool == true, end.job.error == nil {
            return StreamAnswer(service: service, job: end.job).replay(end)
        }
        return await PictureAnswer(service: service, end: end).response()
    }

    /// Waits for the end of a job, wherever it runs. Throws 409 `request_in_progress` where that cannot be waited for.
    @inline(never)
    func end(of id: JobID) async throws(APIError) -> RunningJob.End {
        if let running = service.runner.running(id) {
            try checkJoinable(running.job)
            let end = await running.value()
            if end.job.status.isFinal { return end }
        }
        let deadline = service.time.monotonic() + service.registry.routing.deadline
        var pause = Self.firstPause
        while true {
            let job = try await stored(id)
            if job.status.isFinal { return RunningJob.End(job: job, sources: []) }
            try checkJoinable(job)
            guard service.time.monotonic() < deadline, !service.runner.isDraining,
                (try? await service.time.sleep(for: pause)) != nil
            else { throw .requestInProgress }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// A stream is told as it goes, and its beginning is gone.
    private func checkJoinable(_ job: JobRecord) throws(APIError) {
        if !job.status.isFinal, job.request["stream"]?.bool == true { throw .requestInProgress }
    }

    private func stored(_ id: JobID) async throws(APIError) -> JobRecord {
        let job = try await exchange.reading { store throws(StoreError) in try await store.job(id) }
        guard let job else { throw .requestInProgress }
        return job
    }
}

extension Exchange {
    /// Whether the caller wants the job at once instead of the pictures later (RFC 7240).
    var prefersAsync: Bool {
        let preferences = request.headers.all(named: "prefer").joined(separator: ",").lowercased()
        return preferences.split(whereSeparator: { $0 == "," || $0 == ";" || $0 == " " }).contains("respond-async")
    }
}

extension HTTPResponse {
    /// The answer to who does not wait; it tells the secret of the job's webhook, once.
    static func accepted(_ job: JobRecord, _ service: Service, _ webhook: WebhookTarget? = nil) -> HTTPResponse {
        var body = JobAnswer.body(of: job, link: service.link)
        if let webhook, case .object(var members) = body {
            members["webhook"] = [
                "id": .string(webhook.id.text), "url": .string(webhook.url), "secret": .string(webhook.secret),
            ]
            body = .object(members)
        }
        return .json(
            body,
            status: 202,
            headers: [
                (name: "x-job-id", value: job.id.text),
                (name: "location", value: "\(service.links.publicURL)/v1/jobs/\(job.id)"),
                (name: "retry-after", value: "1"),
                (name: "preference-applied", value: "respond-async"),
            ]
        )
    }
}
