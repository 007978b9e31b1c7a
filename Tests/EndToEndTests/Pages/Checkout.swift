import FakeVendors
import Foundation
import Orchestrator

/// A stand-in for Stripe whose page to pay on is the one that it leads back to: whoever gets there has paid.
final class Checkout: Sendable {
    private let server: LoopbackServer

    init() throws {
        let orders = Lock<[String: String]>([:])
        server = try LoopbackServer { request, send in
            let isMade = request.method == "POST"
            if isMade { orders.withLock { $0 = Self.fields(of: request.body) } }
            let order = orders.withLock { $0 }
            let session: JSON = [
                "id": "cs_test_1", "object": "checkout.session", "url": .string(order["success_url"] ?? ""),
                "status": isMade ? "open" : "complete", "payment_status": isMade ? "unpaid" : "paid",
                "payment_intent": isMade ? .null : "pi_test_1", "currency": "usd",
                "amount_total": .integer(order["line_items[0][price_data][unit_amount]"].flatMap { Int($0) } ?? 0),
                "metadata": ["purchase_id": .string(order["metadata[purchase_id]"] ?? "")],
            ]
            send(FakeReply(200, headers: [("content-type", "application/json")], body: session.serialized()))
        }
    }

    var origin: String { server.origin }

    func stop() { server.stop() }

    private static func fields(of body: [UInt8]) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in String(decoding: body, as: UTF8.self).replacingOccurrences(of: "+", with: " ").split(separator: "&")
        {
            let parts = pair.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        return fields
    }
}
