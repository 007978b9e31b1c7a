import Orchestrator
import Persistence

/// The public keys of an issuer (RFC 7517).
struct KeySet: Sendable {
    private struct Entry: Sendable {
        var id: String?
        var key: VerificationKey
    }

    private static let most = 64

    private let entries: [Entry]

    /// Reads the keys that can check signatures; others, and those that are none, are left out.
    init(_ document: JSON) {
        entries = (document["keys"]?.array ?? []).prefix(Self.most).compactMap { key in
            Self.key(key).map { Entry(id: key["kid"]?.string, key: $0) }
        }
    }

    /// The key that a token names, or, where it names none, the only one there is for its algorithm.
    func key(_ id: String?, _ algorithm: VerificationKey.Algorithm) -> VerificationKey? {
        let fitting = entries.filter { $0.key.algorithm == algorithm }
        guard let id else { return fitting.count == 1 ? fitting[0].key : nil }
        return fitting.first { $0.id == id }?.key
    }

    private static func key(_ key: JSON) -> VerificationKey? {
        if let use = key["use"]?.string, use != "sig" { return nil }
        let made: VerificationKey?
        switch key["kty"]?.string {
        case "RSA":
            guard let modulus = number("n", key), let exponent = number("e", key) else { return nil }
            made = VerificationKey(modulus: modulus, exponent: exponent)
        case "EC" where key["crv"]?.string == "P-256":
            guard let x = number("x", key), let y = number("y", key) else { return nil }
            made = VerificationKey(x: x, y: y)
        default: return nil
        }
        if let algorithm = key["alg"]?.string, algorithm != made?.algorithm.rawValue { return nil }
        return made
    }

    private static func number(_ name: String, _ key: JSON) -> [UInt8]? {
        key[name]?.string.flatMap { Base64URL.decode($0) }
    }
}
