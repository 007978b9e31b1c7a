import Orchestrator
import Transport

/// `/v1/auth/{github,google,apple}`: sign-in through identity providers.
enum SignInRoutes {
    static let all: [Route] =
        IdentityProviderName.allCases.flatMap { name in
            [
                Route(.get, "/v1/auth/\(name.rawValue)", .anyone, "Sign in with \(name.title): leads there") {
                    exchange throws(APIError) in try await depart(name, exchange)
                },
                Route(.get, "/v1/auth/\(name.rawValue)/callback", .anyone, "Where \(name.title) leads back to") {
                    exchange throws(APIError) in try await returned(name, exchange, Arrival(query: exchange.request))
                },
                Route(
                    .post,
                    "/v1/auth/\(name.rawValue)/callback",
                    .anyone,
                    "Get a key for a code of \(name.title)",
                    repeats: .byRoute
                ) { exchange throws(APIError) in
                    // Apple leads back by a form.
                    guard exchange.mediaType == FormText.mediaType else { return try await redeem(name, exchange) }
                    let fields = try await exchange.fields(atMost: bodyLimit)
                    return try await returned(name, exchange, try Arrival(fields))
                },
            ]
        } + [
            Route(
                .post,
                "/v1/auth/apple/native",
                .anyone,
                "Get a key for a token that Apple gave an app",
                repeats: .byRoute
            ) { exchange throws(APIError) in try await redeemNative(exchange) }
        ]

    private static let bodyLimit = 64 << 10
    private static let wordLimit = 4096
    private static let tokenLimit = 16 << 10
    private static let shortestNonce = 16

    /// What a provider sends along with a browser that comes back.
    private struct Arrival {
        var state: String?
        var code: String?
        var error: String?

        init(query request: HTTPRequest) {
            let query = QueryReader(request)
            (state, code, error) = (query.text("state"), query.text("code"), query.text("error"))
        }

        init(_ fields: FieldReader) throws(APIError) {
            state = try fields.string("state", atMost: wordLimit)
            code = try fields.string("code", atMost: wordLimit)
            error = try fields.string("error", atMost: wordLimit)
        }
    }

    // MARK: - There

    private static func depart(_ name: IdentityProviderName, _ exchange: Exchange) async throws(APIError)
        -> HTTPResponse
    {
        let (service, query) = (exchange.service, QueryReader(exchange.request))
        let departure = try await service.signIns.begin(
            name,
            service.registry.auth,
            redirectURI: query.text("redirect_uri"),
            returnPath: query.text("return_to"),
            browserToken: browserToken(exchange),
            from: exchange.clientAddress
        )
        let cookie = SignInCookie.header(
            departure.browserToken,
            isSecure: service.authenticator.pages.isSecure,
            crossesSites: name == .apple
        )
        return HTTPResponse(
            status: 302,
            headers: [(name: "location", value: departure.location), cookie] + OAuthAnswer.unstored
        )
    }

    private static func browserToken(_ exchange: Exchange) -> String? {
        exchange.request.headers.cookie(SignInCookie.name).flatMap { SessionCookie.isWellFormed($0) ? $0 : nil }
    }

    // MARK: - And back

    /// Signs the browser in and leads it to where it was; what goes wrong is told on the page to sign in.
    private static func returned(
        _ name: IdentityProviderName,
        _ exchange: Exchange,
        _ arrival: Arrival
    ) async throws(APIError) -> HTTPResponse {
        do throws(APIError) {
            return try await signIn(name, exchange, arrival)
        } catch {
            guard exchange.request.headers["accept"]?.contains("text/html") == true else { throw error }
            if let detail = error.detail {
                exchange.service.log.log(.info, "sign-in failed", [("request.id", exchange.id), ("why", detail)])
            }
            let query = PercentEncoding.form([("error", error.code), ("error_description", error.message)])
            return led(to: "/signin?" + query, [])
        }
    }

    private static func signIn(
        _ name: IdentityProviderName,
        _ exchange: Exchange,
        _ arrival: Arrival
    ) async throws(APIError) -> HTTPResponse {
        let service = exchange.service
        guard let state = arrival.state else { throw .missingField("state") }
        let pending = try await service.signIns.take(
            state,
            of: name,
            redirectURI: nil,
            by: .browser(token: browserToken(exchange))
        )
        if arrival.error != nil {
            throw .permissionDenied("\(name.title) did not let you in, or you changed your mind")
        }
        guard let code = arrival.code else { throw .missingField("code") }
        let found = try await complete(pending, code, name, exchange)
        let (_, cookie) = try await exchange.openSession(of: found.user.id)
        let removal = SignInCookie.removal(isSecure: service.authenticator.pages.isSecure)
        return led(to: pending.returnPath, [cookie, removal])
    }

    private static func led(to path: String, _ headers: [(name: String, value: String)]) -> HTTPResponse {
        HTTPResponse(status: 303, headers: [(name: "location", value: path)] + headers + OAuthAnswer.unstored)
    }

    /// Gives a program, or a page elsewhere, a key for the code that it was sent.
    private static func redeem(_ name: IdentityProviderName, _ exchange: Exchange) async throws(APIError)
        -> HTTPResponse
    {
        let service = exchange.service
        let fields = FieldReader(try await exchange.jsonObject(atMost: bodyLimit))
        guard service.registry.auth.isSet(name) else { throw .notFound(name.absence) }
        guard let code = try fields.string("code", atMost: wordLimit), !code.isEmpty else {
            throw .missingField("code")
        }
        guard let state = try fields.string("state", atMost: wordLimit) else { throw .missingField("state") }
        let pending = try await service.signIns.take(
            state,
            of: name,
            redirectURI: try fields.string("redirect_uri", atMost: wordLimit),
            by: returner(exchange)
        )
        return try await give(try await complete(pending, code, name, exchange), name, exchange)
    }

    /// Gives an app a key for the token that the system got it from Apple.
    private static func redeemNative(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (service, name) = (exchange.service, IdentityProviderName.apple)
        let fields = FieldReader(try await exchange.jsonObject(atMost: bodyLimit))
        // A page would bring its visitor's network and no app: this is for programs.
        guard !exchange.request.headers.contains("origin") else {
            throw .permissionDenied("this is for apps; pages sign in by /v1/auth/apple")
        }
        guard let token = try fields.string("id_token", atMost: tokenLimit), !token.isEmpty else {
            throw .missingField("id_token")
        }
        guard let nonce = try fields.string("nonce", atMost: 256) else { throw .missingField("nonce") }
        guard nonce.utf8.count >= shortestNonce else {
            throw fields.invalid("nonce", "must have at least \(shortestNonce) characters that nobody can guess")
        }
        let found = try await service.signIns.complete(
            appleToken: token,
            nonce: nonce,
            service.registry.auth,
            from: exchange.clientAddress
        )
        await note(found, name, exchange)
        return try await give(found, name, exchange)
    }

    /// The answer to who signed in without a browser: a key, shown this once.
    private static func give(_ found: IdentifiedUser, _ name: IdentityProviderName, _ exchange: Exchange)
        async throws(APIError) -> HTTPResponse
    {
        let service = exchange.service
        let (text, record) = NewKey.make(owner: found.user.id, name: "\(name.title) sign-in", time: service.time)
        try await exchange.reading { store throws(StoreError) in try await store.addKey(record) }
        await exchange.audit(
            "key.create",
            record.id.text,
            by: found.user.id,
            ["key": .object(KeyAnswer.body(of: record))]
        )
        return .json(
            [
                "api_key": .string(text), "user_id": .string(found.user.id.text), "email": .string(found.user.email),
                "is_new": .bool(found.way == .added),
            ],
            headers: OAuthAnswer.unstored
        )
    }

    private static func returner(_ exchange: Exchange) -> SignInFlow.Returner {
        let (headers, token) = (exchange.request.headers, browserToken(exchange))
        guard let origin = headers["origin"] else { return .program(token: token) }
        let isOwn = (try? exchange.service.authenticator.pages.checkOrigin(headers)) != nil
        return .page(WebOrigin(origin), isOwn: isOwn, token: token)
    }

    /// Finds or makes the account; who is signed in to it already proves that it is theirs.
    private static func complete(
        _ pending: PendingSignIn,
        _ code: String,
        _ name: IdentityProviderName,
        _ exchange: Exchange
    ) async throws(APIError) -> IdentifiedUser {
        let service = exchange.service
        let present = try? await service.authenticator.caller(of: exchange)
        let found = try await service.signIns.complete(
            pending,
            code: code,
            name,
            service.registry.auth,
            owner: present?.session?.user
        )
        await note(found, name, exchange)
        return found
    }

    /// Leaves a trail of what the sign-in changed.
    private static func note(_ found: IdentifiedUser, _ name: IdentityProviderName, _ exchange: Exchange) async {
        let service = exchange.service
        switch found.way {
        case .known: break
        case .added:
            await exchange.audit(
                "user.signup",
                found.user.id.text,
                by: found.user.id,
                ["email": .string(found.user.email), "provider": .string(name.rawValue)]
            )
        case .linked, .reclaimed:
            if found.way == .reclaimed { service.authenticator.forget() }
            await exchange.audit(
                "user.link",
                found.user.id.text,
                by: found.user.id,
                ["provider": .string(name.rawValue), "reclaimed": .bool(found.way == .reclaimed)]
            )
        }
    }
}
