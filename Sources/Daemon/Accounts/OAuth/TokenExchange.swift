import Orchestrator

/// Turns a code into the identity that an issuer's signed token names.
struct TokenExchange: Sendable {
    var name: IdentityProviderName
    var clientID: String
    var clientSecret: Secret
    /// Where codes are exchanged.
    var token: String
    /// Where the issuer's keys are.
    var keys: String
    /// The address that the configuration names.
    var home: String
    /// What the issuer calls itself.
    var issuers: [String]

    func identity(
        code: String,
        of signIn: PendingSignIn,
        _ calls: SignInCalls,
        _ documents: IssuerDocuments,
        now: Timestamp
    ) async throws(APIError) -> ProvenIdentity {
        let answer = try await calls.post(
            token,
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", signIn.redirectURI),
                ("client_id", clientID), ("client_secret", clientSecret.reveal()),
                ("code_verifier", signIn.verifier),
            ],
            home: home,
            of: name.title
        )
        guard answer.isSuccess, let text = answer.document["id_token"]?.string else {
            throw SignInCalls.refused(name.title, answer)
        }
        let expected = IDToken.Expectation(issuers: issuers, audiences: [clientID], nonce: signIn.nonce)
        let check = TokenCheck(name: name, keys: keys, home: home, documents: documents)
        return try await check.identity(text, expected, now: now)
    }
}
