import Orchestrator

/// A stand-in for GitHub's OAuth apps and the two routes of its API that sign-in needs (docs.github.com, "Authorizing OAuth
/// apps", "Users", "Emails").
package final class FakeGitHub: Sendable {
    package let clientID = "Iv1.fake"
    package let clientSecret = "github-fake-secret-" + uniqueHex(16)
    private let desk: AuthorizationDesk
    private let server: LoopbackServer

    package init() throws {
        let desk = AuthorizationDesk(
            clientID: clientID,
            scopes: ["read:user", "user:email"],
            FakePerson("4711", "octo@example.test")
        )
        self.desk = desk
        let secret = clientSecret
        server = try LoopbackServer { $1(Self.reply(to: $0, desk, secret: secret)) }
    }

    deinit { server.stop() }

    package func stop() { server.stop() }

    package var base: String { server.origin }
    package var api: String { server.origin + "/api" }
    package var invalid: [String] { desk.state.withLock { $0.invalid } }

    package func sign(in person: FakePerson) { desk.state.withLock { $0.person = person } }
    package func register(_ redirectURI: String) { desk.state.withLock { _ = $0.redirectURIs.insert(redirectURI) } }
    package func refuse(_ isRefusing: Bool = true) { desk.state.withLock { $0.isRefusing = isRefusing } }

    private static func reply(to request: FakeRequest, _ desk: AuthorizationDesk, secret: String) -> FakeReply {
        switch (request.method, request.path) {
        case ("GET", "/login/oauth/authorize"):
            guard let (uri, back) = desk.authorize(request.query) else { return FakeReply(404) }
            return FakeReply(302, headers: [("location", uri + "?" + PercentEncoding.form(back))])
        case ("POST", "/login/oauth/access_token"): return token(request, desk, secret)
        case ("GET", "/api/user"):
            return person(request, desk) { person in
                ["id": .integer(Int64(person.id) ?? 0), "login": "octo", "email": .null, "type": "User"]
            }
        case ("GET", "/api/user/emails"):
            return person(request, desk) { person in
                [
                    ["email": "spare@example.test", "primary": false, "verified": true, "visibility": .null],
                    [
                        "email": .string(person.email), "primary": true, "verified": .bool(person.isVerified),
                        "visibility": "private",
                    ],
                ]
            }
        default:
            desk.note("\(request.method) \(request.path)")
            return .json(404, ["message": "Not Found"])
        }
    }

    /// Errors of this route have status 200, and it answers JSON only to who asks for it.
    private static func token(_ request: FakeRequest, _ desk: AuthorizationDesk, _ secret: String) -> FakeReply {
        guard let form = request.plainForm, request.header("accept")?.contains("application/json") == true else {
            desk.note("access_token: no form, or no Accept")
            return FakeReply(200, headers: [("content-type", "application/x-www-form-urlencoded")])
        }
        guard form["client_secret"] == secret else {
            return .json(200, ["error": "incorrect_client_credentials", "error_description": "wrong secret"])
        }
        switch desk.redeem(form) {
        case .failure(let refusal):
            return .json(200, ["error": "bad_verification_code", "error_description": .string(refusal.reason)])
        case .success(let grant):
            return .json(
                200,
                ["access_token": .string(grant.token), "token_type": "bearer", "scope": "read:user,user:email"]
            )
        }
    }

    private static func person(
        _ request: FakeRequest,
        _ desk: AuthorizationDesk,
        _ body: (FakePerson) -> JSON
    ) -> FakeReply {
        guard request.header("user-agent")?.isEmpty == false else { return .json(403, ["message": "User-Agent"]) }
        let token = request.header("authorization").map { $0.split(separator: " ") } ?? []
        guard token.count == 2, token[0].lowercased() == "bearer",
            let person = desk.state.withLock({ $0.people[String(token[1])] })
        else {
            desk.note("\(request.path): bad credentials")
            return .json(401, ["message": "Bad credentials"])
        }
        return .json(200, body(person))
    }
}
