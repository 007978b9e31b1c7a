import Orchestrator
import Transport

/// Takes one valid request from the gate to its answer.
struct Submission {
    let exchange: Exchange
    /// The registry that the request keeps to its end.
    let registry: Registry
    /// Keys for providers that the caller brought along.
    private let ownKeys: [String: Secret]
    private let prefersAsync: Bool
    /// Where the job's end is announced.
    private let webhook: WebhookTarget?
    private var service: Service { exchange.service }

    init(_ exchange: Exchange, fields: JSONObject) throws(APIError) {
        self.exchange = exchange
        registry = exchange.service.registry
        ownKeys = try OwnKeys.read(exchange.request.headers, fields: fields, registry: registry)
        webhook = try WebhookRequest.target(fields, registry.server, exchange.service.time)
        let preferences = exchange.request.headers.all(named: "prefer").joined(separator: ",").lowercased()
        prefersAsync = preferences.split(whereSeparator: { $0 == "," || $0 == ";" || $0 == " " }).contains(
            "respond-async"
        )
    }

    /// Who may serve `request`; the plan may be empty.
    func plan(_ request: ImageRequest) throws(APIError) -> Plan {
        let caller = try exchange.requireCaller()
        var request = request
        let headers = exchange.request.headers
        if request.routing.maxCost == nil, let text = headers["x-orchestrator-max-cost-usd"] {
            request.routing.maxCost = try FieldReader(["X-Orchestrator-Max-Cost-Usd": .string(text)])
                .dollars("X-Orchestrator-Max-Cost-Usd")
        }
        if request.routing.fidelity == nil, let text = headers["x-orchestrator-fidelity"] {
            request.routing.fidelity = try FieldReader(["X-Orchestrator-Fidelity": .string(text)])
                .choice("X-Orchestrator-Fidelity")
        }
        let terms = CallerTerms(
            policy: headers["x-orchestrator-policy"] ?? caller.key?.policy,
            ownKeys: registry.server.requireOwnKey ? Set(ownKeys.keys) : nil
        )
        let now = service.time.now()
        let health = service.health.snapshot(of: registry, at: service.time.monotonic(), day: now.day)
        return try Planner(registry: registry, health: health, today: now.day).plan(request, for: terms)
    }

    /// Runs `request` and answers as it asked: at once with the job, as a stream, or with the pictures.
    func serve(_ request: ImageRequest, uploads: [any Sendable]) async throws(APIError) -> HTTPResponse {
        let partials = request.stream ? PartialChannel() : nil
        var showPartial: (@Sendable (any ArtifactSink, Int) async -> Void)?
        if let partials { showPartial = { sink, index in await partials.send(sink, index: index) } }
        let (running, verdict) = try await start(request, uploads: uploads, showPartial: showPartial)
        var response: HTTPResponse
        if prefersAsync {
            partials?.close()
            response = accepted(running.job)
        } else if let partials {
            response = try await StreamAnswer(
                service: service,
                request: exchange.request,
                running: running,
                partials: partials
            ).response()
        } else {
            response = await PictureAnswer(service: service, end: end(of: running)).response()
        }
        response.headers += RateLimits.headers(verdict)
        return response
    }

    /// Runs `request` to its end for the public gallery; with the end come the headers that say who served, and what is
    /// left of the limits.
    func runForGallery(
        _ request: ImageRequest
    ) async throws(APIError) -> (job: JobRecord, headers: [(name: String, value: String)]) {
        let (running, verdict) = try await start(request, uploads: [], isForGallery: true)
        let job = await end(of: running).job
        return (job, ImageAnswer.headers(job) + RateLimits.headers(verdict))
    }

    private func end(of running: RunningJob) async -> RunningJob.End {
        let end = await running.value()
        service.metrics.count(end.job)
        return end
    }

    /// Checks and counts `request`, and sets its job going.
    private func start(
        _ request: ImageRequest,
        uploads: [any Sendable],
        isForGallery: Bool = false,
        showPartial: (@Sendable (any ArtifactSink, Int) async -> Void)? = nil
    ) async throws(APIError) -> (RunningJob, FixedWindowLimiter.Verdict) {
        let caller = try exchange.requireCaller()
        try await ContentCheck(service: service, settings: registry.moderation).approve(request)
        let plan = try plan(request)
        let now = service.time.now()
        guard let first = plan.candidates.first else { throw plan.refusal(at: now) }
        guard service.health.spent(on: now.day) + first.cost <= registry.limits.spendPerDay else {
            throw .dailyBudgetExceeded("limits.spend_per_day is spent", at: now)
        }
        let verdict = try service.limits.take(
            address: exchange.clientAddress,
            caller: caller,
            registry.limits,
            at: service.time.monotonic()
        )
        let execution = JobExecution(
            id: service.time.makeID(),
            owner: caller.user.id,
            plan: plan,
            registry: registry,
            ownKeys: ownKeys,
            services: service.engine,
            isForGallery: isForGallery,
            showPartial: showPartial
        )
        let job = record(of: plan, execution.id, caller, isAsync: prefersAsync)
        if webhook != nil { service.webhooks.expect(job.id) }
        let running = try await service.runner.start(
            job,
            execution,
            uploads: uploads,
            limit: registry.limits.queue
        )
        return (running, verdict)
    }

    private func record(of plan: Plan, _ id: JobID, _ caller: Caller, isAsync: Bool) -> JobRecord {
        let request = plan.request
        var job = JobRecord(
            id: id,
            owner: caller.user.id,
            requestID: exchange.id,
            operation: request.operation,
            created: service.time.now(),
            request: request.shown,
            policy: plan.policy,
            answer: AnswerFacts(
                responseFormat: request.responseFormat ?? Self.usualFormat(for: request.model, registry.server),
                format: request.wantedFormat,
                background: request.background
            )
        )
        job.key = caller.key?.id
        return job
    }

    /// What clients of a name expect: OpenAI's GPT image models answer base64, its older ones links.
    private static func usualFormat(for model: String, _ server: ServerSettings) -> ResponseFormat {
        if model.hasPrefix("gpt-image-") || model.hasPrefix("chatgpt-image-") { return .base64 }
        if model.hasPrefix("dall-e-") { return .url }
        return server.defaultResponseFormat
    }

    private func accepted(_ job: JobRecord) -> HTTPResponse {
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
