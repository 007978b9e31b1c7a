import CommandLineInterface
import Orchestrator
import Transport

/// The description of all routes for tools, as OpenAPI 3.1.
struct OpenAPIDocument: Sendable {
    let json: JSON

    init(_ routes: [Route], server: String, policies: [String]) {
        var paths: JSONObject = [:]
        for route in routes {
            let path = route.path.hasSuffix("*") ? String(route.path.dropLast()) : route.path
            var item = paths[path]?.object ?? [:]
            item[route.method.rawValue.lowercased()] = Self.operation(route)
            paths[path] = .object(item)
        }
        json = [
            "openapi": "3.1.0",
            "info": [
                "title": "Orchestrator", "version": .string(Version.text),
                "description": "One OpenAI-compatible API in front of every image vendor.",
            ],
            "servers": [["url": .string(server)]],
            "paths": .object(paths),
            "components": [
                "schemas": .object(
                    Component.allCases.reduce(into: JSONObject()) { $0[$1.rawValue] = $1.schema(policies: policies) }
                ),
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer"],
                    "key": ["type": "apiKey", "in": "header", "name": "X-API-Key"],
                    "session": ["type": "apiKey", "in": "cookie", "name": .string(SessionCookie.name)],
                ],
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSON {
        var operation: JSONObject = [
            "operationId": .string(name(of: route)), "summary": .string(route.summary),
        ]
        var parameters = openSegments(of: route.path).map { name -> JSON in
            ["name": .string(name), "in": "path", "required": true, "schema": pathSchema(name)]
        }
        guard let description = RouteDescription.all[RouteName(route)] else {
            operation["parameters"] = .array(parameters)
            operation["responses"] = ["default": ["description": "the result, or an error object"]]
            return .object(operation)
        }
        parameters += description.query.map { field($0, in: "query") }
        parameters += description.headers.map { field($0, in: "header") }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if !description.body.isEmpty {
            operation["requestBody"] = [
                "required": .bool(!description.isBodyOptional), "content": content(description.body),
            ]
        }
        operation["responses"] = responses(route, description)
        operation["security"] = security(route.access, takesCaller: description.takesCaller)
        return .object(operation)
    }

    /// As generated clients call it: `get_v1_jobs_job_events`.
    private static func name(of route: Route) -> String {
        let words = route.path.split { "/{}*.".contains($0) }
        return ([route.method.rawValue.lowercased()[...]] + (words.isEmpty ? ["root"] : words)).joined(separator: "_")
    }

    private static func openSegments(of path: String) -> [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { $0.filter { !"{}*".contains($0) } }
    }

    private static func pathSchema(_ name: String) -> JSON {
        switch name {
        case "job": Schema.id(JobID.self)
        case "image": Schema.id(ImageID.self)
        case "key": Schema.id(KeyID.self)
        case "user": Schema.id(UserID.self)
        case "purchase": Schema.id(PurchaseID.self)
        default: ["type": "string", "minLength": 1]
        }
    }

    private static func field(_ parameter: RouteDescription.Parameter, in place: String) -> JSON {
        var field: JSONObject = [
            "name": .string(parameter.name), "in": .string(place), "description": .string(parameter.meaning),
            "schema": parameter.schema,
        ]
        if parameter.isRequired { field["required"] = true }
        if parameter.isList {
            field["style"] = "form"
            field["explode"] = false
        }
        return .object(field)
    }

    private static func content(_ kinds: [(type: String, schema: JSON)]) -> JSON {
        .object(kinds.reduce(into: JSONObject()) { $0[$1.type] = ["schema": $1.schema] })
    }

    private static func responses(_ route: Route, _ description: RouteDescription) -> JSON {
        var responses: JSONObject = [:]
        for answer in description.answers {
            var response: JSONObject = ["description": .string(answer.meaning)]
            if !answer.content.isEmpty { response["content"] = content(answer.content) }
            responses["\(answer.status)"] = .object(response)
        }
        let error = content([(RouteDescription.jsonType, Schema.named(description.error))])
        func refuse(_ status: Int, _ meaning: String, headers: JSON? = nil) {
            var response: JSONObject = ["description": .string(meaning), "content": error]
            if let headers { response["headers"] = headers }
            responses["\(status)"] = .object(response)
        }
        if route.access != .anyone { refuse(401, "no valid key and no session") }
        switch route.access {
        case .anyone, .caller: break
        case .scope, .session, .owner, .admin, .adminOrLoopback:
            refuse(403, "not for this caller, or from a page elsewhere")
        }
        if !openSegments(of: route.path).isEmpty { refuse(404, "there is no such thing, or not for this caller") }
        refuse(
            429,
            "too much at once",
            headers: ["Retry-After": ["schema": Schema.count, "description": "seconds"]]
        )
        responses["default"] = ["description": "an error", "content": error]
        return .object(responses)
    }

    private static func security(_ access: Route.Access, takesCaller: Bool) -> JSON {
        let anyProof: [JSON] = [["bearer": []], ["key": []], ["session": []]]
        return switch access {
        case .anyone: .array(takesCaller ? [[:]] + anyProof : [])
        case .session: [["session": []]]
        case .adminOrLoopback: .array([[:]] + anyProof)
        case .caller, .scope, .owner, .admin: .array(anyProof)
        }
    }
}

/// A route by its method and path.
struct RouteName: Sendable, Hashable, CustomStringConvertible {
    var method: HTTPMethod
    var path: String

    init(_ method: HTTPMethod, _ path: String) {
        self.method = method
        self.path = path
    }

    init(_ route: Route) {
        self.init(route.method, route.path)
    }

    var description: String { "\(method.rawValue) \(path)" }
}
