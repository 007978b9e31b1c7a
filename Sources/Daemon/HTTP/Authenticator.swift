import Orchestrator
import Persistence
import Transport

/// Proves callers by their keys or sessions. Those found valid are remembered for a moment, so that a busy client costs no
/// look-up.
final class Authenticator: Sendable {
    /// What a request shows for itself. A key comes first: who sends one means it.
    private enum Credential: Hashable, Sendable {
        case key(String)
        case session(String)

        /// Nil where there is nothing that could be either.
        init?(_ headers: HTTPHeaders) {
            if headers.contains("authorization") || headers.contains("x-api-key") {
                guard let key = Authenticator.key(in: headers) else { return nil }
                self = .key(key)
            } else if let token = SessionCookie.token(in: headers), SessionCookie.isWellFormed(token) {
                self = .session(token)
            } else {
                return nil
            }
        }
    }

    private struct Known: Sendable {
        var caller: Caller
        var until: Duration
    }

    private struct State: Sendable {
        var known: [Credential: Known] = [:]
        var failures = AttemptLimiter(Authenticator.wrongKeys)
        /// Raised by each `forget`, so that what was looked up before it is not remembered after it.
        var generation = 0
    }

    /// How long a revocation by another daemon may go unseen.
    private static let memory = Duration.seconds(1)
    private static let mostRemembered = 10_000
    /// Keys are long and random, so guessing is hopeless; this is to make it show.
    private static let wrongKeys = Rate(count: 300, window: .seconds(60))
    private static let longestKey = 512

    let pages: OwnPages
    private let visitors: Visitors?
    private let store: any AccountStore & Sendable
    private let time: any TimeSource
    private let state = Lock(State())

    /// Without `visitors`, everybody has to sign in.
    init(store: any AccountStore & Sendable, time: any TimeSource, publicURL: String, visitors: Visitors? = nil) {
        self.store = store
        self.time = time
        self.visitors = visitors
        pages = OwnPages(publicURL: publicURL)
    }

    func caller(of exchange: Exchange) async throws(APIError) -> Caller {
        let request = exchange.request
        return try await caller(request.headers, request.method, address: exchange.clientAddress)
    }

    /// Whether the request shows anything to prove its caller by, right or wrong.
    static func hasCredential(_ headers: HTTPHeaders) -> Bool {
        headers.contains("authorization") || headers.contains("x-api-key") || Credential(headers) != nil
    }

    func caller(
        _ headers: HTTPHeaders,
        _ method: HTTPMethod,
        address: @autoclosure () -> String
    ) async throws(APIError) -> Caller {
        guard let credential = Credential(headers) else { throw .invalidAPIKey }
        let caller = try await prove(credential, address: address())
        if caller.isVisitor, visitors?.areAdmitted(headers) != true { throw .invalidAPIKey }
        if let session = caller.session { try pages.check(method, headers, csrfToken: session.csrfToken) }
        return caller
    }

    /// Forgets everybody, after a key was revoked, a session ended or a role changed.
    func forget() {
        state.withLock { state in
            state.known.removeAll()
            state.generation += 1
        }
    }

    private func prove(_ credential: Credential, address: @autoclosure () -> String) async throws(APIError) -> Caller {
        let now = time.monotonic()
        let (known, generation) = state.withLock { state in
            (state.known[credential].flatMap { $0.until > now ? $0.caller : nil }, state.generation)
        }
        if let known {
            try check(known)
            return known
        }
        // Only what is wrong is held up: what is valid is let through whatever its neighbours send.
        guard let found = try await look(up: credential) else {
            let subject = AddressBlock.holder(of: address())
            let wait = state.withLock { state in
                let wait = state.failures.wait(for: subject, at: now)
                if wait == nil { state.failures.count(subject, at: now) }
                return wait
            }
            guard let wait else { throw .invalidAPIKey }
            throw .tooManyAttempts("too many wrong keys from this address", wait)
        }
        try check(found)
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.known.count >= Self.mostRemembered { state.known.removeAll() }
            state.known[credential] = Known(caller: found, until: now + Self.memory)
        }
        return found
    }

    private func look(up credential: Credential) async throws(APIError) -> Caller? {
        do throws(StoreError) {
            switch credential {
            case .key(let text):
                guard let record = try await store.key(hash: SHA256.hex(of: text)),
                    let user = try await store.user(record.owner)
                else { return nil }
                return Caller(user: user, key: record)
            case .session(let token):
                if let found = try await visitors?.session(token) {
                    return Caller(user: found.user, session: found.session)
                }
                let found = try await store.session(tokenHash: SHA256.hex(of: token), now: time.now())
                return found.map { Caller(user: $0.user, session: $0.session) }
            }
        } catch {
            throw .record(error, "authenticate")
        }
    }

    private func check(_ caller: Caller) throws(APIError) {
        let now = time.now()
        let expires = caller.key?.expires ?? caller.session?.expires
        guard caller.key?.revoked == nil, expires.map({ $0 > now }) ?? true else { throw .invalidAPIKey }
    }

    /// The key of a request; both headers mean the same, and the scheme is not case-sensitive (RFC 9110 section 11.1).
    private static func key(in headers: HTTPHeaders) -> String? {
        if let value = headers["authorization"] {
            let words = value.utf8.split(separator: UInt8(ascii: " "), maxSplits: 2)
            guard words.count >= 2, words[0].count == 6, String(words[0])?.lowercased() == "bearer" else { return nil }
            return usable(String(words[1]))
        }
        return usable(headers["x-api-key"])
    }

    private static func usable(_ key: String?) -> String? {
        guard let key, (1...longestKey).contains(key.utf8.count) else { return nil }
        return key
    }
}

extension APIError {
    /// 429 for who guesses too often.
    static func tooManyAttempts(_ message: String, _ wait: Duration) -> APIError {
        APIError(429, .rateLimit, "rate_limit_exceeded", message, retryAfter: wait)
    }
}
