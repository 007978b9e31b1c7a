import Orchestrator

/// A service that tells us who somebody is.
enum IdentityProvider {
    /// As routes and records call it.
    enum Name: String, Sendable, CaseIterable {
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
}

extension AuthSettings {
    /// Whether people can sign in through it.
    func isSet(_ name: IdentityProvider.Name) -> Bool {
        switch name {
        case .github: github != nil
        case .google: google != nil
        case .apple: apple != nil
        }
    }
}
