import Orchestrator
import Transport

/// The daemon's description of itself: the start page, `/openapi.json`, `/docs`, made from the routes themselves.
enum DescriptionRoutes {
    static let all: [Route] = [
        Route(.get, "/", .anyone, "The start page, or the health of the daemon") { exchange throws(APIError) in
            guard exchange.request.headers["accept"]?.contains("text/html") == true else {
                return OperationsRoutes.health(exchange)
            }
            return .html(page("Orchestrator", welcome(exchange.service.links.publicURL)))
        },
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
            "<table>\(rows.joined(separator: "\n"))</table><p>For tools: <a href=\"/openapi.json\">openapi.json</a></p>"
    }

    private static func welcome(_ url: String) -> String {
        """
        <p>One OpenAI-compatible API in front of every image vendor.</p>
        <pre>client = openai.OpenAI(base_url="\(escaped(url))/v1", api_key="ork_…")
        client.images.generate(model="auto", prompt="a red fox")</pre>
        <p><a href="/docs">Routes</a> · <a href="/health">Health</a></p>
        """
    }

    private static func page(_ title: String, _ body: String) -> String {
        """
        <!doctype html><html lang="en"><head><meta charset="utf-8"><title>\(title)</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
        td{padding:.2rem .8rem .2rem 0;vertical-align:top}pre{overflow:auto}</style></head>
        <body><h1>\(title)</h1>\(body)</body></html>
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
