import Orchestrator
import Transport

/// The daemon's description of itself: the start page, `/openapi.json`, `/docs`, made from the routes themselves.
struct DescriptionRoutes {
    private let described: [Route]

    init(describing routes: [Route]) {
        described = routes
    }

    var all: [Route] {
        let described = described
        return [
            Route(.get, "/", .anyone, "The start page, or the health of the daemon") { exchange throws(APIError) in
                guard exchange.request.headers["accept"]?.contains("text/html") == true else {
                    return OperationsRoutes.health(exchange)
                }
                return .html(Self.page("Orchestrator", Self.welcome(exchange.service.links.publicURL)))
            },
            Route(.get, "/openapi.json", .anyone, "This description, for tools") { exchange throws(APIError) in
                .json(Self.document(described, server: exchange.service.links.publicURL))
            },
            Route(.get, "/docs", .anyone, "This description, for people") { _ throws(APIError) in
                .html(Self.page("Routes", Self.table(described)))
            },
        ]
    }

    // MARK: - OpenAPI

    private static func document(_ routes: [Route], server: String) -> JSON {
        var paths: JSONObject = [:]
        for route in routes {
            let path = route.path.hasSuffix("*") ? String(route.path.dropLast()) : route.path
            var item = paths[path]?.object ?? [:]
            item[route.method.rawValue.lowercased()] = operation(route)
            paths[path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": ["title": "Orchestrator", "version": .string(Version.text)],
            "servers": [["url": .string(server)]],
            "paths": .object(paths),
            "components": [
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer"],
                    "key": ["type": "apiKey", "in": "header", "name": "X-API-Key"],
                    "session": ["type": "apiKey", "in": "cookie", "name": .string(SessionCookie.name)],
                ]
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSON {
        let open = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            $0.filter { !"{}*".contains($0) }
        }
        var operation: JSONObject = [
            "summary": .string(route.summary),
            "parameters": .array(
                open.map {
                    ["name": .string(String($0)), "in": "path", "required": true, "schema": ["type": "string"]]
                }
            ),
            "responses": ["default": ["description": "the result, or an error object"]],
        ]
        switch route.access {
        case .anyone: break
        case .session: operation["security"] = [["session": []]]
        case .caller, .scope, .owner, .admin, .adminOrLoopback:
            operation["security"] = [["bearer": []], ["key": []], ["session": []]]
        }
        return .object(operation)
    }

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
