import Orchestrator

/// What an error of the v2beta API means: by its `name`, else by the HTTP status. Failed calls are free.
struct StabilityFailure {
    let failure: ProviderFailure

    /// One burst locks the key out for so long, and no header says it.
    private static let lockout = Duration.seconds(60)

    private static let table: [String: FailureKind] = [
        "bad_request": .rejected,
        "unauthorized": .unavailable(.credential),
        "permission_denied": .unavailable(.credential),
        "payment_required": .unavailable(.quota),
        "content_moderation": .refused,
        "public_figure": .refused,
        "invalid_language": .unavailable(.unsupported),
        "payload_too_large": .rejected,
        "internal_error": .unavailable(.server(mayRepeat: true)),
        "service_unavailable": .unavailable(.server(mayRepeat: true)),
    ]

    init(_ reply: WireReply, to call: VendorCall) {
        let name = reply.document?["name"]?.string
        let errors = reply.document?["errors"]?.array?.compactMap(\.string) ?? []
        let kind: FailureKind
        if reply.status == 429 || name == "rate_limit_exceeded" {
            kind = .unavailable(.rateLimited(retryAfter: reply.retryAfter ?? Self.lockout))
        } else {
            kind =
                name.flatMap { Self.table[$0] }
                ?? FailureKind(
                    status: reply.status,
                    retryAfter: reply.retryAfter,
                    mayRepeat: Self.isPoll(call) || FailureKind.isVendorsOwn(reply.status)
                )
        }
        let message = errors.joined(separator: "; ")
        failure = ProviderFailure(
            kind,
            "stability \(reply.status)\(name.map { " \($0)" } ?? ""): \(VendorQuote(message))",
            code: name
        )
    }

    private static func isPoll(_ call: VendorCall) -> Bool {
        if case .poll = call { true } else { false }
    }
}
