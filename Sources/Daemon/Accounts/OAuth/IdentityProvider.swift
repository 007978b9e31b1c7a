import Orchestrator

/// A service that tells us who somebody is, by the authorization code flow (RFC 6749 section 4.1) with PKCE (RFC 7636).
protocol IdentityProvider: Sendable {
    var name: IdentityProviderName { get }
    var clientID: String { get }
    /// What we want to know, as the provider calls it.
    var scope: String { get }
    /// Further parameters of the way there.
    var extras: [(name: String, value: String)] { get }

    /// Where browsers are sent.
    func authorizationEndpoint() async throws(APIError) -> String

    /// Who came back with a code.
    func identity(code: String, of signIn: PendingSignIn) async throws(APIError) -> ProvenIdentity
}

/// As routes and records call an identity provider.
enum IdentityProviderName: String, Sendable, CaseIterable {
    case github, google, apple

    /// What people call it.
    var title: String {
        switch self {
        case .github: "GitHub"
        case .google: "Google"
        case .apple: "Apple"
        }
    }

    /// Where it is not set up.
    var absence: String { "sign-in with \(title) is not set up here" }
}

extension AuthSettings {
    /// Whether people can sign in through it.
    func isSet(_ name: IdentityProviderName) -> Bool {
        switch name {
        case .github: github != nil
        case .google: google != nil
        case .apple: apple != nil
        }
    }
}

extension ProvenIdentity {
    /// With the address only if it is one that accounts may have; that of no machine of ours, as the first administrator's is.
    init(_ provider: IdentityProviderName, subject: String, verifiedEmail: String?) {
        let email = verifiedEmail.flatMap { EmailAddress($0)?.text }
        self.init(
            provider: provider.rawValue,
            subject: subject,
            email: email.flatMap { $0.drop { $0 != "@" }.contains(".") ? $0 : nil }
        )
    }
}
