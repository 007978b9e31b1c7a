import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Purchases whose payments, refunds and signatures are those of `LocalStripe`.
@Suite(.timeLimit(.minutes(5))) struct LocalStripeTests {
    @Test func `another's reading of Stripe takes our refunds, shows us its own, and signs as we check`() async throws {
        let stripe = try await LocalStripe(key: "sk_test_0123456789")
        defer { stripe.stop() }
        // Checkout, which it does not have, is ours; refunds go to it.
        let desk = try FakeStripe(refundDesk: stripe.client)
        defer { desk.stop() }
        try await Scene.play(
            {
                $0.server.append("mode: official")
                $0.extra += [
                    "billing:", "  daily_free: 0",
                    "  stripe: {base_url: \(desk.base), secret_key: \"${STRIPE_SECRET_KEY}\", "
                        + "webhook_secret: \"${STRIPE_WEBHOOK_SECRET}\"}",
                ]
            },
            environment: desk.environment
        ) { scene in
            let customer = try await Customer(scene)
            func buy() async throws -> (purchase: String, payment: String) {
                let reply = try await customer.client.post("/v1/credits/purchase", ["pack_id": "starter"])
                let purchase = try #require(reply.json?["purchase_id"]?.string, "\(reply.text)")
                let payment = try await stripe.pay(199)
                desk.pay(purchase, payment: payment)
                let status = try await customer.client.get("/v1/credits/purchase/\(purchase)").json?["status"]
                #expect(status == "completed")
                return (purchase, payment)
            }

            // Its events are signed by its own hand; ours is to believe those, and those of another secret not.
            try await stripe.announce(to: scene.daemon.base, secret: desk.webhookSecret)
            let first = try await buy()
            await stripe.untilLogged(#"webhook "payment_intent.succeeded" successfully delivered"#)
            try await stripe.announce(to: scene.daemon.base, secret: "whsec_other")
            let second = try await buy()
            await stripe.untilLogged(#"webhook "payment_intent.succeeded" failed with response code 400"#)

            // A refund of ours, as it takes it and shows it.
            let given = try await scene.client.post(
                "/v1/admin/credits/refund",
                ["purchase_id": .string(first.purchase)]
            )
            #expect(given.status == 200 && given.json?["refund_sent"] == true, "\(given.text)")
            let refunds = try await stripe.client.get("/v1/refunds?payment_intent=\(first.payment)").json?["data"]
            #expect(refunds?.array?.count == 1 && refunds?[0]?["amount"] == 199)

            // A refund that somebody made there, of which it never says a word.
            _ = try await stripe.post("/v1/refunds", ["payment_intent": second.payment, "amount": "100"])
            try await scene.daemon.restart()
            await scene.daemon.untilOutput(contains: "money that went back was booked without its vendor's word")
            await scene.daemon.untilOutput(contains: second.purchase)
            let client = scene.daemon.client(key: customer.key)
            #expect(try await client.get("/v1/credits/balance").json?["balance"] == 50)
            let rows = try await client.get("/v1/credits/transactions").json?["transactions"]?.array ?? []
            #expect(rows.compactMap { $0["amount"]?.int } == [-50, -100, 100, 100], "\(rows)")
        }
        #expect(desk.invalid.isEmpty, "\(desk.invalid)")
    }
}
