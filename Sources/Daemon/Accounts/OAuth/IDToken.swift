import Orchestrator
import Persistence

/// An issuer's signed word on who somebody is (OpenID Connect Core 1.0 section 2), which is worth nothing until it is checked.
struct IDToken: Sendable {
    /// Why a token is not believed; for the log.
    struct Defect: Error, Hashable {
        var reason: String

        init(_ reason: String) { self.reason = reason }
    }

    /// What a token must say to be ours.
    struct Expectation: Sendable {
        /// One of these; an issuer may have had more than one name.
        var issuers: [String]
        /// Our names at the issuer; a token is for one of them.
        var audiences: [String]
        var nonce: String
    }

    let algorithm: VerificationKey.Algorithm
    /// Names the key.
    let keyID: String?
    private let payload: JSON
    private let signed: [UInt8]
    private let signature: [UInt8]

    private static let longest = 64 << 10
    /// How far an issuer's clock may be ahead of ours.
    private static let skew = Duration.seconds(300)

    /// Takes a token apart (RFC 7515 section 7.1) without believing any of it.
    init(_ text: String) throws(Defect) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.count == 3, let header = Self.object(parts[0]),
            let payload = Self.object(parts[1]), let signature = Base64URL.decode(parts[2])
        else { throw Defect("it is no token") }
        guard let name = header["alg"]?.string, let algorithm = VerificationKey.Algorithm(rawValue: name) else {
            throw Defect("it is not signed by RS256 or ES256")
        }
        guard header["crit"] == nil else { throw Defect("it wants something understood that is not") }
        self.algorithm = algorithm
        keyID = header["kid"]?.string
        self.payload = payload
        self.signature = signature
        signed = Array("\(parts[0]).\(parts[1])".utf8)
    }

    private static func object(_ part: Substring) -> JSON? {
        guard let bytes = Base64URL.decode(part), let document = try? JSON(parsing: bytes), document.object != nil
        else {
            return nil
        }
        return document
    }

    /// Who it is, as the issuer says (section 3.1.3.7): the signature is checked by `key`, then every claim.
    func claims(
        _ key: VerificationKey,
        _ expected: Expectation,
        now: Timestamp
    ) throws(Defect) -> (subject: String, verifiedEmail: String?) {
        guard key.algorithm == algorithm, key.isValid(signature, of: signed) else {
            throw Defect("its signature is wrong")
        }
        guard let issuer = payload["iss"]?.string, expected.issuers.contains(issuer) else {
            throw Defect("another issuer made it")
        }
        let audiences = payload["aud"]?.string.map { [$0] } ?? payload["aud"]?.array?.compactMap(\.string) ?? []
        guard audiences.contains(where: expected.audiences.contains) else { throw Defect("it is for somebody else") }
        let party = payload["azp"]?.string
        guard party.map(expected.audiences.contains) ?? (audiences.count == 1) else {
            throw Defect("it was given to somebody else")
        }
        guard let expires = moment("exp"), expires > now else { throw Defect("it has run out") }
        guard let issued = moment("iat"), issued <= now + Self.skew else { throw Defect("it is not from the past") }
        if payload["nbf"] != nil {
            guard let start = moment("nbf"), start <= now + Self.skew else { throw Defect("it is not good yet") }
        }
        guard let nonce = payload["nonce"]?.string,
            MessageAuthentication.areEqual(Array(nonce.utf8), Array(expected.nonce.utf8))
        else { throw Defect("it belongs to another sign-in") }
        guard let subject = payload["sub"]?.string, (1...255).contains(subject.utf8.count), !subject.utf8.contains(0)
        else { throw Defect("it names nobody") }
        // Apple writes truth as text.
        let isVerified = payload["email_verified"]?.bool ?? (payload["email_verified"]?.string == "true")
        return (subject, isVerified ? payload["email"]?.string : nil)
    }

    /// Seconds since 1970 (RFC 7519 section 2), whole or not.
    private func moment(_ name: String) -> Timestamp? {
        guard let seconds = payload[name]?.double, seconds >= 0, seconds < 1e11 else { return nil }
        return Timestamp(milliseconds: Int64(seconds * 1000))
    }
}
