import Foundation
import Orchestrator

/// What a call that creates a run says of its news: `webhook` and `webhook_events_filter`.
package struct ReplicateSubscription: Sendable {
    private static let allEvents = ["start", "output", "logs", "completed"]

    package var url: String
    /// All of them where the call names none.
    package var events: [String]

    /// Nil where the call wants no news.
    init?(_ body: JSONObject) {
        guard let url = body["webhook"]?.string else { return nil }
        self.url = url
        events = body["webhook_events_filter"]?.array?.compactMap(\.string) ?? Self.allEvents
    }

    static func complaints(_ body: JSONObject) -> [ReplicateModel.Complaint] {
        if let webhook = body["webhook"], !(webhook.string.map(isCallable) ?? false) {
            return [.init(type: "format", field: "webhook", description: "Does not match format 'uri'")]
        }
        for event in body["webhook_events_filter"]?.array ?? []
        where !(event.string.map(allEvents.contains) ?? false) {
            let description = "must be one of start, output, logs, completed"
            return [.init(type: "enum", field: "webhook_events_filter", description: description)]
        }
        return []
    }

    /// The vendor calls https alone; a daemon under test stands on this machine, without.
    private static func isCallable(_ url: String) -> Bool {
        url.hasPrefix("https://") || url.hasPrefix("http://127.0.0.1:")
    }

    /// The request that brings a run as it stands, signed as Standard Webhooks has it; nil for an address elsewhere.
    func call(_ prediction: JSON, secret: String) -> (client: HTTPClient, bytes: [UInt8])? {
        let body = prediction.serialized()
        guard let client = HTTPClient(url: url) else { return nil }
        let path = url.split(separator: "/", maxSplits: 3).dropFirst(2).joined(separator: "/")
        let signed = Self.signed(client.with("content-type", "application/json"), body, secret: secret)
        return (signed, signed.with("connection", "close").request("POST", "/" + path, body: body))
    }

    /// A client whose next request proves `body`, signed so many seconds from now.
    package static func signed(
        _ client: HTTPClient,
        _ body: [UInt8],
        secret: String,
        id: String = "msg_" + uniqueHex(20),
        skew: Int = 0
    ) -> HTTPClient {
        let seconds = Int(Date().timeIntervalSince1970) + skew
        let key = Base64.decode(String(secret.dropFirst("whsec_".count))) ?? []
        let code = PaymentCode.code(Array("\(id).\(seconds).".utf8) + body, key: key)
        return client.with("webhook-id", id).with("webhook-timestamp", "\(seconds)")
            .with("webhook-signature", "v1," + Base64.encode(code))
    }
}
