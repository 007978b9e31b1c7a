import Orchestrator

/// Stability's `/v2beta/stable-image/` services, their asynchronous results, and the account's balance.
package final class FakeStability: FakeVendor {
    /// How many calls one key may start in a stretch of time before it is locked out.
    package struct RateLimit: Sendable {
        package var calls: Int
        package var window: Duration
        package var lockout: Duration

        package init(calls: Int = 150, window: Duration = .seconds(10), lockout: Duration = .seconds(60)) {
            self.calls = calls
            self.window = window
            self.lockout = lockout
        }
    }

    private struct Result {
        var order: StabilityOrder
        var picture: [UInt8]
        var step: Step
        var seed: Int
        var pollsLeft: Int
    }

    private struct State {
        var results: [String: Result] = [:]
        var starts: [ContinuousClock.Instant] = []
        var lockedUntil: ContinuousClock.Instant?
    }

    package let key: String
    package let books = VendorBooks()
    package let documentedFailures: [Failure] = [
        .badRequest, .badKey, .insufficientQuota, .moderation, .invalidLanguage, .publicFigure, .payloadTooLarge,
        .rateLimited, .server,
    ]
    private let rateLimit: RateLimit
    private let bodyLimit: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Lock(State())

    /// `bodyLimit` is in bytes; tests may shrink it rather than send so much.
    package init(
        key: String = "sk-" + uniqueHex(48),
        rateLimit: RateLimit = RateLimit(),
        bodyLimit: Int = 10 << 20,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.key = key
        self.rateLimit = rateLimit
        self.bodyLimit = bodyLimit
        self.now = now
    }

    package var commonHeaders: [(name: String, value: String)] { [("x-request-id", uniqueHex(32))] }

    package func resetState() {
        state.withLock { $0 = State() }
    }

    package func respond(to request: FakeRequest, as call: Int) throws(Refusal) -> FakeReply {
        let service = request.path(after: "/v2beta/stable-image/").flatMap(StabilityService.named)
        books.note(call) { $0.isCreate = service != nil && request.method == "POST" }
        guard [key, "Bearer \(key)"].contains(request.header("authorization")) else {
            throw .stability("authorization: invalid or missing header value", name: "unauthorized", status: 401)
        }
        for name in ["stability-client-id", "stability-client-user-id", "stability-client-version"] {
            guard (request.header(name)?.utf8.count ?? 0) <= 256 else {
                throw .stability("\(name): must be 256 characters or fewer")
            }
        }
        if request.method == "POST", let service { return try work(service, request, call: call) }
        if request.method == "GET", let id = request.path(after: "/v2beta/results/") { return try result(id, request) }
        if request.method == "GET", request.path == "/v1/user/balance" { return .json(200, ["credits": 1000]) }
        throw .stability("resource not found", name: "not_found", status: 404)
    }

    private func work(_ service: StabilityService, _ request: FakeRequest, call: Int) throws(Refusal) -> FakeReply {
        guard request.mediaType == "multipart/form-data" else {
            throw .stability("content-type: must be multipart/form-data")
        }
        let accept = request.header("accept") ?? "image/*"
        guard service.isAsynchronous || ["image/*", "application/json", "*/*"].contains(accept) else {
            throw .stability("accept: must be one of image/*, application/json")
        }
        guard request.body.count <= bodyLimit else {
            throw .stability(
                "body: payloads cannot be larger than 10MiB in size",
                name: "payload_too_large",
                status: 413
            )
        }
        try countStart()
        let form: FormBody
        do throws(FormBody.Malformed) {
            form = try FormBody(parsing: request.body, contentType: request.header("content-type") ?? "")
        } catch {
            throw .stability("body: \(error.message)")
        }
        let order = try StabilityOrder(service, form)
        guard !order.prompt.isForeign else {
            throw Refusal(reply: reply(for: .invalidLanguage, step: .ok), reason: "language", isCallersMistake: false)
        }
        let step = books.nextStep()
        if let reply = misconduct(step, call: call, costMicroUSD: order.costMicroUSD) { return reply }
        // A filtered picture is drawn and, as far as is known, not paid for.
        if step.isCharged ?? !step.isFiltered { books.charge(call, order.costMicroUSD) }
        let picture = books.draw(order.format, width: order.width, height: order.height, by: step)
        let seed = order.seed > 0 ? order.seed : Int.random(in: 1...4_294_967_294)
        let done = Result(
            order: order,
            picture: picture,
            step: step,
            seed: seed,
            pollsLeft: step.startingPolls + step.processingPolls
        )
        guard service.isAsynchronous else { return deliver(done, accept: accept) }
        let id = uniqueHex(64)
        state.withLock { $0.results[id] = done }
        return .json(200, ["id": .string(id)])
    }

    /// One burst over the limit locks the key out, whatever it asks for.
    private func countStart() throws(Refusal) {
        let now = now()
        let isLocked = state.withLock { state in
            if let until = state.lockedUntil, now < until { return true }
            state.starts = state.starts.filter { now - $0 < rateLimit.window } + [now]
            guard state.starts.count > rateLimit.calls else { return false }
            state.lockedUntil = now + rateLimit.lockout
            return true
        }
        guard isLocked else { return }
        throw Refusal(
            reply: reply(for: .rateLimited, step: .ok),
            reason: "more than 150 calls in 10 s",
            isCallersMistake: false
        )
    }

    private func deliver(_ result: Result, accept: String) -> FakeReply {
        let reason = result.step.isFiltered ? "CONTENT_FILTERED" : "SUCCESS"
        let type = result.order.format.mediaType
        let isEmpty = result.step.pictureCount == 0
        if accept == "application/json" {
            var body: JSONObject = [:]
            if !isEmpty { body["image"] = .string(Base64.encode(result.picture)) }
            body["finish_reason"] = .string(reason)
            body["seed"] = JSON(result.seed)
            return damaged(
                FakeReply(
                    200,
                    headers: [("content-type", "application/json; type=\(type)")],
                    body: JSON.object(body).serialized()
                ),
                result.step
            )
        }
        return damaged(
            FakeReply(
                200,
                headers: [("content-type", type), ("finish-reason", reason), ("seed", String(result.seed))],
                body: isEmpty ? [] : result.picture
            ),
            result.step
        )
    }

    private func result(_ id: String, _ request: FakeRequest) throws(Refusal) -> FakeReply {
        let accept = request.header("accept") ?? "*/*"
        guard ["*/*", "application/json"].contains(accept) else {
            throw .stability("accept: must be one of */*, application/json")
        }
        let found = state.withLock { state -> (Result, isDone: Bool)? in
            guard let result = state.results[id] else { return nil }
            state.results[id]?.pollsLeft -= 1
            return (result, result.pollsLeft <= 0)
        }
        guard let (result, isDone) = found else {
            throw .stability("id: not found", name: "not_found", status: 404, isCallersMistake: false)
        }
        guard isDone else { return .json(202, ["id": .string(id), "status": "in-progress"]) }
        return deliver(result, accept: accept == "*/*" ? "image/*" : accept)
    }

    package func reply(for failure: Failure, step: Step) -> FakeReply {
        func error(_ status: Int, _ name: String, _ message: String, id: String? = nil) -> FakeReply {
            .stabilityError(status, name, "\(message) \(step.marker)", id: id)
        }
        switch failure {
        case .badRequest: return error(400, "bad_request", "prompt: is invalid")
        case .badKey: return error(401, "unauthorized", "authorization: invalid or missing header value")
        case .insufficientQuota:
            return error(402, "payment_required", "You lack sufficient credits to make this request.")
        case .moderation:
            return error(
                403,
                "content_moderation",
                "Your request was flagged by our content moderation system, as a result your request was denied and you "
                    + "were not charged."
            )
        case .invalidLanguage:
            return error(422, "invalid_language", "English is the only supported language for this service.")
        case .publicFigure:
            return error(422, "public_figure", "The prompt names a public figure.")
        case .payloadTooLarge:
            return error(413, "payload_too_large", "body: payloads cannot be larger than 10MiB in size")
        case .rateLimited:
            return error(
                429,
                "rate_limit_exceeded",
                "You have exceeded the rate limit of 150 requests within a 10 second period, and have been timed out for "
                    + "60 seconds.",
                id: "rate_limit_exceeded"
            )
        case .server: return error(500, "internal_error", "An unexpected server error has occurred.")
        case .overloaded: return error(503, "service_unavailable", "The service is unavailable.")
        case .notVerified, .modelGone, .versionGone, .creditExhausted, .organizationUsageLimit, .organizationSpendLimit,
            .projectSpendLimit, .billingHardLimit, .slowDown, .contentPolicy, .runFailed, .runOutOfMemory,
            .runSensitive,
            .runNSFW, .runCanceled, .runAborted:
            preconditionFailure("Stability documents no '\(failure)'")
        }
    }
}

extension String {
    /// Whether letters of other scripts than Latin occur; how the vendor tells languages apart is not known.
    fileprivate var isForeign: Bool {
        unicodeScalars.contains { $0.properties.isAlphabetic && $0.value >= 0x250 }
    }
}
