import Orchestrator
import Transport

// What browsers show.
extension RouteDescription {
    private static let page = RouteDescription(.file(["text/html"], "a page"), .empty(304, "it has not changed"))

    static let pages: [RouteName: RouteDescription] = [
        RouteName(.get, "/"): RouteDescription(
            Answer(
                status: 200,
                meaning: "a page for browsers, the health of the daemon for others",
                content: [(jsonType, health), ("text/html", [:])]
            ),
            .empty(304, "it has not changed")
        ),
        RouteName(.get, "/gallery"): page,
        RouteName(.get, "/history"): page,
        RouteName(.get, "/credits"): page,
        RouteName(.get, "/signin"): page,
        RouteName(.get, "/device"): page,
        RouteName(.get, "/admin"): RouteDescription(
            .file(["text/html"], "a page"),
            .empty(304, "it has not changed"),
            .file(["text/html"], status: 403, "a page that says for whom this is")
        ),
        RouteName(.get, "/pages/server.json"): RouteDescription(
            takesCaller: true,
            .json(
                Schema.object([
                    "mode": Schema.text, "version": Schema.text, "sign_in_with": Schema.array(Schema.text),
                    "is_open": Schema.flag, "user": Schema.nullable(Schema.named(.user)),
                ])
            )
        ),
        RouteName(.get, "/pages/{file}"): RouteDescription(
            .file(["text/css", "text/javascript", "image/svg+xml"], "the file"),
            .empty(304, "it has not changed")
        ),
    ]
}
