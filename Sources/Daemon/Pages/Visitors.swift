import Orchestrator
import Persistence
import Transport

/// Those who use the pages without signing in, where `auth.open_studio` lets them: all act as one built-in user.
///
/// Their cookie is signed and kept nowhere, so that however many come, nothing grows.
final class Visitors: Sendable {
    /// No person can sign up with it.
    static let email = "studio@localhost"
    private static let age = Duration.seconds(7 * 86_400)
    private static let randomBytes = 8
    private static let signatureBytes = 16

    private let secret: [UInt8]
    private let store: any AccountStore & Sendable
    private let time: any TimeSource
    private let publicURL: String
    private let registry: @Sendable () -> Registry
    private let user = Lock<UserRecord?>(nil)

    init(
        secret: [UInt8],
        store: any AccountStore & Sendable,
        time: any TimeSource,
        publicURL: String,
        registry: @escaping @Sendable () -> Registry
    ) {
        self.secret = secret
        self.store = store
        self.time = time
        self.publicURL = publicURL
        self.registry = registry
    }

    /// Whether who sends these headers may be here without signing in.
    func areAdmitted(_ headers: HTTPHeaders) -> Bool {
        let registry = registry()
        return Self.areAdmitted(
            registry.auth.openStudio,
            listen: registry.server.listen,
            publicURL: publicURL,
            host: headers["host"],
            isForwarded: headers.contains("x-forwarded-for") || headers.contains("forwarded")
        )
    }

    /// Under `loopback` every sign of a visitor from elsewhere counts: a listening address that others reach, a public
    /// address, a proxy, and a name of the host that is not this machine's own, which is how a foreign page gets a browser
    /// to take this server for its own (DNS rebinding).
    static func areAdmitted(
        _ setting: AuthSettings.OpenStudio,
        listen: String,
        publicURL: String,
        host: String?,
        isForwarded: Bool
    ) -> Bool {
        switch setting {
        case .always: true
        case .never: false
        case .loopback:
            !isForwarded && isLoopback(ListenAddress(listen)?.host)
                && isLoopback(WebOrigin("http://" + (host ?? ""))?.host) && isLoopback(WebOrigin(publicURL)?.host)
        }
    }

    private static func isLoopback(_ host: String?) -> Bool {
        guard let host else { return false }
        return host == "localhost" || AddressBlock.loopback.contains { $0.contains(host) }
    }

    // MARK: - Cookies

    /// A new cookie's token.
    func makeToken() -> String {
        let expires = time.now() + Self.age
        let body = Hex.text(Self.bytes(UInt64(max(expires.seconds, 0))) + SecureRandom().bytes(Self.randomBytes))
        return body + signature("session", body)
    }

    /// The session of a token that was made here and has not run out; nil for every other.
    func session(_ token: String) async throws(StoreError) -> (session: SessionRecord, user: UserRecord)? {
        let body = String(token.prefix(2 * (8 + Self.randomBytes)))
        guard let bytes = Hex.bytes(body), bytes.count == 8 + Self.randomBytes,
            MessageAuthentication.areEqual(Array(token.utf8), Array((body + signature("session", body)).utf8))
        else { return nil }
        let seconds = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let expires = Timestamp(milliseconds: Int64(clamping: seconds) * 1000)
        guard expires > time.now() else { return nil }
        let user = try await builtInUser()
        let session = SessionRecord(
            tokenHash: SHA256.hex(of: token),
            user: user.id,
            csrfToken: signature("page", body),
            created: expires + (.zero - Self.age),
            expires: expires
        )
        return (session, user)
    }

    private func builtInUser() async throws(StoreError) -> UserRecord {
        if let known = user.withLock({ $0 }) { return known }
        let found = try await store.ensureUser(email: Self.email, isAdmin: false, now: time.now(), id: time.makeID())
        user.withLock { $0 = found }
        return found
    }

    private func signature(_ purpose: String, _ body: String) -> String {
        let (message, key) = (Array("visitor \(purpose) \(body)".utf8), secret)
        let code = MessageAuthentication.code(for: message.span, key: key.span)
        return Hex.text(Array(code.prefix(Self.signatureBytes)))
    }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
    }
}
