import Orchestrator

/// Sign-in with Google, or any issuer of OpenID Connect that can be discovered alike.
struct OpenIDSignIn: IdentityProvider {
    let settings: GoogleSettings
    let calls: SignInCalls
    let issuers: IssuerDocuments
    let time: any TimeSource

    let name = IdentityProviderName.google
    let scope = "openid email profile"
    let extras: [(name: String, value: String)] = []
    var clientID: String { settings.clientID }

    private static let google = "https://accounts.google.com"

    /// Google may leave the scheme out (Google's "Validating an ID token").
    private var names: [String] {
        settings.issuer == Self.google ? [settings.issuer, "accounts.google.com"] : [settings.issuer]
    }

    func authorizationEndpoint() async throws(APIError) -> String {
        try await issuers.discovery(of: settings.issuer, title: name.title).authorization
    }

    func identity(code: String, of signIn: PendingSignIn) async throws(APIError) -> ProvenIdentity {
        let places = try await issuers.discovery(of: settings.issuer, title: name.title)
        let exchange = TokenExchange(
            name: name,
            clientID: settings.clientID,
            clientSecret: settings.clientSecret,
            token: places.token,
            keys: places.keys,
            home: settings.issuer,
            issuers: names
        )
        return try await exchange.identity(code: code, of: signIn, calls, issuers, now: time.now())
    }
}
