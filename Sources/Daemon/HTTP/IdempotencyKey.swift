import Orchestrator
import Persistence
import Transport

/// What a caller names a request by, so that sending it again does not do it again.
struct IdempotencyKey: Sendable, Hashable {
    /// 1...255 visible ASCII characters.
    let text: String

    static let header = "Idempotency-Key"
    /// How long a finished request is remembered at least.
    static let memory = Duration.seconds(24 * 3600)
    private static let longest = 255

    /// The key of a request; nil without one. Throws 400 for one that cannot be kept as it is.
    init?(_ headers: HTTPHeaders) throws(APIError) {
        let given = headers.all(named: Self.header)
        guard let text = given.first else { return nil }
        guard given.count == 1, (1...Self.longest).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .invalidValue(Self.header, "must be 1 to \(Self.longest) visible ASCII characters, given once") }
        self.text = text
    }

    /// What takes the key for a request of `owner` made at `now`.
    func claim(of owner: UserID, fingerprint: String, now: Timestamp) -> IdempotencyClaim {
        IdempotencyClaim(owner: owner, key: text, fingerprint: fingerprint, expires: now + Self.memory)
    }
}

/// What two requests have in common when one is a repeat of the other: SHA-256, in lower-case hex, over method, path and
/// content.
enum RequestFingerprint {
    /// Of a request whose body counts byte by byte.
    static func of(_ request: HTTPRequest, body: [UInt8]) -> String {
        hash([Array(request.method.rawValue.utf8), Array(request.path.utf8), body])
    }

    /// Of a form: what it holds counts, not how it was framed, since clients draw a new boundary for each try. Files come
    /// with the digest of their bytes.
    static func of(
        _ request: HTTPRequest,
        fields: [(name: String, value: String)],
        files: [(name: String, digest: String)]
    ) -> String {
        var parts = [Array(request.method.rawValue.utf8), Array(request.path.utf8), Array("form".utf8)]
        parts.append(Array("\(fields.count)".utf8))
        for field in fields { parts += [Array(field.name.utf8), Array(field.value.utf8)] }
        for file in files { parts += [Array(file.name.utf8), Array(file.digest.utf8)] }
        return hash(parts)
    }

    /// Each part goes in behind its length, so that no two lists of parts read the same.
    private static func hash(_ parts: [[UInt8]]) -> String {
        var hash = SHA256()
        for part in parts {
            hash.update(Array("\(part.count):".utf8).span)
            hash.update(part.span)
        }
        return Hex.text(hash.finish())
    }
}

extension APIError {
    /// The key was used for another request.
    static let idempotencyKeyReused = APIError(
        409,
        .invalidRequest,
        "idempotency_key_reused",
        "this Idempotency-Key was used for another request; use a new one for each",
        param: IdempotencyKey.header
    )

    /// The same request is still under way.
    static let requestInProgress = APIError(
        409,
        .invalidRequest,
        "request_in_progress",
        "the request of this Idempotency-Key is still under way",
        param: IdempotencyKey.header,
        retryAfter: .seconds(1)
    )
}
