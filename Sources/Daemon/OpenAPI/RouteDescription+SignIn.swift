import Orchestrator
import Transport

// Sign-in through identity providers, and the end of an account.
extension RouteDescription {
    private static let word = Schema.text(1...4096)

    private static let departure = RouteDescription(
        query: [
            Parameter("redirect_uri", Schema.text, "an address of `auth.redirect_uris`; ours without one"),
            Parameter("return_to", Schema.text, "the page of ours to go on with, a path"),
        ],
        .empty(302, "to the service; the answer sets a cookie to come back with")
    )

    private static let arrival = RouteDescription(
        query: [
            Parameter("state", Schema.text, "as it was given to the service"),
            Parameter("code", Schema.text, "what the service gives for it"),
            Parameter("error", Schema.text, "why it gives no code"),
        ],
        .empty(303, "to the page, signed in; for browsers, to the page to sign in where something went wrong")
    )

    private static let redemption = RouteDescription(
        body: Schema.object(["code": word, "state": word], optional: ["redirect_uri": Schema.text]),
        urlEncoded: Schema.object(["state": word], optional: ["code": Schema.text, "error": Schema.text]),
        .json(givenKey, "for JSON: a key, shown this once"),
        .empty(303, "for a form, as browsers are led back by Apple: to the page, signed in")
    )

    private static let givenKey = Schema.object([
        "api_key": Schema.text, "user_id": Schema.id(UserID.self), "email": Schema.text, "is_new": Schema.flag,
    ])

    static let signIns: [RouteName: RouteDescription] = {
        var all: [RouteName: RouteDescription] = [
            RouteName(.delete, "/v1/identity"): RouteDescription(
                .json(
                    Schema.object([
                        "id": Schema.id(UserID.self), "object": Schema.constant("user"), "deleted": Schema.flag,
                    ])
                )
            ),
            RouteName(.post, "/v1/auth/apple/native"): RouteDescription(
                body: Schema.object(["id_token": Schema.text(1...16_384), "nonce": Schema.text(16...256)]),
                .json(givenKey, "a key, shown this once")
            ),
        ]
        for name in IdentityProviderName.allCases {
            let path = "/v1/auth/\(name.rawValue)"
            all[RouteName(.get, path)] = departure
            all[RouteName(.get, path + "/callback")] = arrival
            all[RouteName(.post, path + "/callback")] = redemption
        }
        return all
    }()
}
