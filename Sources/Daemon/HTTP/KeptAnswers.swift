import Orchestrator
import Persistence
import Transport

/// Runs routes that are no image requests once for each `Idempotency-Key`, and gives the first answer to every repeat.
struct KeptAnswers: Sendable {
    let store: any IdempotencyStore & Sendable
    let time: any TimeSource
    let log: any EventLog
    /// Hashes what may hold a password.
    let slowFingerprint: @Sendable (_ body: [UInt8], _ salt: String) async throws(APIError) -> String

    /// Says that an answer is an earlier one.
    static let header = "idempotent-replayed"

    /// The answer of `route`, or the kept one.
    func answer(_ exchange: Exchange, _ route: Route) async throws(APIError) -> HTTPResponse {
        guard route.method == .post, let key = try IdempotencyKey(exchange.request.headers), route.repeats != .byRoute,
            let owner = exchange.caller?.user.id, exchange.mediaType != "multipart/form-data"
        else { return try await route.handler(exchange) }
        return try await answer(exchange, route, key, owner)
    }

    @inline(never)  // else in the frame of everyone who waits for an answer
    private func answer(
        _ exchange: Exchange,
        _ route: Route,
        _ key: IdempotencyKey,
        _ owner: UserID
    ) async throws(APIError) -> HTTPResponse {
        var exchange = exchange
        let body = try await exchange.bytes()
        exchange.keptBody = body
        var fingerprint = RequestFingerprint.of(exchange.request, body: body)
        if case .keptOfSecret = route.repeats {
            fingerprint = try await slowFingerprint(body, "\(exchange.request.path) \(owner) \(key.text)")
        }
        let known = try await claim(key.claim(of: owner, fingerprint: fingerprint, now: time.now()))
        if let known { return try Self.replay(known, fingerprint) }
        let outcome: Result<HTTPResponse, APIError>
        do throws(APIError) {
            outcome = .success(try await route.handler(exchange))
        } catch {
            outcome = .failure(error)
        }
        await settle(outcome, route, exchange.request.path, owner, key)
        return try outcome.get()
    }

    private func claim(_ claim: IdempotencyClaim) async throws(APIError) -> IdempotencyRecord? {
        do throws(StoreError) {
            return try await store.claimKey(claim, now: time.now())
        } catch {
            throw .record(error, "claim an idempotency key")
        }
    }

    private static func replay(_ known: IdempotencyRecord, _ fingerprint: String) throws(APIError) -> HTTPResponse {
        guard known.fingerprint == fingerprint else { throw .idempotencyKeyReused }
        guard let answer = known.answer else { throw .requestInProgress }
        return HTTPResponse(
            status: answer.status,
            headers: [(name: "content-type", value: HTTPResponse.jsonType), (name: header, value: "true")],
            body: .bytes(Array(answer.body.utf8))
        )
    }

    /// Keeps an answer, or gives the key back where nothing was done. A failure of ours is kept: it may have come after
    /// the effect.
    private func settle(
        _ outcome: Result<HTTPResponse, APIError>,
        _ route: Route,
        _ path: String,
        _ owner: UserID,
        _ key: IdempotencyKey
    ) async {
        let response: HTTPResponse
        switch outcome {
        case .success(let given): response = given
        case .failure(let error): response = .error(error, path: path)
        }
        do throws(StoreError) {
            if Self.isRefusal(response.status) {
                try await store.releaseKey(owner: owner, key: key.text)
            } else {
                let body = Self.text(of: response, without: route.secrets)
                try await store.keepAnswer(KeptAnswer(status: response.status, body: body), owner: owner, key: key.text)
            }
        } catch {
            log.log(.error, "an answer was not kept", [("route", path), ("why", "\(error)")])
        }
    }

    /// Whether a status says that nothing was done.
    static func isRefusal(_ status: Int) -> Bool { (400..<500).contains(status) || status == 503 }

    /// The body to keep; where a secret was, null, and `replayed` says that this is all there will be.
    static func text(of response: HTTPResponse, without secrets: [String]) -> String {
        guard case .bytes(let bytes) = response.body else { return "{}" }
        guard !secrets.isEmpty, var object = (try? JSON(parsing: bytes))?.object else {
            return String(decoding: bytes, as: UTF8.self)
        }
        for name in secrets where object[name] != nil { object[name] = .null }
        object["replayed"] = true
        return JSON.object(object).text
    }
}

extension Route {
    /// Fields of the answer that may be shown once only.
    fileprivate var secrets: [String] {
        if case .keptWithout(let fields) = repeats { fields } else { [] }
    }
}
