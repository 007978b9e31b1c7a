import Orchestrator
import Transport

/// `/v1/identity`: the account itself.
enum IdentityRoutes {
    static let all: [Route] = [
        Route(.delete, "/v1/identity", .owner, "Delete your account with its pictures, keys and sessions") {
            exchange throws(APIError) in try await remove(exchange)
        }
    ]

    private static func remove(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let (caller, service) = (try exchange.requireCaller(), exchange.service)
        let id = caller.user.id
        let removal = try await exchange.reading { store throws(StoreError) in try await store.removeUser(id) }
        service.authenticator.forget()
        switch removal {
        case .removed: break
        case .unknown: throw .invalidAPIKey
        case .lastAdministrator:
            throw .permissionDenied("the only administrator cannot go: make somebody else one first")
        case .busy:
            throw APIError(
                409,
                .invalidRequest,
                "request_in_progress",
                "jobs of yours have not ended: wait for them, or cancel them",
                retryAfter: .seconds(5)
            )
        }
        await exchange.audit("user.delete", id.text)
        let isSecure = service.authenticator.pages.isSecure
        return .json(
            ["id": .string(id.text), "object": "user", "deleted": true],
            headers: [SessionCookie.removal(isSecure: isSecure)] + OAuthAnswer.unstored
        )
    }
}
