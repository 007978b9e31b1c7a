import Orchestrator
import Transport

/// One route: what it answers to, who may call it, and what it does.
struct Route: Sendable {
    enum Access: Sendable, Hashable {
        case anyone
        /// Whoever is signed in or has a valid key, whatever that is limited to.
        case caller
        /// Whoever is signed in or has a key that is good for this.
        case scope(Scope)
        /// Whoever is signed in; a key is not enough.
        case session
        /// Whoever is signed in or has a key that is limited to nothing.
        case owner
        /// Whoever is signed in as an administrator or has a key of one.
        case admin
        /// As `admin`, or anyone on this machine.
        case adminOrLoopback
    }

    /// What a POST does about an `Idempotency-Key`; other methods need none.
    enum Repeats: Sendable, Hashable {
        /// The answer is kept with the key, and is the answer to every repeat.
        case kept
        /// As `kept`, but for these fields of the answer: secrets that are shown once.
        case keptWithout([String])
        /// As `kept`; the request holds a password, of which no plain hash may be kept.
        case keptOfSecret
        /// The route sees to it itself, or its caller is not known.
        case byRoute
    }

    var method: HTTPMethod
    /// Segments in braces are open; a last segment `{…}*` takes the rest of the path.
    var path: String
    var access: Access
    /// For the API description.
    var summary: String
    var repeats: Repeats
    var handler: @Sendable (Exchange) async throws(APIError) -> HTTPResponse

    init(
        _ method: HTTPMethod,
        _ path: String,
        _ access: Access,
        _ summary: String,
        repeats: Repeats = .kept,
        _ handler: @escaping @Sendable (Exchange) async throws(APIError) -> HTTPResponse
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.summary = summary
        self.repeats = repeats
        self.handler = handler
    }
}
