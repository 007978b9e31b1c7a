import Orchestrator
import Transport

/// Finds the route of a request: fixed paths by one look-up, open ones by their segments.
struct RouteTable: Sendable {
    private struct Pattern: Sendable {
        var segments: [Substring]
        var takesRest: Bool
        var routes: [HTTPMethod: Route]

        /// The open parts of `path`; nil when it does not fit.
        func match(_ parts: [Substring]) -> [String]? {
            guard takesRest ? parts.count >= segments.count : parts.count == segments.count else { return nil }
            var open: [String] = []
            for (index, segment) in segments.enumerated() {
                if takesRest, index == segments.count - 1 {
                    open.append(parts[index...].joined(separator: "/"))
                } else if segment.first == "{" {
                    open.append(String(parts[index]))
                } else if segment != parts[index] {
                    return nil
                }
            }
            return open
        }
    }

    let routes: [Route]
    private var fixed: [String: [HTTPMethod: Route]] = [:]
    private var patterns: [Pattern] = []

    init(_ routes: [Route]) {
        self.routes = routes
        for route in routes {
            guard route.path.contains("{") else {
                fixed[route.path, default: [:]][route.method] = route
                continue
            }
            let takesRest = route.path.hasSuffix("*")
            let segments = route.path.dropLast(takesRest ? 1 : 0).split(
                separator: "/",
                omittingEmptySubsequences: false
            )
            if let index = patterns.firstIndex(where: { $0.segments == segments }) {
                patterns[index].routes[route.method] = route
            } else {
                patterns.append(Pattern(segments: segments, takesRest: takesRest, routes: [route.method: route]))
            }
        }
    }

    /// The route and the open parts of the path. Throws 404 and 405 as the interface words them.
    func find(_ method: HTTPMethod, _ path: String) throws(APIError) -> (Route, [String]) {
        var (methods, open) = (fixed[path], [String]())
        if methods == nil {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            for pattern in patterns {
                guard let match = pattern.match(parts) else { continue }
                (methods, open) = (pattern.routes, match)
                break
            }
        }
        guard let methods else { throw .notFound("there is nothing at '\(path)'") }
        // HEAD is GET without the body, which the server leaves out.
        guard let route = methods[method] ?? (method == .head ? methods[.get] : nil) else {
            let allowed = methods.keys.map(\.rawValue) + (methods[.get] == nil ? [] : ["HEAD"]) + ["OPTIONS"]
            throw .methodNotAllowed(method.rawValue, allowed: allowed.sorted())
        }
        return (route, open)
    }
}
