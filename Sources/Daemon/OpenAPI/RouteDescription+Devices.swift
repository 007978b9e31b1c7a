import Orchestrator
import Transport

// Signing in on a device without a browser.
extension RouteDescription {
    private static let name = Schema.text(0...100)
    private static let start: JSON = Schema.object(
        [:],
        optional: ["client_id": name, "client_type": name, "provider": Schema.choice(["local"])]
    )
    private static let poll: JSON = Schema.object(
        ["device_code": Schema.text(1...1000)],
        optional: [
            "client_id": name, "grant_type": Schema.constant("urn:ietf:params:oauth:grant-type:device_code"),
        ]
    )

    static let devices: [RouteName: RouteDescription] = [
        RouteName(.post, "/v1/auth/device/code"): RouteDescription(
            body: start,
            urlEncoded: start,
            error: .oauthError,
            .json(
                Schema.object([
                    "device_code": Schema.text, "user_code": Schema.text, "verification_uri": Schema.link,
                    "verification_uri_complete": Schema.link, "expires_in": Schema.count, "interval": Schema.count,
                ]),
                "what the device shows, and what it polls with"
            )
        ),
        RouteName(.post, "/v1/auth/device/token"): RouteDescription(
            body: poll,
            urlEncoded: poll,
            error: .oauthError,
            .json(
                Schema.object([
                    "access_token": Schema.text, "token_type": Schema.constant("Bearer"), "api_key": Schema.text,
                    "user_id": Schema.id(UserID.self),
                ]),
                "the key, once"
            )
        ),
        RouteName(.get, "/v1/auth/device/{device_code}/status"): RouteDescription(
            .json(Schema.object(["status": Schema.text, "message": Schema.text, "user_code": Schema.text]))
        ),
        RouteName(.get, "/v1/auth/device"): RouteDescription(
            query: [Parameter("user_code", Schema.text(1...1000), "as the device shows it", isRequired: true)],
            .json(Schema.named(.device), "who asks, so that a person can tell whether it is they")
        ),
        RouteName(.post, "/v1/auth/device/approve"): RouteDescription(
            body: Schema.object(["user_code": Schema.text(1...1000), "approve": Schema.flag]),
            urlEncoded: Schema.object([
                "user_code": Schema.text(1...1000), "approve": Schema.choice(["true", "false"]),
            ]),
            .json(Schema.named(.device))
        ),
    ]
}
