internal import COpenSSL

/// Somebody else's public key, as JSON Web Keys give it (RFC 7518 section 6), to check their signatures by.
@safe package final class VerificationKey: @unchecked Sendable {  // OpenSSL's keys are only read once they are made
    /// Which signatures a key checks (RFC 7518 section 3.1).
    package enum Algorithm: String, Sendable {
        /// RSA by PKCS #1 v1.5, with SHA-256.
        case rs256 = "RS256"
        /// ECDSA on the curve P-256, with SHA-256; the signature is two numbers of 32 bytes.
        case es256 = "ES256"
    }

    package let algorithm: Algorithm
    private let key: OpaquePointer

    /// In bits: less is broken too easily (RFC 7518 section 3.3), more takes too long to check.
    private static let rsaSizes = 2048...8192
    private static let coordinateBytes = 32

    /// A key of RSA; nil for one that is none, or of a size that is not taken.
    package convenience init?(modulus: [UInt8], exponent: [UInt8]) {
        let digits = modulus.drop { $0 == 0 }
        let bits = digits.count * 8 - (digits.first?.leadingZeroBitCount ?? 0)
        guard Self.rsaSizes.contains(bits), (1...4).contains(exponent.count) else { return nil }
        let numbers = DER.sequence(DER.integer(modulus), DER.integer(exponent))
        let info = DER.sequence(DER.sequence(DER.rsaEncryption, DER.null), DER.bitString(numbers))
        self.init(info, .rs256)
    }

    /// A point of P-256; nil for one that is not on the curve.
    package convenience init?(x: [UInt8], y: [UInt8]) {
        guard x.count == Self.coordinateBytes, y.count == Self.coordinateBytes else { return nil }
        let kind = DER.sequence(DER.ellipticCurveKey, DER.curveP256)
        self.init(DER.sequence(kind, DER.bitString([0x04] + x + y)), .es256)
    }

    /// Reads a SubjectPublicKeyInfo.
    private init?(_ info: [UInt8], _ algorithm: Algorithm) {
        let key = unsafe info.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return unsafe d2i_PUBKEY(nil, &start, bytes.count)
        }
        guard let key = unsafe key else {
            ERR_clear_error()
            return nil
        }
        unsafe self.key = key
        self.algorithm = algorithm
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Whether a signature, in the form that JSON Web Signatures have, is this key's of a message.
    package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        var signature = signature
        if algorithm == .es256 {
            guard signature.count == 2 * Self.coordinateBytes else { return false }
            signature = DER.sequence(
                DER.integer(Array(signature[..<Self.coordinateBytes])),
                DER.integer(Array(signature[Self.coordinateBytes...]))
            )
        }
        let context = unsafe EVP_MD_CTX_new()
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
