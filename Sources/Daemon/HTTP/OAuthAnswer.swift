import Orchestrator
import Transport

/// Answers in the form that clients of OAuth read (RFC 6749 sections 5.1 and 5.2).
enum OAuthAnswer {
    /// What is said to one caller once is in no cache.
    static let unstored = [(name: "cache-control", value: "no-store"), (name: "pragma", value: "no-cache")]

    static func ok(_ body: JSONObject) -> HTTPResponse { .json(.object(body), headers: unstored) }

    /// 400 with a code as plain text, not as the object that other routes answer with.
    static func error(_ code: String, _ description: String) -> HTTPResponse {
        // Quotes and backslashes may not occur in descriptions.
        let plain = String(
            String.UnicodeScalarView(description.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "'" : $0 })
        )
        return .json(["error": .string(code), "error_description": .string(plain)], status: 400, headers: unstored)
    }
}
