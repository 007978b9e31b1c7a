import Orchestrator
import Persistence

/// Reads Creem's webhooks (docs.creem.io/learn/webhooks).
enum CreemNotice {
    /// Whether a body is signed with the webhook's secret: the header is its HMAC-SHA-256 in hex. There is no time in it:
    /// what keeps an old one from counting again is that each payment is booked once.
    static func isSigned(_ body: [UInt8], header: String, secret: Secret) -> Bool {
        let key = Array(secret.reveal().utf8)
        guard !key.isEmpty, let code = Hex.bytes(header.lowercased()) else { return false }
        return MessageAuthentication.isValid(code, for: body.span, key: key.span)
    }

    static func read(_ event: JSON) -> PaymentNotice {
        guard let object = event["object"] else { return .other }
        switch event["eventType"]?.string {
        case "checkout.completed":
            guard object["status"]?.string == "completed", object.value(at: "/order/status")?.string == "paid",
                let proof = proof(object), proof.amount != nil
            else { return .other }
            return .paid(purchase(object), proof)
        case "refund.created":
            guard object["status"]?.string ?? "succeeded" == "succeeded",
                let amount = money(object, "refund_amount", "refund_currency")
            else { return .other }
            return returned(object, "refund:", amount)
        case "dispute.created":
            guard let amount = money(object, "amount", "currency") else { return .other }
            return returned(object, "dispute:", amount)
        default: return .other
        }
    }

    private static func returned(_ object: JSON, _ kind: String, _ amount: Money) -> PaymentNotice {
        guard let id = object["id"]?.string else { return .other }
        let purchase = object["checkout"].flatMap(purchase) ?? purchase(object)
        return .returned(purchase, payment: order(object), name: kind + id, amount)
    }

    /// Of a checkout that says it is completed; its order is not in every answer.
    static func proof(_ checkout: JSON) -> PaymentProof? {
        guard let id = checkout["id"]?.string else { return nil }
        guard let order = checkout["order"], order.object != nil else {
            return PaymentProof(session: id, payment: id, amount: nil)
        }
        // Before taxes, where Creem tells.
        guard order["status"]?.string ?? "paid" == "paid",
            let amount = money(order, order["sub_total"]?.int == nil ? "amount" : "sub_total", "currency")
        else { return nil }
        return PaymentProof(session: id, payment: order["id"]?.string ?? id, amount: amount)
    }

    private static func purchase(_ checkout: JSON) -> PurchaseID? {
        (checkout["request_id"]?.string ?? checkout.value(at: "/metadata/purchase_id")?.string)
            .flatMap { PurchaseID($0) }
    }

    private static func order(_ object: JSON) -> String? {
        object.value(at: "/order/id")?.string ?? object["order"]?.string
            ?? object.value(at: "/transaction/order")?.string
    }

    private static func money(_ object: JSON, _ name: String, _ currency: String) -> Money? {
        guard let units = object[name]?.int, let currency = object[currency]?.string else { return nil }
        return Money(units, currency)
    }
}
