import Orchestrator
import Persistence

/// Sign in with Apple, whose client secret is a token that we sign (Apple's "Creating a client secret").
///
/// Apple posts the browser back as a form, since we ask for the e-mail address.
struct AppleSignIn: IdentityProvider {
    let settings: AppleSettings
    let calls: SignInCalls
    let issuers: IssuerDocuments
    let time: any TimeSource

    let name = IdentityProviderName.apple
    let scope = "name email"
    let extras = [(name: "response_mode", value: "form_post")]
    var clientID: String { settings.clientID }

    /// Apple takes up to six months.
    private static let secretAge = Duration.seconds(300)

    private var keys: String { settings.issuer + "/auth/keys" }

    /// Whom a token vouches for that an app of ours got from the system by itself. `nonce` is what the app drew; Apple was
    /// given its SHA-256 in hex, so that who only sees the token cannot use it.
    func identity(nativeToken: String, nonce: String) async throws(APIError) -> ProvenIdentity {
        let expected = IDToken.Expectation(
            issuers: [settings.issuer],
            audiences: settings.bundleIDs,
            nonce: SHA256.hex(of: nonce)
        )
        let check = TokenCheck(name: name, keys: keys, home: settings.issuer, documents: issuers)
        return try await check.identity(nativeToken, expected, now: time.now())
    }

    func authorizationEndpoint() async throws(APIError) -> String { settings.issuer + "/auth/authorize" }

    func identity(code: String, of signIn: PendingSignIn) async throws(APIError) -> ProvenIdentity {
        let now = time.now()
        let exchange = TokenExchange(
            name: name,
            clientID: settings.clientID,
            clientSecret: try clientSecret(now: now),
            token: settings.issuer + "/auth/token",
            keys: keys,
            home: settings.issuer,
            issuers: [settings.issuer]
        )
        return try await exchange.identity(code: code, of: signIn, calls, issuers, now: now)
    }

    private func clientSecret(now: Timestamp) throws(APIError) -> Secret {
        let header: JSON = ["alg": "ES256", "kid": .string(settings.keyID), "typ": "JWT"]
        let claims: JSON = [
            "iss": .string(settings.teamID), "iat": .integer(now.seconds),
            "exp": .integer((now + Self.secretAge).seconds), "aud": .string(settings.issuer),
            "sub": .string(settings.clientID),
        ]
        let signed = [header, claims].map { Base64URL.encode($0.serialized()) }.joined(separator: ".")
        guard let key = SigningKey(pem: settings.privateKey.reveal()), let signature = key.sign(Array(signed.utf8))
        else {
            throw .internalError("sign-in with Apple: auth.apple.private_key is no P-256 key in PEM")
        }
        return Secret(signed + "." + Base64URL.encode(signature))
    }
}
