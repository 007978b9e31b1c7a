import Orchestrator
import Persistence
import Testing

@testable import Daemon

@Suite struct PaymentSignatureTests {
    private static let body = Array(#"{"id":"evt_1"}"#.utf8)
    private static let now = Timestamp(milliseconds: 1_800_000_000_500)
    private static let t = now.seconds

    private static func code(_ secret: String, _ message: String) -> String {
        Hex.text(MessageAuthentication.code(for: Array(message.utf8).span, key: Array(secret.utf8).span))
    }

    private static func stripe(_ seconds: Int64, _ secret: String = "whsec_1") -> String {
        code(secret, "\(seconds)." + String(decoding: body, as: UTF8.self))
    }

    static let headers: [(String, Bool)] = [
        ("t=\(t),v1=\(stripe(t))", true),
        ("t=\(t), v1=\(stripe(t))", true),
        ("t=\(t),v1=\(stripe(t, "old")),v1=\(stripe(t)),v0=00", true),
        ("t=\(t),v1=\(stripe(t)),v1=\(stripe(t, "old"))", true),
        ("t=\(t - 300),v1=\(stripe(t - 300))", true), ("t=\(t - 301),v1=\(stripe(t - 301))", false),
        ("t=\(t + 300),v1=\(stripe(t + 300))", true), ("t=\(t + 301),v1=\(stripe(t + 301))", false),
        ("t=\(t),v1=\(stripe(t, "other"))", false), ("t=\(t - 1),v1=\(stripe(t))", false),
        ("t=\(t),v0=\(stripe(t))", false), ("v1=\(stripe(t))", false), ("t=\(t)", false), ("t=\(t),v1=", false),
        ("", false), ("t=,v1=", false), ("t=-9223372036854775808,v1=\(stripe(t))", false),
        ("t=\(t),v1=\(stripe(t).dropLast())", false),
    ]

    @Test(arguments: headers)
    func `Stripe's signature is good for its body, its secret and its time`(header: String, isGood: Bool) {
        let secret = Secret("whsec_1")
        #expect(StripeNotice.isSigned(Self.body, header: header, secret: secret, now: Self.now) == isGood)
        let other = Array("{}".utf8)
        #expect(!StripeNotice.isSigned(other, header: header, secret: secret, now: Self.now))
    }

    @Test func `no secret is good for no signature`() {
        let code = Self.code("", "\(Self.t)." + String(decoding: Self.body, as: UTF8.self))
        let header = "t=\(Self.t),v1=\(code)"
        #expect(!StripeNotice.isSigned(Self.body, header: header, secret: Secret(""), now: Self.now))
        let text = String(decoding: Self.body, as: UTF8.self)
        #expect(!CreemNotice.isSigned(Self.body, header: Self.code("", text), secret: Secret("")))
    }

    @Test func `Creem's signature is the code of the body`() {
        let text = String(decoding: Self.body, as: UTF8.self)
        let good = Self.code("s", text)
        for (header, isGood) in [(good, true), (good.uppercased(), true), ("", false), (Self.code("t", text), false)] {
            #expect(CreemNotice.isSigned(Self.body, header: header, secret: Secret("s")) == isGood)
        }
        #expect(!CreemNotice.isSigned(Array("{}".utf8), header: good, secret: Secret("s")))
    }

    private static func read(_ type: String, _ object: JSON) -> PaymentNotice {
        StripeNotice.read(["type": .string(type), "data": ["object": object]])
    }

    @Test func `Stripe's events say what they mean, and others nothing`() throws {
        let id = PurchaseID(time: Self.now, random: (1, 2))
        var session: JSONObject = [
            "id": "cs_1", "payment_status": "paid", "amount_total": 799, "currency": "usd", "payment_intent": "pi_1",
            "metadata": ["purchase_id": .string(id.text)],
        ]
        let proof = PaymentProof(session: "cs_1", payment: "pi_1", amount: Money(799, "usd"))
        #expect(Self.read("checkout.session.completed", .object(session)) == .paid(id, proof))
        #expect(Self.read("checkout.session.async_payment_succeeded", .object(session)) == .paid(id, proof))
        #expect(Self.read("checkout.session.expired", .object(session)) == .lapsed(id, session: "cs_1"))
        session["payment_status"] = "unpaid"
        #expect(Self.read("checkout.session.completed", .object(session)) == .other)
        let charge: JSON = [
            "payment_intent": ["id": "pi_1"], "amount_refunded": 300, "currency": "usd", "metadata": [:],
        ]
        let back = PaymentNotice.returned(nil, payment: "pi_1", name: "refunds", Money(300, "usd"))
        #expect(Self.read("charge.refunded", charge) == back)
        for (status, amount) in [("needs_response", 799), ("lost", 799), ("won", 0), ("warning_needs_response", 0)] {
            let dispute: JSON = [
                "id": "dp_1", "payment_intent": "pi_1", "amount": 799, "currency": "usd", "status": .string(status),
            ]
            let told = PaymentNotice.returned(nil, payment: "pi_1", name: "dispute:dp_1", Money(amount, "usd"))
            #expect(Self.read("charge.dispute.created", dispute) == told)
        }
        #expect(Self.read("customer.created", .object(session)) == .other)
        #expect(StripeNotice.read(["type": "charge.refunded"]) == .other)
    }
}
