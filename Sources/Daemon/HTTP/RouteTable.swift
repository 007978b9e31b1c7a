import Orchestrator
import Transport

/// Finds the route of a request: fixed paths by one look-up, open ones by their segments.
struct RouteTable: Sendable {
    private struct Pattern: Sendable {
        enum Segment: Sendable, Equatable {
            case fixed(String)
            case open
            /// Whatever is left, slashes and all.
            case rest
        }

        var segments: [Segment]
        var routes: [HTTPMethod: Route]

        init(_ path: String) {
            let takesRest = path.hasSuffix("*")
            segments = path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
                segment.utf8.first == UInt8(ascii: "{") ? .open : .fixed(String(segment))
            }
            if takesRest { segments[segments.count - 1] = .rest }
            routes = [:]
        }

        /// The open parts of `path`; nil when it does not fit. Byte by byte, as every request for a picture comes here.
        func match(_ path: String) -> [String]? {
            var open: [String] = []
            var left = path[...]
            for (index, segment) in segments.enumerated() {
                let end = left.utf8.firstIndex(of: UInt8(ascii: "/")) ?? left.endIndex
                let isLast = index == segments.count - 1
                switch segment {
                case .rest:
                    open.append(String(left))
                    return open
                case .open: open.append(String(left[..<end]))
                case .fixed(let text): guard left[..<end] == text else { return nil }
                }
                guard (end == left.endIndex) == isLast else { return nil }
                left = isLast ? left[end...] : left[left.utf8.index(after: end)...]
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
            var pattern = Pattern(route.path)
            if let index = patterns.firstIndex(where: { $0.segments == pattern.segments }) {
                patterns[index].routes[route.method] = route
            } else {
                pattern.routes[route.method] = route
                patterns.append(pattern)
            }
        }
    }

    /// The route and the open parts of the path. Throws 404 and 405 as the interface words them.
    func find(_ method: HTTPMethod, _ path: String) throws(APIError) -> (Route, [String]) {
        var (methods, open) = (fixed[path], [String]())
        if methods == nil {
            for pattern in patterns {
                guard let match = pattern.match(path) else { continue }
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
