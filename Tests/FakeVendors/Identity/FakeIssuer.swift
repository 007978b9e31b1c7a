import Glibc
package import Orchestrator

/// A stand-in for an issuer of signed tokens behind its own port: Google's OpenID Connect with discovery, or Sign in with
/// Apple (their pages "OpenID Connect" and "Sign in with Apple REST API").
package final class FakeIssuer: Sendable {
    package enum Kind: Sendable {
        case google, apple
    }

    /// What is wrong with the next tokens.
    package enum Fault: Sendable {
        case none
        /// These claims replace the true ones; null leaves one out.
        case claims(JSONObject)
        /// The signature is another one's, by its true name.
        case otherKey
        case unsigned, brokenSignature, unknownKey
        /// No token at all.
        case missing

        fileprivate var isSilent: Bool {
            if case .missing = self { true } else { false }
        }
    }

    private struct Conduct: Sendable {
        var fault = Fault.none
        var keyCalls = 0
    }

    package let kind: Kind
    package let clientID = "fake.client"
    package let clientSecret = "issuer-fake-secret-" + uniqueHex(16)
    /// Whose private half Apple gave us.
    package let ours = FakeSigner(.curve)
    package let team = "TEAM123456"
    private let desk: AuthorizationDesk
    private let key = FakeSigner(.rsa)
    private let stranger = FakeSigner(.rsa)
    private let conduct = Lock(Conduct())
    private let server: LoopbackServer

    package init(_ kind: Kind) throws {
        self.kind = kind
        desk = AuthorizationDesk(
            clientID: clientID,
            scopes: kind == .google ? ["openid", "email"] : ["email"],
            FakePerson("1077", "gee@example.test")
        )
        let box = Lock<(@Sendable (FakeRequest) -> FakeReply)?>(nil)
        server = try LoopbackServer { request, send in send(box.withLock { $0 }?(request) ?? FakeReply(503)) }
        box.withLock { $0 = { [unowned self] in reply(to: $0) } }
    }

    deinit { server.stop() }

    package func stop() { server.stop() }

    package var issuer: String { server.origin }
    package var invalid: [String] { desk.state.withLock { $0.invalid } }
    /// How often the keys were asked for.
    package var keyCalls: Int { conduct.withLock { $0.keyCalls } }

    package func sign(in person: FakePerson) { desk.state.withLock { $0.person = person } }
    package func register(_ redirectURI: String) { desk.state.withLock { _ = $0.redirectURIs.insert(redirectURI) } }
    package func spoil(_ fault: Fault) { conduct.withLock { $0.fault = fault } }

    // MARK: - Answers

    private func reply(to request: FakeRequest) -> FakeReply {
        switch (kind, request.method, request.path) {
        case (.google, "GET", "/.well-known/openid-configuration"):
            return .json(
                200,
                [
                    "issuer": .string(issuer), "authorization_endpoint": .string(issuer + "/o/oauth2/v2/auth"),
                    "token_endpoint": .string(issuer + "/token"), "jwks_uri": .string(issuer + "/oauth2/v3/certs"),
                    "response_types_supported": ["code"], "id_token_signing_alg_values_supported": ["RS256"],
                ]
            )
        case (.google, "GET", "/o/oauth2/v2/auth"):
            guard let (uri, back) = desk.authorize(request.query) else { return FakeReply(400) }
            return FakeReply(302, headers: [("location", uri + "?" + PercentEncoding.form(back))])
        case (.apple, "GET", "/auth/authorize"):
            // With a scope, Apple answers by a form alone; a page posts it.
            guard request.query["response_mode"] == "form_post" else {
                desk.note("authorize: response_mode must be form_post when name or email scope is requested")
                return FakeReply(400)
            }
            guard let (uri, back) = desk.authorize(request.query) else { return FakeReply(400) }
            return .json(200, ["action": .string(uri), "body": .string(PercentEncoding.form(back))])
        case (.google, "POST", "/token"), (.apple, "POST", "/auth/token"): return token(request)
        case (.google, "GET", "/oauth2/v3/certs"), (.apple, "GET", "/auth/keys"):
            conduct.withLock { $0.keyCalls += 1 }
            return .json(200, ["keys": [FakeSigner(.curve).webKey, key.webKey]])
        default:
            desk.note("\(request.method) \(request.path)")
            return FakeReply(404)
        }
    }

    private func token(_ request: FakeRequest) -> FakeReply {
        guard let form = request.plainForm, form["grant_type"] == "authorization_code" else {
            desk.note("token: no form, or another grant type")
            return .json(400, ["error": "unsupported_grant_type"])
        }
        guard isOurs(form["client_secret"] ?? "") else {
            desk.note("token: client_secret")
            return .json(401, ["error": "invalid_client"])
        }
        switch desk.redeem(form) {
        case .failure(let refusal):
            return .json(400, ["error": "invalid_grant", "error_description": .string(refusal.reason)])
        case .success(let grant):
            var body: JSONObject = [
                "access_token": .string(grant.token), "token_type": "Bearer", "expires_in": 3599,
            ]
            if !conduct.withLock({ $0.fault }).isSilent { body["id_token"] = .string(idToken(grant)) }
            return .json(200, .object(body))
        }
    }

    /// Apple wants a token that we signed, of half a year at most.
    private func isOurs(_ secret: String) -> Bool {
        guard kind == .apple else { return secret == clientSecret }
        guard let claims = ours.claims(of: secret), let issued = claims["iat"]?.int, let ends = claims["exp"]?.int
        else {
            return false
        }
        return claims["iss"]?.string == team && claims["sub"]?.string == clientID
            && claims["aud"]?.string == issuer && issued <= ends && ends - issued <= 15_777_000
    }

    private func idToken(_ grant: AuthorizationDesk.Grant) -> String {
        idToken(of: grant.person, for: clientID, nonce: grant.asked["nonce"])
    }

    /// What the system on somebody's phone gives an app; `nonce` as the app hands it over.
    package func nativeToken(_ bundle: String, nonce: String?) -> String {
        idToken(of: desk.state.withLock { $0.person }, for: bundle, nonce: nonce)
    }

    private func idToken(of person: FakePerson, for audience: String, nonce: String?) -> String {
        let now = Int64(time(nil))
        var claims: JSONObject = [
            "iss": .string(issuer), "aud": .string(audience), "sub": .string(person.id), "iat": .integer(now),
            "exp": .integer(now + 3600), "email": .string(person.email),
            // Apple writes truth as text.
            "email_verified": kind == .apple ? .string("\(person.isVerified)") : .bool(person.isVerified),
        ]
        if let nonce { claims["nonce"] = .string(nonce) }
        switch conduct.withLock({ $0.fault }) {
        case .none, .missing: return key.token(claims)
        case .claims(let others):
            for (name, value) in others { claims[name] = value.isNull ? nil : value }
            return key.token(claims)
        case .otherKey: return stranger.token(claims, header: ["kid": .string(key.keyID)])
        case .unsigned: return key.token(claims, header: ["alg": "none"])
        case .unknownKey: return key.token(claims, header: ["kid": "unknown"])
        case .brokenSignature:
            let token = key.token(claims)
            return token.dropLast(6) + (token.hasSuffix("AAAAAA") ? "BBBBBB" : "AAAAAA")
        }
    }
}
