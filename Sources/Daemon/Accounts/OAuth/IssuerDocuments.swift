import Orchestrator
import Persistence

/// What issuers publish about themselves, remembered for an hour: where to go, and the keys to check tokens by.
final class IssuerDocuments: Sendable {
    private struct Kept<Value: Sendable>: Sendable {
        var value: Value
        var since: Duration
    }

    private struct State: Sendable {
        var discoveries: [String: Kept<Discovery>] = [:]
        var keySets: [String: Kept<KeySet>] = [:]
    }

    /// Where an issuer is asked what (OpenID Connect Discovery 1.0 section 3).
    struct Discovery: Sendable {
        var authorization: String
        var token: String
        var keys: String
    }

    private static let memory = Duration.seconds(3600)
    /// Whoever makes up names of keys does not make us ask for them all the time.
    private static let shortestRefresh = Duration.seconds(60)

    private let calls: SignInCalls
    private let time: any TimeSource
    private let state = Lock(State())

    init(calls: SignInCalls, time: any TimeSource) {
        self.calls = calls
        self.time = time
    }

    func discovery(of issuer: String, title: String) async throws(APIError) -> Discovery {
        let now = time.monotonic()
        let kept = state.withLock { $0.discoveries[issuer] }
        if let kept, now - kept.since < Self.memory { return kept.value }
        let url = issuer + "/.well-known/openid-configuration"
        let answer = try await calls.get(url, home: issuer, of: title)
        let document = answer.document
        guard answer.isSuccess, document["issuer"]?.string == issuer,
            let authorization = document["authorization_endpoint"]?.string,
            let token = document["token_endpoint"]?.string, let keys = document["jwks_uri"]?.string,
            [authorization, token, keys].allSatisfy({ Self.isFit($0, for: issuer) })
        else { throw SignInCalls.unavailable(title, "\(url) is no description of this issuer") }
        let found = Discovery(authorization: authorization, token: token, keys: keys)
        state.withLock { $0.discoveries[issuer] = Kept(value: found, since: now) }
        return found
    }

    /// An issuer on https sends nobody elsewhere.
    private static func isFit(_ url: String, for issuer: String) -> Bool {
        guard let target = WebOrigin(url), let home = WebOrigin(issuer) else { return false }
        return target.scheme == "https" || home.scheme == "http"
    }

    /// The key that a token names; fetched anew where it is not known, as issuers change keys without notice. Nil for none.
    func key(
        for token: IDToken,
        at url: String,
        home: String,
        title: String
    ) async throws(APIError) -> VerificationKey? {
        let now = time.monotonic()
        if let kept = state.withLock({ $0.keySets[url] }), now - kept.since < Self.memory {
            if let key = kept.value.key(token.keyID, token.algorithm) { return key }
            if now - kept.since < Self.shortestRefresh { return nil }
        }
        let answer = try await calls.get(url, home: home, of: title)
        guard answer.isSuccess else { throw SignInCalls.unavailable(title, "\(url): status \(answer.status)") }
        let keys = KeySet(answer.document)
        state.withLock { $0.keySets[url] = Kept(value: keys, since: now) }
        return keys.key(token.keyID, token.algorithm)
    }
}
