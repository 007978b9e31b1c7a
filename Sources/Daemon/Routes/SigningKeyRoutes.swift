import Orchestrator
import Transport

/// `/v1/auth/signing-key`: what the key of a caller signs requests with.
enum SigningKeyRoutes {
    /// Here a key may be sent as it is, whatever `auth.signed_requests` says: it has to begin somehow.
    static let path = "/v1/auth/signing-key"

    static let all: [Route] = [
        Route(.post, path, .caller, "What your key signs requests with", repeats: .byRoute) {
            exchange throws(APIError) in
            guard let key = try exchange.requireCaller().key else {
                throw .permissionDenied("this is for keys: who is signed in has no key to sign with")
            }
            return .json(
                [
                    "object": "signing_key", "key_id": .string(key.id.text),
                    "signing_key": .string(exchange.service.authenticator.signingKeys.text(ofKey: key.hash)),
                ],
                headers: [(name: "cache-control", value: "no-store")]
            )
        }
    ]
}
