import Orchestrator
import Transport

/// One route: what it answers to, who may call it, and what it does.
struct Route: Sendable {
    enum Access: Sendable {
        case anyone
        /// Whoever has a valid key.
        case caller
        /// Whoever has a key of an administrator.
        case admin
        /// As `admin`, or anyone on this machine.
        case adminOrLoopback
    }

    var method: HTTPMethod
    /// Segments in braces are open; a last segment `{…}*` takes the rest of the path.
    var path: String
    var access: Access
    /// For the API description.
    var summary: String
    var handler: @Sendable (Exchange) async throws(APIError) -> HTTPResponse

    init(
        _ method: HTTPMethod,
        _ path: String,
        _ access: Access,
        _ summary: String,
        _ handler: @escaping @Sendable (Exchange) async throws(APIError) -> HTTPResponse
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.summary = summary
        self.handler = handler
    }
}
