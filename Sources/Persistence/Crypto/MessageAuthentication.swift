internal import COpenSSL

/// HMAC-SHA-256 (RFC 2104): proves that a message comes from somebody who knows the key.
package enum MessageAuthentication {
    /// The code of a message, 32 bytes.
    package static func code(for message: Span<UInt8>, key: Span<UInt8>) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
            let made = unsafe key.withUnsafeBytes { key in
                unsafe message.withUnsafeBufferPointer { message in
                    // Length 0 with a null key would mean "the key of the last call" to OpenSSL.
                    let empty: [UInt8] = [0]
                    return unsafe empty.withUnsafeBytes { empty in
                        unsafe HMAC(
                            EVP_sha256(),
                            key.baseAddress ?? empty.baseAddress,
                            CInt(key.count),
                            message.baseAddress,
                            message.count,
                            buffer.baseAddress,
                            nil
                        )
                    }
                }
            }
            precondition(unsafe made != nil, "OpenSSL has no HMAC")
            count = SHA256.byteCount
        }
    }

    /// Whether `code` is the message's, told in a time that does not depend on where a wrong one differs.
    package static func isValid(_ code: [UInt8], for message: Span<UInt8>, key: Span<UInt8>) -> Bool {
        areEqual(code, self.code(for: message, key: key))
    }

    /// Compares secrets in a time that depends on their lengths alone.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe CRYPTO_memcmp(left, right, left.count) == 0
    }
}
