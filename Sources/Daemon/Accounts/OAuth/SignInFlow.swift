import Orchestrator
import Persistence

/// Signs people in through identity providers.
///
/// The state that goes round is known to the browser and the provider alone, is good once, for ten minutes, and in the
/// browser that began. All else that belongs to it stays here.
final class SignInFlow: RecordReader, Sendable {
    /// Where a browser is sent, and what it is given to be known by when it comes back.
    struct Departure: Sendable {
        var location: String
        var browserToken: String
    }

    /// Who comes back.
    enum Returner: Sendable {
        /// A browser, by a redirect or a form of the provider's, with the token of its cookie.
        case browser(token: String?)
        /// A page of ours or of a site that sign-ins may return to, by a script.
        case page(WebOrigin?, isOwn: Bool, token: String?)
        /// A program that is no browser: nobody makes it send what it does not mean to.
        case program(token: String?)
    }

    static let age = Duration.seconds(600)
    /// Apple's tokens are good for a day at most.
    private static let nativeTokenAge = Duration.seconds(2 * 86_400)
    private static let secretBytes = 32
    private static let longestURI = 2000

    let store: any IdentityStore & Sendable
    private let time: any TimeSource
    private let calls: SignInCalls
    private let issuers: IssuerDocuments
    private let publicURL: String
    private let starts = Lock(AttemptLimiter(Rate(count: 1000, window: .seconds(600))))

    init(
        store: any IdentityStore & Sendable,
        time: any TimeSource,
        upstream: any Upstream,
        publicURL: String,
        reachElsewhere: @escaping @Sendable () -> Reach
    ) {
        self.store = store
        self.time = time
        self.publicURL = publicURL
        calls = SignInCalls(upstream: upstream, reachElsewhere: reachElsewhere)
        issuers = IssuerDocuments(calls: calls, time: time)
    }

    /// Our own address for browsers that come back.
    func callback(_ name: IdentityProviderName) -> String { "\(publicURL)/v1/auth/\(name.rawValue)/callback" }

    private func provider(_ name: IdentityProviderName, _ settings: AuthSettings) throws(APIError)
        -> any IdentityProvider
    {
        switch name {
        case .github:
            if let github = settings.github { return GitHubSignIn(settings: github, calls: calls) }
        case .google:
            if let google = settings.google {
                return OpenIDSignIn(settings: google, calls: calls, issuers: issuers, time: time)
            }
        case .apple:
            if let apple = settings.apple {
                return AppleSignIn(settings: apple, calls: calls, issuers: issuers, time: time)
            }
        }
        throw .notFound(name.absence)
    }

    // MARK: - There

    /// Sends somebody to the provider. `redirectURI` nil: back to us, and then to `returnPath`.
    func begin(
        _ name: IdentityProviderName,
        _ settings: AuthSettings,
        redirectURI: String?,
        returnPath: String?,
        browserToken: String?,
        from address: String
    ) async throws(APIError) -> Departure {
        let provider = try provider(name, settings)
        let own = callback(name)
        let redirectURI = redirectURI ?? own
        guard redirectURI == own || settings.redirectURIs.contains(redirectURI) else {
            throw .invalidValue("redirect_uri", "must be '\(own)', or one that auth.redirect_uris lists")
        }
        let returnPath = try Self.path(returnPath)
        try admit(address)
        let endpoint = try await provider.authorizationEndpoint()
        let (state, verifier, nonce) = (Self.secret(), Self.secret(), Self.secret())
        let token = browserToken ?? Self.secret()
        let signIn = PendingSignIn(
            stateHash: SHA256.hex(of: state),
            provider: name.rawValue,
            browserHash: SHA256.hex(of: token),
            redirectURI: redirectURI,
            returnPath: returnPath,
            verifier: verifier,
            nonce: nonce,
            expires: time.now() + Self.age
        )
        try await reading { store throws(StoreError) in try await store.addSignIn(signIn) }
        let challenge = Base64URL.encode(SHA256.digest(of: verifier.utf8Span.span))
        let query: [(name: String, value: String)] =
            [
                ("response_type", "code"), ("client_id", provider.clientID), ("redirect_uri", redirectURI),
                ("scope", provider.scope), ("state", state), ("nonce", nonce), ("code_challenge", challenge),
                ("code_challenge_method", "S256"),
            ] + provider.extras
        let location = endpoint + (endpoint.contains("?") ? "&" : "?") + PercentEncoding.form(query)
        return Departure(location: location, browserToken: token)
    }

    /// Counts a sign-in from an address; throws 429.
    private func admit(_ address: String) throws(APIError) {
        let (holder, now) = (AddressBlock.holder(of: address), time.monotonic())
        let wait = starts.withLock { starts in
            let wait = starts.wait(for: holder, at: now)
            if wait == nil { starts.count(holder, at: now) }
            return wait
        }
        if let wait { throw .tooManyAttempts("too many sign-ins from this address", wait) }
    }

    /// 64 characters that nobody can guess; also what a verifier may consist of (RFC 7636 section 4.1).
    private static func secret() -> String { Hex.text(SecureRandom().bytes(secretBytes)) }

    /// A page of ours to go on with: a path that no browser takes for an address elsewhere.
    private static func path(_ text: String?) throws(APIError) -> String {
        guard let text else { return "/" }
        let bytes = Array(text.utf8.prefix(2))
        guard text.utf8.count <= longestURI,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }),
            bytes.first == UInt8(ascii: "/"), bytes.count < 2 || bytes[1] != UInt8(ascii: "/")
        else { throw .invalidValue("return_to", "must be a path here, such as '/gallery'") }
        return text
    }

    // MARK: - And back

    /// Takes the sign-in of a state, which is good for nothing afterwards, whoever showed it.
    func take(
        _ state: String,
        of name: IdentityProviderName,
        redirectURI: String?,
        by returner: Returner
    ) async throws(APIError) -> PendingSignIn {
        let (hash, now) = (SHA256.hex(of: state), time.now())
        let signIn = try await reading { store throws(StoreError) in
            try await store.takeSignIn(stateHash: hash, now: now)
        }
        guard let signIn, signIn.provider == name.rawValue, isAdmitted(returner, to: signIn, of: name) else {
            throw .invalidValue("state", "no sign-in waits for it in this browser: begin again")
        }
        if let redirectURI, redirectURI != signIn.redirectURI {
            throw .invalidValue("redirect_uri", "is not the one that the sign-in began with")
        }
        return signIn
    }

    private func isAdmitted(_ returner: Returner, to signIn: PendingSignIn, of name: IdentityProviderName) -> Bool {
        func holds(_ token: String) -> Bool {
            MessageAuthentication.areEqual(Array(SHA256.hex(of: token).utf8), Array(signIn.browserHash.utf8))
        }
        switch returner {
        case .browser(let token): return signIn.redirectURI == callback(name) && token.map(holds) == true
        case .page(_, isOwn: true, let token): return token.map(holds) == true
        case .page(let origin, isOwn: false, _): return origin != nil && origin == WebOrigin(signIn.redirectURI)
        case .program(let token): return token.map(holds) ?? true
        }
    }

    /// The account of whoever came back with a code; `owner` is signed in at this moment.
    func complete(
        _ signIn: PendingSignIn,
        code: String,
        _ name: IdentityProviderName,
        _ settings: AuthSettings,
        owner: UserID?
    ) async throws(APIError) -> IdentifiedUser {
        try await account(of: try await provider(name, settings).identity(code: code, of: signIn), owner: owner)
    }

    // MARK: - Without a way there

    /// The account of whoever an app of ours vouches for by a token that Apple gave it; each token once.
    func complete(
        appleToken token: String,
        nonce: String,
        _ settings: AuthSettings,
        from address: String
    ) async throws(APIError) -> IdentifiedUser {
        guard let apple = settings.apple, !apple.bundleIDs.isEmpty else {
            throw .notFound("sign-in with Apple from apps is not set up here")
        }
        try admit(address)
        let provider = AppleSignIn(settings: apple, calls: calls, issuers: issuers, time: time)
        let identity = try await provider.identity(nativeToken: token, nonce: nonce)
        try await spend(token)
        return try await account(of: identity, owner: nil)
    }

    /// Throws 401 for a token that was shown before. It is kept as a sign-in that nobody can come back to: no state has a hash
    /// of this form.
    private func spend(_ token: String) async throws(APIError) {
        let mark = PendingSignIn(
            stateHash: "spent:" + SHA256.hex(of: token),
            provider: IdentityProviderName.apple.rawValue,
            browserHash: "",
            redirectURI: "",
            returnPath: "",
            verifier: "",
            nonce: "",
            expires: time.now() + Self.nativeTokenAge
        )
        do throws(StoreError) {
            try await store.addSignIn(mark)
        } catch {
            guard case .conflict = error else { throw .record(error, "sign-in") }
            throw APIError(401, .authentication, "invalid_api_key", "this token was used before: begin again")
        }
    }

    private func account(of identity: ProvenIdentity, owner: UserID?) async throws(APIError) -> IdentifiedUser {
        let (id, now) = (time.makeID(UserID.self), time.now())
        // An address that nobody has, by a domain that nobody can have (RFC 2606).
        let email = identity.email ?? "\(id.text)@unverified.invalid"
        let newUser = UserRecord(id: id, email: email, isAdmin: false, created: now)
        return try await reading { store throws(StoreError) in
            try await store.identify(identity, orAdd: newUser, owner: owner, now: now)
        }
    }
}
