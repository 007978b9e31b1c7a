/// One try to announce a job's end, as Standard Webhooks has it.
package struct WebhookCall: Sendable {
    package var delivery: WebhookDelivery
    /// Final.
    package var job: JobRecord

    /// What the announcement says happened.
    private var type: String { "job.\(job.status.rawValue)" }

    /// The call at `now`; nil when the secret is none, which nothing that was accepted has.
    package func request(
        at now: Timestamp,
        sign: WebhookSigning,
        link: (ImageRecord) -> String
    ) -> WireRequest? {
        guard let secret = WebhookSecret(delivery.target.secret) else { return nil }
        let body: JSON = [
            "type": .string(type), "timestamp": .text(job.finished ?? delivery.ready),
            "data": JobAnswer.body(of: job, link: link),
        ]
        let (id, seconds) = (delivery.target.id.text, "\(now.seconds)")
        let code = sign(Array("\(id).\(seconds).".utf8) + body.serialized(), secret.bytes)
        var request = WireRequest(.post, delivery.target.url, body: .json(body))
        request.headers = [
            ("webhook-id", id), ("webhook-timestamp", seconds),
            ("webhook-signature", "v1," + String(decoding: Base64.encode(code.span), as: UTF8.self)),
        ]
        return request
    }
}

/// HMAC-SHA-256 of a message, given message and key.
package typealias WebhookSigning = @Sendable (_ message: [UInt8], _ key: [UInt8]) -> [UInt8]
