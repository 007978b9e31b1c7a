internal import COpenSSL
package import Orchestrator

/// A key pair of an issuer, made anew, which signs what it is told to, true or not.
@safe package final class FakeSigner: @unchecked Sendable {  // only read once it is made
    package enum Kind: Sendable {
        /// RS256, with 2048 bits.
        case rsa
        /// ES256.
        case curve
    }

    package let kind: Kind
    package let keyID = uniqueHex(16)
    private let key: OpaquePointer
    /// SubjectPublicKeyInfo.
    private let info: [UInt8]

    package init(_ kind: Kind) {
        self.kind = kind
        let context = unsafe EVP_PKEY_CTX_new_from_name(nil, kind == .rsa ? "RSA" : "EC", nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        precondition(unsafe EVP_PKEY_keygen_init(context) == 1)
        if kind == .curve { precondition(unsafe EVP_PKEY_CTX_set_group_name(context, "prime256v1") == 1) }
        precondition(unsafe EVP_PKEY_generate(context, &made) == 1)
        guard let key = unsafe made else { preconditionFailure("no key") }
        unsafe self.key = key
        let count = unsafe Int(i2d_PUBKEY(key, nil))
        info = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var start = buffer.baseAddress
            filled = unsafe Int(i2d_PUBKEY(key, &start))
        }
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The public half as a JSON Web Key; its numbers stand at fixed places of the encoding of such keys.
    package var webKey: JSON {
        func text(_ range: Range<Int>) -> JSON { .string(Base64URL.encode(Array(info[range]))) }
        let common: JSONObject = ["kid": .string(keyID), "use": "sig", "alg": .string(algorithm)]
        let numbers: JSONObject =
            switch kind {
            case .rsa: ["kty": "RSA", "n": text(33..<289), "e": text(info.count - 3..<info.count)]
            case .curve: ["kty": "EC", "crv": "P-256", "x": text(27..<59), "y": text(59..<91)]
            }
        var all = common
        for (name, value) in numbers { all[name] = value }
        return .object(all)
    }

    package var algorithm: String { kind == .rsa ? "RS256" : "ES256" }

    /// The private half in PEM.
    package var pem: String {
        let bio = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(bio) }
        precondition(unsafe PEM_write_bio_PrivateKey(bio, key, nil, nil, 0, nil, nil) == 1)
        var text = [UInt8](repeating: 0, count: 8192)
        let count = unsafe BIO_read(bio, &text, CInt(text.count))
        return String(decoding: text[..<Int(count)], as: UTF8.self)
    }

    /// A signed token; `header` says what differs from the truth.
    package func token(_ claims: JSONObject, header: JSONObject = [:]) -> String {
        var head: JSONObject = ["alg": .string(algorithm), "typ": "JWT", "kid": .string(keyID)]
        for (name, value) in header { head[name] = value }
        let signed = [head, claims].map { Base64URL.encode(JSON.object($0).serialized()) }.joined(separator: ".")
        return signed + "." + (head["alg"]?.string == "none" ? "" : Base64URL.encode(sign(Array(signed.utf8))))
    }

    private func sign(_ message: [UInt8]) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        precondition(unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1)
        var signature = [UInt8](repeating: 0, count: 512)
        var count = signature.count
        precondition(unsafe EVP_DigestSign(context, &signature, &count, message, message.count) == 1)
        let made = Array(signature[..<count])
        return kind == .rsa ? made : Self.plain(made)
    }

    /// Whether a token of ES256 is signed by this key; its claims if so.
    package func claims(of token: String) -> JSON? {
        let parts = token.split(separator: ".").map(String.init)
        guard kind == .curve, parts.count == 3, let signature = Base64URL.decode(parts[2]), signature.count == 64,
            let head = Base64URL.decode(parts[0]).flatMap({ try? JSON(parsing: $0) }), head["alg"]?.string == "ES256",
            head["kid"]?.string == keyID
        else { return nil }
        let (message, encoded) = (Array("\(parts[0]).\(parts[1])".utf8), Self.encoded(signature))
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1,
            unsafe EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1
        else { return nil }
        return Base64URL.decode(parts[1]).flatMap { try? JSON(parsing: $0) }
    }

    /// The two numbers of an encoded signature, 32 bytes each.
    private static func plain(_ encoded: [UInt8]) -> [UInt8] {
        var (numbers, index) = ([UInt8](), 2)
        for _ in 0..<2 {
            let end = index + 2 + Int(encoded[index + 1])
            let digits = encoded[index + 2..<end].suffix(32)
            numbers += Array(repeating: 0, count: 32 - digits.count) + digits
            index = end
        }
        return numbers
    }

    private static func encoded(_ plain: [UInt8]) -> [UInt8] {
        let numbers = [plain[..<32], plain[32...]].flatMap { half -> [UInt8] in
            var digits = Array(half.drop { $0 == 0 })
            if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
            return [0x02, UInt8(digits.count)] + digits
        }
        return [0x30, UInt8(numbers.count)] + numbers
    }
}
