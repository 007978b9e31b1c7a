import Orchestrator
import Persistence
import Transport

/// Proves callers by their keys. Keys found valid are remembered for a moment, so that a busy client costs no look-up.
final class Authenticator: Sendable {
    private struct Known: Sendable {
        var caller: Caller
        var until: Duration
    }

    private struct State: Sendable {
        var known: [String: Known] = [:]
        var failures = FixedWindowLimiter()
    }

    /// How long a revocation by another daemon may go unseen.
    private static let memory = Duration.seconds(1)
    private static let mostRemembered = 10_000
    /// Keys are long and random, so guessing is hopeless; this only keeps the attempt from costing us work.
    private static let wrongKeys = Rate(count: 300, window: .seconds(60))
    private static let longestKey = 512

    private let store: any Store
    private let time: any TimeSource
    private let state = Lock(State())

    init(store: any Store, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    func caller(of exchange: Exchange) async throws(APIError) -> Caller {
        guard let key = Self.key(in: exchange.request.headers) else { throw .invalidAPIKey }
        let now = time.monotonic()
        if let caller = state.withLock({ $0.known[key].flatMap { $0.until > now ? $0.caller : nil } }) {
            try check(caller.key)
            return caller
        }
        let address = exchange.clientAddress
        let verdict = state.withLock { $0.failures.peek(address, Self.wrongKeys, at: now) }
        // Only the wrong key is held up: one that is valid is let through whatever its neighbours send.
        let found = try await look(up: key)
        guard let found else {
            guard verdict.isAllowed else {
                throw APIError(
                    429,
                    .rateLimit,
                    "rate_limit_exceeded",
                    "too many wrong keys from this address",
                    retryAfter: verdict.reset
                )
            }
            state.withLock { _ = $0.failures.take(address, Self.wrongKeys, at: now) }
            throw .invalidAPIKey
        }
        try check(found.key)
        state.withLock { state in
            if state.known.count >= Self.mostRemembered { state.known.removeAll() }
            state.known[key] = Known(caller: found, until: now + Self.memory)
        }
        return found
    }

    /// Forgets every key, after one has been revoked.
    func forget() {
        state.withLock { $0.known.removeAll() }
    }

    private func look(up key: String) async throws(APIError) -> Caller? {
        do throws(StoreError) {
            guard let record = try await store.key(hash: SHA256.hex(of: key)),
                let user = try await store.user(record.owner)
            else { return nil }
            return Caller(user: user, key: record)
        } catch {
            throw .internalError("authenticate: \(error)")
        }
    }

    private func check(_ key: KeyRecord) throws(APIError) {
        guard key.revoked == nil, key.expires.map({ $0 > time.now() }) ?? true else { throw .invalidAPIKey }
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
