import Orchestrator
import Persistence

/// Reads Stripe's events (docs.stripe.com/webhooks).
enum StripeNotice {
    /// How far the signature's time may be from ours, either way; Stripe's own libraries allow as much.
    static let tolerance: Int64 = 300
    /// Further ones are not looked at: each costs a comparison.
    private static let mostSignatures = 16

    /// Whether a body is signed with the endpoint's secret: `t=SECONDS,v1=HEX[,v1=HEX…]`, the code being that of
    /// `SECONDS.BODY`. Several `v1` are sent while a secret is changed.
    static func isSigned(_ body: [UInt8], header: String, secret: Secret, now: Timestamp) -> Bool {
        let key = Array(secret.reveal().utf8)
        guard !key.isEmpty else { return false }
        var seconds: Int64?
        var codes: [[UInt8]] = []
        for part in header.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
            guard pair.count == 2 else { continue }
            switch pair[0] {
            case "t": seconds = Int64(pair[1])
            case "v1" where codes.count < mostSignatures: codes.append(Hex.bytes(pair[1]) ?? [])
            default: break
            }
        }
        guard let seconds, seconds.subtractingReportingOverflow(now.seconds).overflow == false,
            (-tolerance...tolerance).contains(seconds - now.seconds)
        else { return false }
        let message = Array("\(seconds).".utf8) + body
        let code = MessageAuthentication.code(for: message.span, key: key.span)
        return codes.count { MessageAuthentication.areEqual($0, code) } > 0
    }

    /// What an event says of a purchase.
    static func read(_ event: JSON) -> PaymentNotice {
        guard let object = event.value(at: "/data/object") else { return .other }
        switch event["type"]?.string {
        case "checkout.session.completed", "checkout.session.async_payment_succeeded":
            // Some ways of paying complete the session first and pay later.
            guard object["payment_status"]?.string == "paid", let proof = proof(object) else { return .other }
            return .paid(purchase(object), proof)
        case "checkout.session.expired", "checkout.session.async_payment_failed":
            guard let session = object["id"]?.string else { return .other }
            return .lapsed(purchase(object), session: session)
        case "charge.refunded": return refund(object)
        case "charge.dispute.created", "charge.dispute.closed":
            return dispute(object)
        default: return .other
        }
    }

    /// A charge of which something went back: it says how much so far.
    static func refund(_ charge: JSON) -> PaymentNotice {
        guard let amount = money(charge, "amount_refunded") else { return .other }
        return .returned(purchase(charge), payment: payment(charge), name: "refunds", amount)
    }

    /// An inquiry moves no money; what was won comes back.
    static func dispute(_ object: JSON) -> PaymentNotice {
        guard let id = object["id"]?.string, let status = object["status"]?.string,
            var amount = money(object, "amount"), let payment = payment(object)
        else { return .other }
        if status.hasPrefix("warning") || status == "won" { amount.minorUnits = 0 }
        return .returned(nil, payment: payment, name: "dispute:" + id, amount)
    }

    /// Of a session that says it is paid.
    static func proof(_ session: JSON) -> PaymentProof? {
        guard let id = session["id"]?.string, let amount = money(session, "amount_total") else { return nil }
        return PaymentProof(session: id, payment: payment(session) ?? id, amount: amount)
    }

    private static func purchase(_ object: JSON) -> PurchaseID? {
        (object.value(at: "/metadata/purchase_id")?.string ?? object["client_reference_id"]?.string)
            .flatMap { PurchaseID($0) }
    }

    /// The payment intent's id; the object itself where it was expanded.
    private static func payment(_ object: JSON) -> String? {
        object["payment_intent"]?.string ?? object.value(at: "/payment_intent/id")?.string
    }

    private static func money(_ object: JSON, _ name: String) -> Money? {
        guard let units = object[name]?.int, let currency = object["currency"]?.string else { return nil }
        return Money(units, currency)
    }
}
