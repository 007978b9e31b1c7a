import Orchestrator
import Persistence
import Transport

/// What a request shows that is signed by its key's signing key instead of carrying the key.
///
/// The code is HMAC-SHA-256 over the lines `v1`, method, target as sent, seconds, nonce and the body's SHA-256 in hex. It covers
/// the body by its hash, which the head states and the body, once it has come whole, must have.
struct SignedRequest: Sendable, Hashable {
    /// Behind `Authorization`.
    static let scheme = "signed"
    /// How far a request's time may be from ours, either way.
    static let tolerance: Int64 = 300
    private static let version = "v1"

    /// Of the key, lower-case hex.
    let keyHash: String
    let seconds: Int64
    let nonce: String
    /// Of the body, lower-case hex.
    let bodyHash: String
    let code: [UInt8]

    /// Why a request is not taken, as its sender may read it.
    static func refusal(_ why: String) -> APIError {
        APIError(401, .authentication, "invalid_api_key", "the request's signature is not taken: \(why)")
    }

    /// Reads `Authorization: Signed KEY`, `X-Signature-Timestamp`, `-Nonce`, `X-Content-SHA256` and `X-Signature: v1=HEX`; throws
    /// 401 for what is no whole signature of this time.
    init(_ headers: HTTPHeaders, key: String, now: Timestamp) throws(APIError) {
        func one(_ name: String) throws(APIError) -> String {
            let values = headers.all(named: name)
            guard values.count == 1 else { throw Self.refusal("'\(name)' must stand once") }
            return values[0]
        }
        guard Self.isDigest(key) else { throw Self.refusal("it names no key") }
        let time = try one("x-signature-timestamp")
        guard let seconds = Int64(time), String(seconds) == time else { throw Self.refusal("its time is no number") }
        guard !seconds.subtractingReportingOverflow(now.seconds).overflow,
            (-Self.tolerance...Self.tolerance).contains(seconds - now.seconds)
        else { throw Self.refusal("its time is more than \(Self.tolerance) seconds off") }
        nonce = try one("x-signature-nonce")
        guard (8...64).contains(nonce.utf8.count), nonce.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Self.refusal("its nonce must have 8 to 64 visible characters")
        }
        bodyHash = try one("x-content-sha256")
        guard Self.isDigest(bodyHash) else { throw Self.refusal("'x-content-sha256' is no SHA-256 in hex") }
        let text = try one("x-signature")
        guard text.hasPrefix(Self.version + "="), let code = Hex.bytes(text.dropFirst(Self.version.utf8.count + 1))
        else {
            throw Self.refusal("it is no '\(Self.version)=' and hex")
        }
        (keyHash, self.seconds, self.code) = (key, seconds, code)
    }

    private static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 2 * SHA256.byteCount && Hex.bytes(text) != nil
    }

    /// Whether the signing key made the code for this method and target.
    func isValid(_ method: String, _ target: String, signingKey: String) -> Bool {
        let message = [Self.version, method, target, "\(seconds)", nonce, bodyHash].joined(separator: "\n")
        return MessageAuthentication.isValid(code, for: message.utf8Span.span, key: signingKey.utf8Span.span)
    }
}

/// What keys sign requests with. It is worked out from the key's hash by the daemon's own secret, so that no record holds it, and
/// who reads the record can sign nothing.
struct SigningKeys: Sendable {
    private static let prefix = "orks_"
    private let secret: [UInt8]

    init(secret: [UInt8]) {
        self.secret = secret
    }

    /// The signing key of the key that has this hash: `orks_`, the hash, and what nobody else can know.
    func text(ofKey hash: String) -> String {
        let code = MessageAuthentication.code(for: ("request signing " + hash).utf8Span.span, key: secret.span)
        return "\(Self.prefix)\(hash)_\(Hex.text(code))"
    }
}
