import Orchestrator
import Transport

/// Takes one valid request from the gate to its answer; an object, as everything that waits for the answer holds it.
final class Submission: Sendable {
    let exchange: Exchange
    /// The registry that the request keeps to its end.
    let registry: Registry
    /// Keys for providers that the caller brought along.
    private let ownKeys: [String: Secret]
    /// Whether the pictures go to the public gallery.
    private let isForGallery: Bool
    /// Where the job's end is announced.
    private let webhook: WebhookTarget?
    private var service: Service { exchange.service }

    init(_ exchange: Exchange, fields: JSONObject, isForGallery: Bool = false) throws(APIError) {
        self.exchange = exchange
        self.isForGallery = isForGallery
        registry = exchange.service.registry
        ownKeys = try OwnKeys.read(exchange.request.headers, fields: fields, registry: registry)
        webhook = try WebhookRequest.target(fields, registry.server, exchange.service.time)
    }

    /// Who may serve `request`, without the providers whose caps are known to be full; the plan may be empty.
    @inline(never)
    func plan(_ request: ImageRequest, without full: Set<String> = []) async throws(APIError) -> Plan {
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
        let isCapped = registry.providers.contains { $0.spendPerDay != nil }
        var health = service.health.snapshot(
            of: registry,
            at: service.time.monotonic(),
            spent: isCapped ? await service.engine.spend.today() : [:]
        )
        // Less than nothing, so that even a free picture does not fit.
        for provider in full { health.remainingSpend[provider] = MicroUSD(micros: -1) }
        return try Planner(registry: registry, health: health, today: service.time.now().day).plan(request, for: terms)
    }

    /// Runs `request` and answers as it asked: at once with the job, as a stream, or with the pictures.
    func serve(
        _ request: ImageRequest,
        _ repeats: Repeats,
        uploads: [any Sendable]
    ) async throws(APIError) -> HTTPResponse {
        let partials = request.stream ? PartialChannel() : nil
        var order = try await order(request, repeats)
        order.uploads = uploads
        order.isAsync = exchange.prefersAsync
        if let partials { order.showPartial = { sink, index in await partials.send(sink, index: index) } }
        let (running, verdict): (RunningJob, RateVerdict?)
        switch try await service.runner.accept(order) {
        case .started(let job, let tightest): (running, verdict) = (job, tightest)
        case .repeated(let record):
            partials?.close()
            return try await repeats.answer(from: try repeats.job(of: record))
        }
        if webhook != nil {
            service.webhooks.expect(running.job.id)
            if running.job.status.isFinal { service.webhooks.ended(running.job.id) }
        }
        var response: HTTPResponse
        if exchange.prefersAsync {
            partials?.close()
            response = .accepted(running.job, service, webhook)
        } else if let partials {
            response = try await StreamAnswer(service: service, job: running.job)
                .response(running, partials, exchange.request)
        } else {
            response = await PictureAnswer(service: service, end: end(of: running)).response()
        }
        response.headers += verdict?.headers ?? []
        return response
    }

    /// Runs `request` to its end for the public gallery; with the end come the headers that say who served, and what is
    /// left of the limits.
    func runForGallery(
        _ request: ImageRequest,
        _ repeats: Repeats
    ) async throws(APIError) -> (end: RunningJob.End, headers: [(name: String, value: String)]) {
        let order = try await order(request, repeats)
        switch try await service.runner.accept(order) {
        case .started(let running, let verdict): return (await end(of: running), verdict?.headers ?? [])
        case .repeated(let record): return (try await repeats.end(of: try repeats.job(of: record)), [])
        }
    }

    private func end(of running: RunningJob) async -> RunningJob.End {
        let end = await running.value()
        service.count(end.job)
        return end
    }

    /// Checks `request`, and says what its job takes.
    @inline(never)  // else in the frame of everyone who waits for an answer
    private func order(_ request: ImageRequest, _ repeats: Repeats) async throws(APIError) -> JobOrder {
        let caller = try exchange.requireCaller()
        try await KeptPictures.ready(service)
        try await ContentCheck(service: service, settings: registry.moderation).approve(request)
        var order = JobOrder(owner: caller.user.id, registry: registry) { [self] full async throws(APIError) in
            try await plan(request, without: full)
        } record: { [self] plan, id in
            record(of: plan, id, caller)
        }
        order.isForGallery = isForGallery
        order.key = caller.key?.id
        order.keyCap = caller.key?.spendPerDay
        order.ownKeys = ownKeys
        order.repeats = repeats.claim
        order.webhook = webhook
        let quote = CreditQuote(registry.billing, mode: registry.server.mode)
        order.credits = { plan in quote.map { ($0, $0.claim(for: plan)) } }
        order.rates = RateLimits.claims(address: exchange.clientAddress, caller: caller, registry.limits)
        order.keepPictures = { [service] () async throws(APIError) in
            try await KeptPictures.keep(request, service)
        }
        return order
    }

    @inline(never)
    private func record(of plan: Plan, _ id: JobID, _ caller: Caller) -> JobRecord {
        let request = plan.request
        var shown = request.shown
        JobWork(isForGallery: isForGallery, ownKeys: Array(ownKeys.keys)).write(to: &shown)
        var job = JobRecord(
            id: id,
            owner: caller.user.id,
            requestID: exchange.id,
            operation: request.operation,
            created: service.time.now(),
            request: shown,
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
}

extension Exchange {
    /// Throws 503 where no further job is taken in, before anything is read or planned: a flood must cost less to turn away
    /// than to serve. Who names a key may only want the answer to an earlier request, and goes on.
    func requireRoom() throws(APIError) {
        guard !request.headers.contains("idempotency-key") else { return }
        try service.runner.requireRoom(limit: service.registry.limits.queue)
    }
}
