import CommandLineInterface
import Orchestrator
import Transport

/// The daemon's description of itself: `/openapi.json`, `/docs`, made from the routes themselves.
enum DescriptionRoutes {
    static let all: [Route] = [
        Route(.get, "/openapi.json", .anyone, "This description, for tools") { exchange throws(APIError) in
            let registry = exchange.service.registry
            return .json(
                OpenAPIDocument(
                    Daemon.routes.routes,
                    server: exchange.service.links.publicURL,
                    policies: registry.policies.keys.sorted()
                ).json
            )
        },
        Route(.get, "/docs", .anyone, "This description, for people") { _ throws(APIError) in
            .html(page("Routes", table(Daemon.routes.routes)))
        },
    ]

    // MARK: - Pages

    private static func table(_ routes: [Route]) -> String {
        let rows = routes.map { route in
            "<tr><td>\(route.method.rawValue)</td><td><code>\(escaped(route.path))</code></td>"
                + "<td>\(escaped(route.summary))</td></tr>"
        }
        return
            "<table>\(rows.joined(separator: "\n"))</table><p>For tools: <a href=\"openapi.json\">openapi.json</a></p>"
    }

    private static func page(_ title: String, _ body: String) -> String {
        """
        <!doctype html><html lang="en"><head><meta charset="utf-8"><title>\(title)</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <link rel="stylesheet" href="pages/app.css"><link rel="icon" href="pages/icon.svg"></head>
        <body><main class="document"><h1>\(title)</h1>\(body)</main></body></html>
        """
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
