/// Who signs in through somebody else: identities at GitHub, Google and Apple, and sign-ins under way to them.
package protocol IdentityStore {
    /// Throws `.conflict` when the state is taken.
    func addSignIn(_ signIn: PendingSignIn) async throws(StoreError)
    /// The sign-in that a state names, which is good for nothing from then on; nil when it was taken before or has run out.
    func takeSignIn(stateHash: String, now: Timestamp) async throws(StoreError) -> PendingSignIn?

    /// The account of an identity. One that nobody has seen before gets the account of its e-mail address, or else becomes
    /// `newUser`, whose address is the identity's, or stands in for one.
    ///
    /// Nobody had proven until then that they read an account's mail if it was made with a password: whoever made it may
    /// have been somebody else. So password, sessions and keys made before end there, unless the account is `owner`: who
    /// is signed in to it at that very moment.
    func identify(
        _ identity: ProvenIdentity,
        orAdd newUser: UserRecord,
        owner: UserID?,
        now: Timestamp
    ) async throws(StoreError) -> IdentifiedUser

    /// Removes an account with its keys, sessions, identities and pictures, and what its jobs were asked. What was paid and
    /// charged stays, under an id that then names nobody.
    func removeUser(_ user: UserID) async throws(StoreError) -> UserRemoval
}

/// A sign-in on its way through an identity provider.
package struct PendingSignIn: Sendable, Hashable {
    /// SHA-256 of the state, lower-case hex.
    package var stateHash: String
    /// `github`, `google` or `apple`.
    package var provider: String
    /// SHA-256 of the cookie that the browser was given, lower-case hex.
    package var browserHash: String
    /// Where the provider sends the browser back to.
    package var redirectURI: String
    /// The page of ours to go on with: a path, and perhaps a query.
    package var returnPath: String
    /// Proves to the provider that who redeems the code is who asked for it (RFC 7636).
    package var verifier: String
    /// What the provider's token must say.
    package var nonce: String
    package var expires: Timestamp

    package init(
        stateHash: String,
        provider: String,
        browserHash: String,
        redirectURI: String,
        returnPath: String,
        verifier: String,
        nonce: String,
        expires: Timestamp
    ) {
        self.stateHash = stateHash
        self.provider = provider
        self.browserHash = browserHash
        self.redirectURI = redirectURI
        self.returnPath = returnPath
        self.verifier = verifier
        self.nonce = nonce
        self.expires = expires
    }
}

/// Somebody whom an identity provider vouches for.
package struct ProvenIdentity: Sendable, Hashable {
    package var provider: String
    /// What the provider calls them for good.
    package var subject: String
    /// In the form that accounts have; nil unless the provider says that they read its mail.
    package var email: String?

    package init(provider: String, subject: String, email: String?) {
        self.provider = provider
        self.subject = subject
        self.email = email
    }
}

/// The account of an identity, and how it came to it.
package struct IdentifiedUser: Sendable {
    package enum Way: String, Sendable {
        /// The identity was known.
        case known
        /// It was given the account of its address.
        case linked
        /// As `linked`; what opened the account before does so no more.
        case reclaimed
        /// The account is new.
        case added
    }

    package var user: UserRecord
    package var way: Way

    package init(user: UserRecord, way: Way) {
        self.user = user
        self.way = way
    }
}

/// What became of the wish to remove an account.
package enum UserRemoval: String, Sendable {
    case removed
    /// There is none.
    case unknown
    /// It is the only administrator's.
    case lastAdministrator
    /// Jobs of it have not ended.
    case busy
}
