import Orchestrator
import Persistence
import Transport

/// The cookie that holds a session's token: what a browser shows in place of a key.
enum SessionCookie {
    static let name = "orchestrator_session"
    /// How long a session lasts.
    static let age = Duration.seconds(30 * 86_400)
    private static let tokenBytes = 32

    /// A token that nobody can guess.
    static func makeToken() -> String { Hex.text(SecureRandom().bytes(tokenBytes)) }

    /// The token of a request; nil without a cookie of ours.
    static func token(in headers: HTTPHeaders) -> String? {
        headers.cookie(name)
    }

    /// Whether a text has a token's form: all else needs no look at the record.
    static func isWellFormed(_ token: String) -> Bool {
        token.utf8.count == tokenBytes * 2 && Hex.bytes(token) != nil
    }

    /// The header that gives a browser its token; `Lax`, so that links from elsewhere find their reader signed in.
    static func header(_ token: String, isSecure: Bool) -> (name: String, value: String) {
        (name: "set-cookie", value: "\(name)=\(token); \(attributes(isSecure)); Max-Age=\(age.components.seconds)")
    }

    /// The header that takes it away.
    static func removal(isSecure: Bool) -> (name: String, value: String) {
        (name: "set-cookie", value: "\(name)=; \(attributes(isSecure)); Max-Age=0")
    }

    private static func attributes(_ isSecure: Bool) -> String {
        "Path=/; HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "")
    }
}
