internal import COpenSSL

/// A SHA-256 hash that takes its input piece by piece.
@safe package struct SHA256: ~Copyable {
    /// Bytes of a digest.
    package static let byteCount = 32

    /// Looked up once: OpenSSL 3 searches its providers anew at each use of `EVP_sha256()`.
    private nonisolated(unsafe) static let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil)  // immutable

    private let context: OpaquePointer

    package init() {
        guard let context = unsafe EVP_MD_CTX_new(),
            unsafe EVP_DigestInit_ex2(context, SHA256.algorithm, nil) == 1
        else { preconditionFailure("OpenSSL has no SHA-256") }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Takes the next bytes.
    package mutating func update(_ bytes: Span<UInt8>) {
        let code = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(code == 1, "SHA-256 is out of memory or was ended")
    }

    /// Ends the hash; 32 bytes.
    package consuming func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
            let code = unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            precondition(code == 1, "SHA-256 was ended twice")
            count = SHA256.byteCount
        }
    }

    /// The digest of bytes that are all there, 32 bytes.
    package static func digest(of bytes: Span<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// The digest of a text's UTF-8 bytes in lower-case hex: how an API key is looked up.
    package static func hex(of text: String) -> String {
        Hex.text(digest(of: text.utf8Span.span))
    }
}
