import Orchestrator

/// What an error of the Images API means: by `code` first, then by `type`, and by the HTTP status only where both are
/// silent, because 429 has two meanings and one billing stop is a 400.
struct OpenAIFailure {
    let failure: ProviderFailure

    private static let table: [String: FailureKind] = [
        "moderation_blocked": .refused,
        "content_policy_violation": .refused,
        "content_filter": .refused,  // Azure's spellings
        "contentFilter": .refused,
        "billing_hard_limit_reached": .unavailable(.quota),
        "insufficient_quota": .unavailable(.quota),
        "credit_balance_exhausted": .unavailable(.quota),
        "organization_usage_limit_exceeded": .unavailable(.quota),
        "organization_spend_limit_exceeded": .unavailable(.quota),
        "project_spend_limit_exceeded": .unavailable(.quota),
        "invalid_api_key": .unavailable(.credential),
        "model_not_found": .unavailable(.model),
        "server_error": .unavailable(.server(mayRepeat: true)),
        "server_is_overloaded": .unavailable(.server(mayRepeat: true)),
        "unknown_parameter": .rejected,
        "invalid_value": .rejected,
    ]

    /// A reply that is no success.
    init(_ reply: WireReply) {
        self.init(error: reply.document?["error"], status: reply.status, headerDelay: reply.retryAfter)
    }

    /// An error object inside a success; nil where there is none.
    init?(document: JSON, status: Int) {
        guard let error = document["error"], Self.isError(error) else { return nil }
        self.init(error: error, status: status, headerDelay: nil)
    }

    /// An error in a stream, wrapped in `error` or bare; nil for any other event.
    ///
    /// The stream had begun, so a repeat at the same vendor could be billed twice.
    init?(event: WireEvent) {
        if let wrapped = event.document["error"], Self.isError(wrapped) {
            self.init(error: wrapped, status: 200, headerDelay: nil)
        } else if event.name == "error" || event.document["type"]?.string == "error" {
            self.init(error: event.document, status: 200, headerDelay: nil)
        } else {
            return nil
        }
    }

    private init(error: JSON?, status: Int, headerDelay: Duration?) {
        // Relays put numbers into `code`, and texts in the place of the object.
        let code = error?["code"]?.string
        let type = error?["type"]?.string
        let message = error?["message"]?.string ?? error?.string ?? ""
        let delay = headerDelay ?? WaitHint.duration(in: message)
        let kind = Self.kind(code: code, type: type, message: message, status: status, delay: delay)
        let detail =
            "openai \(status)\(type.map { " \($0)" } ?? "")\(code.map { " \($0)" } ?? ""): \(VendorQuote(message))"
        failure = ProviderFailure(kind, detail, code: code ?? type)
    }

    private static func kind(code: String?, type: String?, message: String, status: Int, delay: Duration?)
        -> FailureKind
    {
        switch code {
        case "rate_limit_exceeded", "slow_down": return .unavailable(.rateLimited(retryAfter: delay))
        case let code?: if let kind = table[code] { return kind }
        case nil: break
        }
        switch type {
        case "insufficient_quota": return .unavailable(.quota)
        case "image_generation_user_error": return .refused
        case "rate_limit_error": return .unavailable(.rateLimited(retryAfter: delay))
        case "service_unavailable_error": return .unavailable(.server(mayRepeat: true))
        default: break
        }
        if status == 400, message.contains("safety system") { return .refused }
        // A success that carries an error, or an error event: told apart from a plain refusal of service by nothing.
        if (200..<300).contains(status) { return .unavailable(.server(mayRepeat: false)) }
        return FailureKind(status: status, retryAfter: delay, mayRepeat: FailureKind.isVendorsOwn(status))
    }

    private static func isError(_ value: JSON) -> Bool {
        switch value {
        case .null, .bool(false), .blob: false
        case .string(let text): !text.isEmpty
        case .object(let members): !members.isEmpty
        case .bool, .number, .array: true
        }
    }
}
