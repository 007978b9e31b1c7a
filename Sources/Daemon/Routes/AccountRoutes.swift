import Orchestrator
import Transport

/// `/v1/auth`: local accounts and their sessions.
enum AccountRoutes {
    static let all: [Route] = [
        Route(.post, "/v1/auth/signup", .anyone, "Make an account and sign in", repeats: .byRoute) {
            exchange throws(APIError) in try await signUp(exchange)
        },
        Route(.post, "/v1/auth/login", .anyone, "Sign in; sets the session cookie", repeats: .byRoute) {
            exchange throws(APIError) in try await signIn(exchange)
        },
        Route(.post, "/v1/auth/logout", .session, "End this session") { exchange throws(APIError) in
            try await signOut(exchange)
        },
        Route(.post, "/v1/auth/password", .session, "Change your password", repeats: .keptOfSecret) {
            exchange throws(APIError) in try await changePassword(exchange)
        },
        Route(.get, "/v1/auth/me", .caller, "Who you are") { exchange throws(APIError) in
            let caller = try exchange.requireCaller()
            return answer(caller.user, caller.session, isVisitor: caller.isVisitor)
        },
        Route(.post, "/v1/auth/session", .caller, "Sign in with a key; sets the session cookie", repeats: .byRoute) {
            exchange throws(APIError) in try await signInByKey(exchange)
        },
    ]

    private static let privately = [(name: "cache-control", value: "no-store")]

    private static func signUp(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let pages = exchange.service.authenticator.pages
        try pages.checkOrigin(exchange.request.headers)
        let fields = FieldReader(try await exchange.jsonObject())
        guard let text = try fields.string("email", atMost: 1000) else { throw .missingField("email") }
        guard let email = EmailAddress(text) else { throw .invalidValue("email", "must be an e-mail address") }
        let password = try newPassword("password", fields)
        let user = try await exchange.service.accounts.signUp(
            email,
            password: password,
            from: exchange.clientAddress
        )
        await exchange.audit("user.signup", user.id.text, by: user.id, ["email": .string(user.email)])
        return try await opened(user, exchange, status: 201)
    }

    private static func signIn(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let pages = exchange.service.authenticator.pages
        try pages.checkOrigin(exchange.request.headers)
        let fields = FieldReader(try await exchange.jsonObject())
        guard let email = try fields.string("email", atMost: 1000) else { throw .missingField("email") }
        guard let password = try fields.string("password") else { throw .missingField("password") }
        guard password.utf8.count <= Accounts.passwordBytes.upperBound else {
            throw .invalidValue("password", "must have at most \(Accounts.passwordBytes.upperBound) bytes")
        }
        let user = try await exchange.service.accounts.signIn(
            email: email,
            password: password,
            from: exchange.clientAddress
        )
        return try await opened(user, exchange)
    }

    /// The owner of a key becomes the user of a browser; a key that is limited to less must not open more.
    private static func signInByKey(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        try exchange.service.authenticator.pages.checkOrigin(exchange.request.headers)
        let caller = try exchange.requireCaller()
        guard let key = caller.key else { throw .missingField("Authorization") }
        guard key.scopes.isEmpty, key.expires == nil, key.spendPerDay == nil, key.rate == nil else {
            throw .permissionDenied(
                "this key is limited, and a session is not: use a key without scopes, end, cap and rate"
            )
        }
        await exchange.audit("session.open", caller.user.id.text)
        return try await opened(caller.user, exchange)
    }

    /// Opens a session in place of the one that the browser had.
    private static func opened(
        _ user: UserRecord,
        _ exchange: Exchange,
        status: Int = 200
    ) async throws(APIError) -> HTTPResponse {
        let (session, cookie) = try await exchange.openSession(of: user.id)
        return answer(user, session, status: status, headers: [cookie])
    }

    private static func signOut(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        try await exchange.endSession()
        let isSecure = exchange.service.authenticator.pages.isSecure
        return .json(
            ["object": "session", "deleted": true],
            headers: [SessionCookie.removal(isSecure: isSecure)] + privately
        )
    }

    private static func changePassword(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (caller, service) = (try exchange.requireCaller(), exchange.service)
        guard let session = caller.session else { throw .invalidAPIKey }
        let fields = FieldReader(try await exchange.jsonObject())
        guard let current = try fields.string("current_password") else { throw .missingField("current_password") }
        let new = try newPassword("new_password", fields)
        let isChanged = try await service.accounts.changePassword(
            of: caller.user,
            from: current,
            to: new,
            keeping: session,
            address: exchange.clientAddress
        )
        guard isChanged else { throw .invalidValue("current_password", "is not your password") }
        service.authenticator.forget()
        await exchange.audit("user.password", caller.user.id.text)
        return answer(caller.user, session)
    }

    private static func newPassword(_ name: String, _ fields: FieldReader) throws(APIError) -> String {
        guard let password = try fields.string(name) else { throw .missingField(name) }
        guard Accounts.passwordBytes.contains(password.utf8.count) else {
            let (least, most) = (Accounts.passwordBytes.lowerBound, Accounts.passwordBytes.upperBound)
            throw .invalidValue(name, "must have \(least) to \(most) bytes")
        }
        return password
    }

    private static func answer(
        _ user: UserRecord,
        _ session: SessionRecord?,
        isVisitor: Bool = false,
        status: Int = 200,
        headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        var body = UserAnswer.body(of: user)
        if isVisitor { body["is_visitor"] = true }
        if let session { body["csrf_token"] = .string(session.csrfToken) }
        return .json(.object(body), status: status, headers: headers + privately)
    }
}

/// An account as answers show it.
enum UserAnswer {
    static func body(of user: UserRecord) -> JSONObject {
        [
            "id": .string(user.id.text), "object": "user", "email": .string(user.email),
            "is_admin": .bool(user.isAdmin), "created": .text(user.created),
        ]
    }
}
