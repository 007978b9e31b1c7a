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
        let token = try believing { () throws(IDToken.Defect) in try IDToken(text) }
        guard let key = try await documents.key(for: token, at: keys, home: home, title: name.title) else {
            throw disbelief("nobody has its key")
        }
        let expected = IDToken.Expectation(issuers: issuers, audience: clientID, nonce: signIn.nonce)
        let claims = try believing { () throws(IDToken.Defect) in try token.claims(key, expected, now: now) }
        return ProvenIdentity(name, subject: claims.subject, verifiedEmail: claims.verifiedEmail)
    }

    private func believing<Value>(_ body: () throws(IDToken.Defect) -> Value) throws(APIError) -> Value {
        do throws(IDToken.Defect) {
            return try body()
        } catch {
            throw disbelief(error.reason)
        }
    }

    /// 401 for a token that proves nothing.
    private func disbelief(_ reason: String) -> APIError {
        APIError(
            401,
            .authentication,
            "invalid_api_key",
            "\(name.title) did not prove who you are: begin the sign-in again",
            detail: "sign-in with \(name.title): the token is not believed: \(reason)"
        )
    }
}
