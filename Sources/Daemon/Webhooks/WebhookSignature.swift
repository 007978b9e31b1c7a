import Orchestrator
import Persistence

/// The signature of an announcement as Standard Webhooks has it: HMAC-SHA-256 of `ID.SECONDS.BODY`.
struct WebhookSignature: Sendable {
    /// How far the announcement's time may be from ours, either way; the specification's own libraries allow as much.
    static let tolerance: Int64 = 300
    /// Further ones are not looked at: each costs a comparison.
    private static let mostCodes = 16

    private var id: String
    private var seconds: Int64
    private var codes: [[UInt8]] = []

    /// Reads `webhook-id`, `webhook-timestamp` and `webhook-signature`; nil for what cannot be signed, or not now. Several
    /// `v1,CODE` stand beside each other while a secret is changed; other versions are left alone.
    init?(id: String, timestamp: String, signature: String, now: Timestamp) {
        guard (1...256).contains(id.utf8.count), let seconds = Int64(timestamp), String(seconds) == timestamp,
            !seconds.subtractingReportingOverflow(now.seconds).overflow,
            (-Self.tolerance...Self.tolerance).contains(seconds - now.seconds)
        else { return nil }
        (self.id, self.seconds) = (id, seconds)
        for entry in signature.split(separator: " ").prefix(Self.mostCodes) where entry.hasPrefix("v1,") {
            if let code = try? Base64.decode(Array(entry.utf8.dropFirst(3)).span) { codes.append(code) }
        }
        guard !codes.isEmpty else { return nil }
    }

    /// Whether any of the codes is that of `body` under the secret.
    func isValid(of body: [UInt8], secret: WebhookSecret) -> Bool {
        let message = Array("\(id).\(seconds).".utf8) + body
        let code = MessageAuthentication.code(for: message.span, key: secret.bytes.span)
        return codes.count { MessageAuthentication.areEqual($0, code) } > 0
    }
}
