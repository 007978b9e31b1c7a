import CommandLineInterface
import Orchestrator
import Transport

/// The web pages: documents, and under `/pages` what they are made of.
enum PageRoutes {
    static let all: [Route] = [
        Route(.get, "/", .anyone, "The studio for browsers; for other clients the health of the daemon") {
            exchange throws(APIError) in
            guard exchange.request.headers["accept"]?.contains("text/html") == true else {
                var response = OperationsRoutes.health(exchange)
                response.headers.append(varying)
                return response
            }
            var response = try await page("studio", exchange)
            response.headers.append(varying)
            return response
        },
        Route(.get, "/gallery", .anyone, "The page of public pictures") {
            exchange throws(APIError) in try await page("gallery", exchange)
        },
        Route(.get, "/history", .anyone, "The page of one's own jobs") {
            exchange throws(APIError) in try await page("history", exchange)
        },
        Route(.get, "/credits", .anyone, "The page of one's credits") {
            exchange throws(APIError) in try await page("credits", exchange)
        },
        Route(.get, "/signin", .anyone, "The page to sign in, and for one's password and keys") {
            exchange throws(APIError) in try await page("signin", exchange)
        },
        Route(.get, "/device", .anyone, "The page to let a device sign in") {
            exchange throws(APIError) in try await page("device", exchange)
        },
        Route(.get, "/admin", .anyone, "The page of administrators") {
            exchange throws(APIError) in try await administration(exchange)
        },
        Route(.get, "/pages/server.json", .anyone, "What the pages need to know of the server and of who uses them") {
            exchange throws(APIError) in
            .json(await facts(exchange), headers: [(name: "cache-control", value: "no-store")])
        },
        Route(.get, "/favicon.ico", .anyone, "The pages' icon, where browsers look for it by themselves") {
            exchange throws(APIError) in
            guard let file = exchange.service.pages["icon.svg"] else { throw .notFound("there is no icon") }
            return file.response(to: exchange.request)
        },
        Route(.get, "/pages/{file}", .anyone, "A style sheet, script or picture of the pages") {
            exchange throws(APIError) in
            let name = exchange.parameters[0]
            guard let file = exchange.service.pages[name] else {
                throw .notFound("there is nothing at '\(exchange.request.path)'")
            }
            return file.response(to: exchange.request)
        },
    ]

    private static let varying = (name: "vary", value: "Accept")

    /// A document; who has no session and may be here without one gets a visitor's.
    private static func page(_ name: String, _ exchange: Exchange, status: Int = 200) async throws(APIError)
        -> HTTPResponse
    {
        let service = exchange.service
        guard let file = service.pages.document(name) else { throw .internalError("the page '\(name)' is missing") }
        var response = file.response(to: exchange.request, status: status)
        let mayVisit = service.visitors.areAdmitted(exchange.request.headers)
        if mayVisit, (try? await service.authenticator.caller(of: exchange)) == nil {
            let isSecure = service.authenticator.pages.isSecure
            response.headers.append(SessionCookie.header(service.visitors.makeToken(), isSecure: isSecure))
        }
        return response
    }

    /// The document of administrators; all others are told that it is not for them.
    private static func administration(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let caller = try? await exchange.service.authenticator.caller(of: exchange)
        if let caller, caller.user.isAdmin, caller.may(.admin) { return try await page("admin", exchange) }
        return try await page("forbidden", exchange, status: 403)
    }

    /// Asked before anything that needs a session, so that pages never ask in vain.
    private static func facts(_ exchange: Exchange) async -> JSON {
        let registry = exchange.service.registry
        var names: [JSON] = []
        if registry.auth.github != nil { names.append("github") }
        if registry.auth.google != nil { names.append("google") }
        if registry.auth.apple != nil { names.append("apple") }
        return [
            "mode": .string(registry.server.mode.rawValue), "version": .string(Version.text),
            "sign_in_with": .array(names),
            "is_open": .bool(exchange.service.visitors.areAdmitted(exchange.request.headers)),
            "user": await user(exchange),
        ]
    }

    /// Who has the session, with its token; null for nobody.
    private static func user(_ exchange: Exchange) async -> JSON {
        guard let caller = try? await exchange.service.authenticator.caller(of: exchange), let session = caller.session
        else { return .null }
        var user = UserAnswer.body(of: caller.user)
        user["is_visitor"] = .bool(caller.isVisitor)
        user["csrf_token"] = .string(session.csrfToken)
        return .object(user)
    }
}
