import Orchestrator
import Persistence
import Transport

/// Tells requests of this daemon's own pages from those that a page elsewhere makes a browser send.
///
/// A cookie goes along with both; a key does not, so requests with one are not asked.
struct OwnPages: Sendable {
    static let tokenHeader = "X-CSRF-Token"

    private let own: WebOrigin?

    init(publicURL: String) {
        own = WebOrigin(publicURL)
    }

    /// Whether the daemon is reached by https, so that its cookies may demand it.
    var isSecure: Bool { own?.scheme == "https" }

    /// Throws 403 when a request that changes something, under a session, cannot be told to come from a page of ours, or
    /// from no page at all.
    func check(_ method: HTTPMethod, _ headers: HTTPHeaders, csrfToken: String) throws(APIError) {
        guard Self.changesSomething(method) else { return }
        try checkOrigin(headers)
        if let given = headers[Self.tokenHeader] {
            guard MessageAuthentication.areEqual(Array(given.utf8), Array(csrfToken.utf8)) else {
                throw .permissionDenied("the \(Self.tokenHeader) is not this session's: GET /v1/auth/me tells it")
            }
            return
        }
        // Browsers send JSON, and methods other than POST, to another site only if that allows it beforehand, which this
        // daemon never does for cookies. What is left is what a plain form can send.
        let type = headers["content-type"]?.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        guard
            method != .post || headers.contains("origin") || headers["sec-fetch-site"] == "same-origin"
                || type == "application/json"
        else {
            throw .permissionDenied("a form under a session needs \(Self.tokenHeader): GET /v1/auth/me tells it")
        }
    }

    /// Throws 403 when a browser says that a page elsewhere sent the request.
    func checkOrigin(_ headers: HTTPHeaders) throws(APIError) {
        for origin in headers.all(named: "origin") where !isOwn(origin, host: headers["host"]) {
            throw .permissionDenied("pages of '\(origin.prefix(200))' may not use a session here")
        }
        if let site = headers["sec-fetch-site"], site == "cross-site" || site == "same-site" {
            throw .permissionDenied("pages of other sites may not use a session here")
        }
    }

    /// Whether an origin is the public address, or the very host that the request was sent to: a daemon has many names
    /// where nobody told it the one, and no page can choose the `Host` that a browser sends.
    private func isOwn(_ origin: String, host: String?) -> Bool {
        guard let own, let origin = WebOrigin(origin), origin.scheme == own.scheme else { return false }
        return origin == own || host.flatMap { WebOrigin(own.scheme + "://" + $0) } == origin
    }

    private static func changesSomething(_ method: HTTPMethod) -> Bool {
        switch method {
        case .get, .head, .options, .trace: false
        case .post, .put, .patch, .delete: true
        }
    }
}
