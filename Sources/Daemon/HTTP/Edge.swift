import Orchestrator
import Transport

/// Answers every request: finds the route, proves the caller, and gives errors, logs and metrics one shape.
struct Edge: HTTPHandler {
    let service: Service
    let routes: RouteTable

    private static let allowedHeaders =
        "Authorization, Content-Type, X-API-Key, Idempotency-Key, Prefer, X-Request-Id, X-Provider-Key, X-CSRF-Token, "
        + "X-Orchestrator-Policy, X-Orchestrator-Max-Cost-Usd, X-Orchestrator-Fidelity, OpenAI-Organization, OpenAI-Project"
    private static let exposedHeaders =
        "X-Request-Id, X-Job-Id, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
        + "X-Orchestrator-Provider, X-Orchestrator-Model, X-Orchestrator-Policy, X-Orchestrator-Cost-Usd, "
        + "X-Orchestrator-Attempts, X-Orchestrator-Adapted, Idempotent-Replayed"
    private static let preflightAge = "86400"

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let began = service.time.monotonic()
        let id = RequestIDs.accept(request.headers["x-request-id"]) ?? service.time.makeID(RequestID.self).text
        var exchange = Exchange(request: request, id: id, service: service)
        var pattern = "-"
        var response: HTTPResponse
        if request.method == .options {
            response = preflight(request)
        } else {
            do throws(APIError) {
                exchange.promisedBody = try service.authenticator.admit(request)
                let (route, parameters) = try await find(exchange)
                pattern = route.path
                exchange.parameters = parameters
                exchange.caller = try await authorize(route, exchange)
                response = try await service.keptAnswers.answer(exchange, route)
            } catch {
                response = refusal(error, exchange)
            }
        }
        finish(&response, exchange, route: pattern, began: began)
        return response
    }

    // Like others here not inlined: what it works with would take its place in the frame of everyone who waits.
    @inline(never)
    private func refusal(_ error: APIError, _ exchange: Exchange) -> HTTPResponse {
        if let detail = error.detail {
            service.log.log(
                error.status >= 500 ? .error : .info,
                "request failed",
                [("request.id", exchange.id), ("code", error.code), ("why", detail)]
            )
        }
        return .error(error, path: exchange.request.path)
    }

    /// What every answer gets, and who is told of it.
    @inline(never)
    private func finish(_ response: inout HTTPResponse, _ exchange: Exchange, route: String, began: Duration) {
        let request = exchange.request
        response.headers.append((name: "x-request-id", value: exchange.id))
        addCrossOriginHeaders(to: &response, for: request)
        let took = service.time.monotonic() - began
        service.metrics.count(route: route, method: request.method.rawValue, status: response.status, took: took)
        service.requestLog.write(request, id: exchange.id, route: route, response, took: took)
    }

    private static let administration = "/v1/admin"

    /// The route of a request. Strangers learn nothing of what is and is not under `/v1`: they are asked for a key first.
    /// Nor does anybody but administrators of what they have.
    @inline(never)
    private func find(_ exchange: Exchange) async throws(APIError) -> (Route, [String]) {
        let request = exchange.request
        if let query = request.rawQuery, query.contains("%00") {
            throw APIError.invalidValue("query", "must not contain U+0000")
        }
        do throws(APIError) {
            return try routes.find(request.method, request.path)
        } catch {
            if request.path == Self.administration || request.path.hasPrefix(Self.administration + "/") {
                _ = try await administrator(exchange)
            } else if error.status == 404, request.path.hasPrefix("/v1/") {
                _ = try await service.authenticator.caller(of: exchange)
            }
            throw error
        }
    }

    /// Who calls, as far as the route wants to know.
    @inline(never)
    private func authorize(_ route: Route, _ exchange: Exchange) async throws(APIError) -> Caller? {
        switch route.access {
        case .anyone: return nil
        case .adminOrLoopback where exchange.isFromThisMachine: return nil
        case .caller: return try await service.authenticator.caller(of: exchange)
        case .scope(let scope):
            let caller = try await service.authenticator.caller(of: exchange)
            try caller.require(scope)
            return caller
        case .session:
            let caller = try await service.authenticator.caller(of: exchange)
            guard caller.session != nil, !caller.isVisitor else {
                throw .permissionDenied(
                    "this is for who is signed in, not for \(caller.isVisitor ? "visitors" : "keys")"
                )
            }
            return caller
        case .owner:
            let caller = try await service.authenticator.caller(of: exchange)
            guard caller.key?.scopes.isEmpty ?? true else {
                throw .permissionDenied("this key is limited to other things")
            }
            return caller
        case .admin, .adminOrLoopback: return try await administrator(exchange)
        }
    }

    private func administrator(_ exchange: Exchange) async throws(APIError) -> Caller {
        let caller = try await service.authenticator.caller(of: exchange)
        try caller.require(.admin)
        guard caller.user.isAdmin else { throw .permissionDenied("this is for administrators") }
        return caller
    }

    // MARK: - Other origins

    @inline(never)
    private func preflight(_ request: HTTPRequest) -> HTTPResponse {
        HTTPResponse(
            status: 204,
            headers: [
                (
                    name: "access-control-allow-methods",
                    value: HTTPMethod.served.map(\.rawValue).joined(separator: ", ")
                ),
                (name: "access-control-allow-headers", value: Self.allowedHeaders),
                (name: "access-control-max-age", value: Self.preflightAge),
            ]
        )
    }

    /// Keys travel in headers that pages must set on purpose, so any origin may read; cookies are never allowed along.
    private func addCrossOriginHeaders(to response: inout HTTPResponse, for request: HTTPRequest) {
        guard let origin = request.headers["origin"] else { return }
        let allowed = service.registry.server.corsOrigins
        if response.headers.contains(where: { $0.name == "access-control-allow-origin" }) {
            // The route has its own mind; a second header would make browsers refuse both.
        } else if allowed.contains("*") {
            response.headers.append((name: "access-control-allow-origin", value: "*"))
        } else if allowed.contains(origin) {
            response.headers.append((name: "access-control-allow-origin", value: origin))
            response.headers.append((name: "vary", value: "Origin"))
        } else {
            return
        }
        response.headers.append((name: "access-control-expose-headers", value: Self.exposedHeaders))
    }
}

extension Exchange {
    /// Whether the request comes from this machine and through no proxy.
    var isFromThisMachine: Bool {
        AddressBlock.loopback.contains { $0.contains(request.peer.text) }
            && !request.headers.contains("x-forwarded-for")
            && !request.headers.contains("forwarded")
    }
}
