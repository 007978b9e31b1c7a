/// The `auth:` section.
package struct AuthSettings: Sendable {
    /// Who may use the pages without signing in.
    package enum OpenStudio: String, Sendable, CaseIterable {
        /// Anyone, while the address that is listened on is a loopback one.
        case loopback
        case always, never
    }

    /// Whether programs sign what they send instead of sending their keys along.
    package enum SignedRequests: String, Sendable, CaseIterable {
        /// As each likes.
        case optional
        /// A key that is sent as it is is refused.
        case required
    }

    package var openStudio = OpenStudio.loopback
    package var signedRequests = SignedRequests.optional
    /// What sessions and links are signed with; nil: not set, or to be made on the first start.
    package var sessionSecret: Secret?
    /// Where the secret is to be kept once made, where the file names a place that does not exist yet; else in the data directory.
    package var sessionSecretFile: String?
    /// Addresses that a sign-in may return to besides the daemon's own.
    package var redirectURIs: [String] = []
    package var github: GitHubSettings?
    package var google: GoogleSettings?
    package var apple: AppleSettings?

    package init() {}

    package var wantsSignatures: Bool {
        switch signedRequests {
        case .optional: false
        case .required: true
        }
    }
}

/// Sign-in with GitHub; URLs are absolute and without trailing slash.
package struct GitHubSettings: Sendable, Hashable {
    package var clientID: String
    package var clientSecret: Secret
    package var baseURL: String
    package var apiURL: String

    package init(clientID: String, clientSecret: Secret, baseURL: String, apiURL: String) {
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.baseURL = baseURL
        self.apiURL = apiURL
    }
}

/// Sign-in with Google, or any issuer that can be discovered alike.
package struct GoogleSettings: Sendable, Hashable {
    package var clientID: String
    package var clientSecret: Secret
    /// The issuer as its tokens name it; discovery is at `/.well-known/openid-configuration` behind it.
    package var issuer: String

    package init(clientID: String, clientSecret: Secret, issuer: String) {
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.issuer = issuer
    }
}

/// Sign-in with Apple, whose client secret is a token that we sign.
package struct AppleSettings: Sendable, Hashable {
    /// The services id.
    package var clientID: String
    package var teamID: String
    package var keyID: String
    /// The P-256 key in PEM, as Apple's `.p8` file holds it.
    package var privateKey: Secret
    package var issuer: String
    /// The apps whose own tokens are taken; none: no app's.
    package var bundleIDs: [String] = []

    package init(clientID: String, teamID: String, keyID: String, privateKey: Secret, issuer: String) {
        self.clientID = clientID
        self.teamID = teamID
        self.keyID = keyID
        self.privateKey = privateKey
        self.issuer = issuer
    }
}
