internal import COpenSSL

/// Our own private key on the curve P-256, as a service that knows us by its public half gave it out.
@safe package final class SigningKey: @unchecked Sendable {  // OpenSSL's keys are only read once they are made
    private let key: OpaquePointer

    private static let coordinateBytes = 32
    /// Two numbers of at most 33 bytes, with their tags and lengths.
    private static let longestSignature = 128

    /// Reads an unencrypted key in PEM; nil for anything else, and for other curves.
    package init?(pem: String) {
        var pem = pem
        let key = pem.withUTF8 { text -> OpaquePointer? in
            guard let bio = unsafe BIO_new_mem_buf(text.baseAddress, CInt(text.count)) else { return nil }
            defer { unsafe BIO_free(bio) }
            // An empty password: without one OpenSSL would ask the terminal for that of an encrypted key.
            return unsafe "".withCString { password in
                unsafe PEM_read_bio_PrivateKey(bio, nil, nil, UnsafeMutableRawPointer(mutating: password))
            }
        }
        defer { ERR_clear_error() }
        guard let key = unsafe key else { return nil }
        var name = [CChar](repeating: 0, count: 64)
        guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, nil) == 1,
            String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) == "prime256v1"
        else {
            unsafe EVP_PKEY_free(key)
            return nil
        }
        unsafe self.key = key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The signature of a message by ES256, in the form that JSON Web Signatures have: two numbers of 32 bytes. Nil when
    /// OpenSSL cannot make one.
    package func sign(_ message: [UInt8]) -> [UInt8]? {
        let context = unsafe EVP_MD_CTX_new()
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1 else { return nil }
        var signature = [UInt8](repeating: 0, count: Self.longestSignature)
        var count = signature.count
        guard unsafe EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else { return nil }
        return DER.pair(in: Array(signature[..<count]), width: Self.coordinateBytes)
    }
}
