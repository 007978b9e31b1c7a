import Orchestrator

/// Believes an issuer's token, or does not, whichever way it came.
struct TokenCheck: Sendable {
    let name: IdentityProviderName
    /// Where the issuer's keys are.
    let keys: String
    /// The issuer's address as the configuration names it.
    let home: String
    let documents: IssuerDocuments

    /// Whom a token vouches for; throws 401 for one that is not right in every way.
    func identity(
        _ text: String,
        _ expected: IDToken.Expectation,
        now: Timestamp
    ) async throws(APIError) -> ProvenIdentity {
        let token = try believing { () throws(IDToken.Defect) in try IDToken(text) }
        guard let key = try await documents.key(for: token, at: keys, home: home, title: name.title) else {
            throw disbelief("nobody has its key")
        }
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
    func disbelief(_ reason: String) -> APIError {
        APIError(
            401,
            .authentication,
            "invalid_api_key",
            "\(name.title) did not prove who you are: begin the sign-in again",
            detail: "sign-in with \(name.title): the token is not believed: \(reason)"
        )
    }
}
