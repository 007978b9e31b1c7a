import Orchestrator
import Persistence
import Transport

/// Proves callers by their keys or sessions. Those found valid are remembered for a moment, so that a busy client costs no
/// look-up.
final class Authenticator: Sendable {
    /// What a request shows for itself. A key comes first: who sends one means it.
    private enum Credential: Sendable {
        case key(String)
        case session(String)
        /// The hash of the key that signed; `admit` has proved it.
        case signed(String)

        /// Nil where there is nothing that could be either.
        init?(_ headers: HTTPHeaders) {
            if headers.contains("authorization") || headers.contains("x-api-key") {
                if let hash = Authenticator.signer(in: headers) {
                    self = .signed(hash)
                    return
                }
                guard let key = Authenticator.key(in: headers) else { return nil }
                self = .key(key)
            } else if let token = SessionCookie.token(in: headers), SessionCookie.isWellFormed(token) {
                self = .session(token)
            } else {
                return nil
            }
        }

        var fingerprint: Fingerprint {
            switch self {
            case .key(let text): Fingerprint(kind: 0, text)
            case .session(let text): Fingerprint(kind: 1, text)
            case .signed(let text): Fingerprint(kind: 2, text)
            }
        }
    }

    /// What is remembered of a credential. A look-up by the text itself would compare it with others byte by byte, and take the
    /// longer the more of them a guess has right; of digests nobody can choose the bytes.
    private struct Fingerprint: Hashable, Sendable {
        private let kind: UInt8
        private let words: InlineArray<4, UInt64>

        init(kind: UInt8, _ text: String) {
            self.kind = kind
            let digest = SHA256.digest(of: text.utf8Span.span)
            words = InlineArray { word in
                digest[(8 * word)..<(8 * word + 8)].reduce(0) { $0 << 8 | UInt64($1) }
            }
        }

        static func == (a: Fingerprint, b: Fingerprint) -> Bool {
            a.kind == b.kind && a.words.indices.allSatisfy { a.words[$0] == b.words[$0] }
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(words[0])
        }
    }

    private struct Known: Sendable {
        var caller: Caller
        var until: Duration
    }

    private struct State: Sendable {
        var known: [Fingerprint: Known] = [:]
        var failures = AttemptLimiter(Authenticator.wrongKeys)
        var spent: SpentSignatures
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
    let signingKeys: SigningKeys
    /// Whether keys that are sent as they are are refused.
    private let wantsSignatures: @Sendable () -> Bool
    private let state: Lock<State>

    /// Without `visitors`, everybody has to sign in.
    init(
        store: any AccountStore & Sendable,
        time: any TimeSource,
        publicURL: String,
        visitors: Visitors? = nil,
        signingKeys: SigningKeys,
        wantsSignatures: @escaping @Sendable () -> Bool = { false }
    ) {
        self.store = store
        self.time = time
        self.visitors = visitors
        self.signingKeys = signingKeys
        self.wantsSignatures = wantsSignatures
        state = Lock(State(spent: SpentSignatures(began: time.now().seconds)))
        pages = OwnPages(publicURL: publicURL)
    }

    func caller(of exchange: Exchange) async throws(APIError) -> Caller {
        let request = exchange.request
        // A key that only stands for itself proves nothing: `admit` has looked at the signature.
        if Self.signer(in: request.headers) != nil, exchange.promisedBody == nil { throw .invalidAPIKey }
        let caller = try await caller(request.headers, request.method, address: exchange.clientAddress)
        if let key = caller.key, exchange.promisedBody == nil, wantsSignatures(), request.path != SigningKeyRoutes.path
        {
            throw APIError(
                401,
                .authentication,
                "invalid_api_key",
                "this server takes signed requests only: key '\(key.prefix)…' must not be sent as it is"
            )
        }
        return caller
    }

    /// Looks at the signature of a request that is signed, once for each request, and says what its body must hash to; nil
    /// where it is not signed. Throws 401 for a signature that is wrong, not of this time, or was taken before.
    func admit(_ request: HTTPRequest) throws(APIError) -> BodyDigest? {
        guard let signer = Self.signer(in: request.headers) else { return nil }
        return try admit(request.headers, signer, request.method, target: request.target)
    }

    func admit(
        _ headers: HTTPHeaders,
        _ signer: String,
        _ method: HTTPMethod,
        target: String
    ) throws(APIError) -> BodyDigest {
        let now = time.now()
        let signature = try SignedRequest(headers, key: signer, now: now)
        let signingKey = signingKeys.text(ofKey: signature.keyHash)
        guard signature.isValid(method.rawValue, target, signingKey: signingKey) else {
            throw SignedRequest.refusal("it is not that of this request")
        }
        let verdict = state.withLock { state in
            state.spent.take(signature.code, of: signature.keyHash, at: signature.seconds, now: now.seconds)
        }
        switch verdict {
        case .fresh: return BodyDigest(signature.bodyHash)
        case .spent: throw SignedRequest.refusal("it was used before")
        case .tooOld: throw SignedRequest.refusal("it is older than this server's memory: sign again")
        case .tooMany: throw .tooManyAttempts("too many signed requests in a short time", .seconds(1))
        }
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
        let (now, fingerprint) = (time.monotonic(), credential.fingerprint)
        let (known, generation) = state.withLock { state in
            (state.known[fingerprint].flatMap { $0.until > now ? $0.caller : nil }, state.generation)
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
            state.known[fingerprint] = Known(caller: found, until: now + Self.memory)
        }
        return found
    }

    private func look(up credential: Credential) async throws(APIError) -> Caller? {
        do throws(StoreError) {
            switch credential {
            case .key(let text): return try await holder(ofKey: SHA256.hex(of: text))
            case .signed(let hash): return try await holder(ofKey: hash)
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

    private func holder(ofKey hash: String) async throws(StoreError) -> Caller? {
        guard let record = try await store.key(hash: hash), let user = try await store.user(record.owner) else {
            return nil
        }
        return Caller(user: user, key: record)
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

    /// What stands for the key of a signed request; nil for others.
    private static func signer(in headers: HTTPHeaders) -> String? {
        guard let value = headers["authorization"] else { return nil }
        let words = value.utf8.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count == 2, words[0].count == SignedRequest.scheme.utf8.count,
            String(words[0])?.lowercased() == SignedRequest.scheme
        else { return nil }
        return String(words[1])
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
