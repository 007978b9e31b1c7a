import Orchestrator
import Transport

extension HTTPResponse {
    static let jsonType = "application/json; charset=utf-8"

    static func json(_ body: JSON, status: Int = 200, headers: [(name: String, value: String)] = []) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [(name: "content-type", value: jsonType)] + headers,
            body: .bytes(body.serialized())
        )
    }

    static func html(_ text: String) -> HTTPResponse {
        HTTPResponse(
            headers: [(name: "content-type", value: "text/html; charset=utf-8")] + PageFile.headers,
            body: .bytes(Array(text.utf8))
        )
    }

    /// Server-sent events, each on its way as soon as it is written.
    static func events(
        _ headers: [(name: String, value: String)] = [],
        _ body: @escaping @Sendable (HTTPBodyWriter) async throws -> Void
    ) -> HTTPResponse {
        HTTPResponse(
            headers: [
                (name: "content-type", value: "text/event-stream; charset=utf-8"),
                (name: "cache-control", value: "no-cache, no-store"),
                // Proxies that buffer would keep them to themselves.
                (name: "x-accel-buffering", value: "no"),
            ] + headers,
            body: .stream(body)
        )
    }

    /// A table to be saved under a name.
    static func csv(_ table: CSVTable, name: String) -> HTTPResponse {
        HTTPResponse(
            headers: [
                (name: "content-type", value: CSVTable.mediaType),
                (name: "content-disposition", value: "attachment; filename=\"\(name).csv\""),
                (name: "x-content-type-options", value: "nosniff"),
            ],
            body: .bytes(table.content)
        )
    }

    /// An error in the shape of the path that it is about.
    static func error(_ error: APIError, path: String) -> HTTPResponse {
        var headers = error.headers
        if let pause = error.retryAfter {
            headers.append((name: "retry-after", value: "\(max(pause.roundedUpSeconds, 1))"))
        }
        if error.status == 401 { headers.append((name: "www-authenticate", value: "Bearer")) }
        let isForGallery = path.hasPrefix("/api/") || path.hasPrefix("/art/")
        let body: JSON =
            isForGallery ? ["error": .string(error.galleryCode), "message": .string(error.message)] : error.body
        return .json(body, status: error.status, headers: headers)
    }
}
