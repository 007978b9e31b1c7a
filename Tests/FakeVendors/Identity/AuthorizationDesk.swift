import Orchestrator

/// Somebody with an account at an identity provider.
package struct FakePerson: Sendable, Hashable {
    package var id: String
    package var email: String
    package var isVerified: Bool

    package init(_ id: String, _ email: String, isVerified: Bool = true) {
        self.id = id
        self.email = email
        self.isVerified = isVerified
    }
}

/// The half that all identity providers share: who may send people here, who consents, and the codes that come of it
/// (RFC 6749 section 4.1, RFC 7636).
final class AuthorizationDesk: Sendable {
    struct Grant: Sendable {
        var asked: [String: String]
        var person: FakePerson
        var token = "token-" + uniqueHex(32)
    }

    struct State: Sendable {
        var person: FakePerson
        var redirectURIs: Set<String> = []
        var isRefusing = false
        var grants: [String: Grant] = [:]
        var people: [String: FakePerson] = [:]
        var invalid: [String] = []
    }

    let clientID: String
    private let scopes: Set<String>
    let state: Lock<State>

    init(clientID: String, scopes: Set<String>, _ person: FakePerson) {
        self.clientID = clientID
        self.scopes = scopes
        state = Lock(State(person: person))
    }

    /// What is said to the browser that comes back: nil where the request is such that it is shown an error here.
    func authorize(_ query: [String: String]) -> (redirectURI: String, back: [(name: String, value: String)])? {
        if let fault = fault(in: query) {
            state.withLock { $0.invalid.append("authorize: \(fault)") }
            return nil
        }
        let code = uniqueHex(40)
        return state.withLock { state in
            let back = [(name: "state", value: query["state"] ?? "")]
            let uri = query["redirect_uri"] ?? ""
            if state.isRefusing { return (uri, back + [(name: "error", value: "access_denied")]) }
            state.grants[code] = Grant(asked: query, person: state.person)
            return (uri, back + [(name: "code", value: code)])
        }
    }

    private func fault(in query: [String: String]) -> String? {
        if query["client_id"] != clientID { return "client_id" }
        if query["response_type"] != "code" { return "response_type" }
        let uri = query["redirect_uri"] ?? ""
        if !state.withLock({ $0.redirectURIs.contains(uri) }) { return "redirect_uri '\(uri)' is not registered" }
        if !scopes.isSubset(of: Set((query["scope"] ?? "").split(separator: " ").map(String.init))) { return "scope" }
        if (query["state"] ?? "").utf8.count < 22 { return "state can be guessed" }
        if query["code_challenge_method"] != "S256" { return "code_challenge_method" }
        if Base64URL.decode(query["code_challenge"] ?? "")?.count != 32 { return "code_challenge" }
        return nil
    }

    /// What a code is worth: once, to who asked for it. Else why it is worth nothing.
    func redeem(_ form: [String: String]) -> Result<Grant, Refusal> {
        let code = form["code"] ?? ""
        guard let grant = state.withLock({ $0.grants.removeValue(forKey: code) }) else {
            return .failure(Refusal(reason: "the code is unknown or used"))
        }
        guard form["client_id"] == clientID else { return .failure(Refusal(reason: "client_id")) }
        guard form["redirect_uri"] == grant.asked["redirect_uri"] else {
            return .failure(Refusal(reason: "redirect_uri"))
        }
        let verifier = form["code_verifier"] ?? ""
        guard (43...128).contains(verifier.utf8.count), let digest = bytes(hex: SHA256.hex(Array(verifier.utf8))),
            Base64URL.encode(digest) == grant.asked["code_challenge"]
        else { return .failure(Refusal(reason: "code_verifier")) }
        state.withLock { $0.people[grant.token] = grant.person }
        return .success(grant)
    }

    struct Refusal: Error {
        var reason: String
    }

    func note(_ fault: String) { state.withLock { $0.invalid.append(fault) } }

    private func bytes(hex: String) -> [UInt8]? {
        let digits = hex.utf8.compactMap { $0.hexadecimal }
        guard digits.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension UInt8 {
    fileprivate var hexadecimal: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}

extension FakeRequest {
    /// The fields of a plain form; nil for another type of body.
    var plainForm: [String: String]? {
        guard mediaType == "application/x-www-form-urlencoded" else { return nil }
        var fields: [String: String] = [:]
        for pair in String(decoding: body, as: UTF8.self).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = Self.formDecoded(parts[0]), let value = Self.formDecoded(parts[1]) else {
                return nil
            }
            fields[name] = value
        }
        return fields
    }
}
