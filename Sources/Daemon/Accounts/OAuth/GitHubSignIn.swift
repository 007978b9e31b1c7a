import Orchestrator

/// Sign-in with an OAuth app of GitHub, which has no tokens that say who somebody is: its API is asked instead.
struct GitHubSignIn: IdentityProvider {
    let settings: GitHubSettings
    let calls: SignInCalls

    let name = IdentityProviderName.github
    let scope = "read:user user:email"
    let extras: [(name: String, value: String)] = []
    var clientID: String { settings.clientID }

    func authorizationEndpoint() async throws(APIError) -> String { settings.baseURL + "/login/oauth/authorize" }

    func identity(code: String, of signIn: PendingSignIn) async throws(APIError) -> ProvenIdentity {
        let token = try await token(code, signIn)
        let user = try await calls.get(settings.apiURL + "/user", token: token, home: settings.apiURL, of: name.title)
        guard user.isSuccess, let id = user.document["id"]?.int else {
            throw SignInCalls.unavailable(name.title, "the user: status \(user.status)")
        }
        return ProvenIdentity(name, subject: "\(id)", verifiedEmail: try await email(token))
    }

    /// GitHub says that a code is wrong with status 200.
    private func token(_ code: String, _ signIn: PendingSignIn) async throws(APIError) -> Secret {
        let answer = try await calls.post(
            settings.baseURL + "/login/oauth/access_token",
            [
                ("client_id", settings.clientID), ("client_secret", settings.clientSecret.reveal()), ("code", code),
                ("redirect_uri", signIn.redirectURI), ("code_verifier", signIn.verifier),
            ],
            home: settings.baseURL,
            of: name.title
        )
        guard answer.isSuccess, let token = answer.document["access_token"]?.string,
            answer.document["token_type"]?.string?.lowercased() == "bearer"
        else { throw SignInCalls.refused(name.title, answer) }
        return Secret(token)
    }

    /// The primary address, if it was verified; who did not let us see the list has none.
    private func email(_ token: Secret) async throws(APIError) -> String? {
        let url = settings.apiURL + "/user/emails"
        let answer = try await calls.get(url, token: token, home: settings.apiURL, of: name.title)
        guard answer.isSuccess else { return nil }
        let primary = answer.document.array?.first { $0["primary"]?.bool == true && $0["verified"]?.bool == true }
        return primary?["email"]?.string
    }
}
