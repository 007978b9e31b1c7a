import Orchestrator
import Persistence

/// Local accounts: an e-mail address and a password, and the sessions they open.
final class Accounts: RecordReader, Sendable {
    static let passwordBytes = 8...1024

    let store: any AccountStore & Sendable
    private let time: any TimeSource
    private let hasher: PasswordHasher
    private let throttle = Lock(SignInThrottle())

    init(store: any AccountStore & Sendable, time: any TimeSource, hasher: PasswordHasher) {
        self.store = store
        self.time = time
        self.hasher = hasher
    }

    /// Makes an account; throws 400 when the e-mail address is taken.
    func signUp(_ email: EmailAddress, password: String, from address: String) async throws(APIError) -> UserRecord {
        let (address, now) = (AddressBlock.holder(of: address), time.monotonic())
        if let wait = throttle.withLock({ $0.signUp(address: address, at: now) }) {
            throw .tooManyAttempts("too many new accounts from this address", wait)
        }
        guard email.text != Visitors.email else {
            throw .invalidValue("email", "there is an account with this address")
        }
        let hash = try await hasher.hash(password)
        let user = UserRecord(id: time.makeID(), email: email.text, isAdmin: false, created: time.now())
        do throws(StoreError) {
            try await store.addUser(user, passwordHash: hash)
        } catch {
            guard case .conflict = error else { throw .record(error, "sign up") }
            throttle.withLock { $0.foundTaken(address: address, at: now) }
            throw .invalidValue("email", "there is an account with this address")
        }
        return user
    }

    /// The account of an e-mail address and its password. What is wrong of the two, the answer does not tell, nor does the
    /// time it takes.
    func signIn(email: String, password: String, from address: String) async throws(APIError) -> UserRecord {
        let account = EmailAddress(email)?.text ?? ""
        let found = try await attempt(account, address) { () async throws(APIError) -> UserRecord? in
            let known = try await reading { store throws(StoreError) in try await store.credentials(email: account) }
            let verdict = try await hasher.verify(password, known?.passwordHash)
            guard verdict.isRight, let user = known?.user else { return nil }
            if verdict.isOutdated {
                let hash = try await hasher.hash(password)
                _ = try await reading { store throws(StoreError) in try await store.setPassword(hash, of: user.id) }
            }
            return user
        }
        guard let found else {
            throw APIError(401, .authentication, "invalid_api_key", "the e-mail address or the password is wrong")
        }
        return found
    }

    /// Replaces the password of `user`, and ends its sessions but `session`; false when `current` is not the password.
    func changePassword(
        of user: UserRecord,
        from current: String,
        to new: String,
        keeping session: SessionRecord,
        address: String
    ) async throws(APIError) -> Bool {
        let changed = try await attempt(user.email, address) { () async throws(APIError) -> Bool? in
            let known = try await reading { store throws(StoreError) in try await store.credentials(email: user.email) }
            guard try await hasher.verify(current, known?.passwordHash).isRight else { return nil }
            let hash = try await hasher.hash(new)
            return try await reading { store throws(StoreError) in
                let isSet = try await store.setPassword(hash, of: user.id)
                try await store.endSessions(of: user.id, butFor: session.tokenHash)
                return isSet
            }
        }
        return changed ?? false
    }

    /// Opens a session; the token is for the browser alone.
    func openSession(of user: UserID) async throws(APIError) -> (token: String, session: SessionRecord) {
        let (token, now) = (SessionCookie.makeToken(), time.now())
        let session = SessionRecord(
            tokenHash: SHA256.hex(of: token),
            user: user,
            csrfToken: SessionCookie.makeToken(),
            created: now,
            expires: now + SessionCookie.age
        )
        try await reading { store throws(StoreError) in try await store.addSession(session) }
        return (token, session)
    }

    /// Ends the session of a token, if there is one.
    func endSession(token: String) async throws(APIError) {
        let hash = SHA256.hex(of: token)
        try await reading { store throws(StoreError) in try await store.endSession(tokenHash: hash) }
    }

    /// What stands for a body with a password where repeats are told apart.
    func fingerprint(_ body: [UInt8], salt: String) async throws(APIError) -> String {
        try await hasher.fingerprint(body, salt: salt)
    }

    /// Runs one try of a password under the throttle; nil is a wrong one.
    private func attempt<T>(
        _ account: String,
        _ address: String,
        _ body: () async throws(APIError) -> T?
    ) async throws(APIError) -> T? {
        let (address, now) = (AddressBlock.holder(of: address), time.monotonic())
        if let wait = throttle.withLock({ $0.begin(account: account, address: address, at: now) }) {
            throw .tooManyAttempts("too many wrong passwords", wait)
        }
        let result = try await body()
        if result != nil { throttle.withLock { $0.succeed(account: account, address: address) } }
        return result
    }
}
