import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Credits bought at stand-ins of Stripe and Creem.
@Suite(.timeLimit(.minutes(3))) struct PurchaseTests {
    private struct Shop {
        let scene: Scene
        let stripe: FakeStripe
        let creem: FakeCreem
        let customer: Customer
        /// Without any key, as payment vendors call.
        var stranger: HTTPClient { scene.daemon.client(key: nil) }

        func buy(_ pack: String = "basic", _ method: String = "stripe") async throws -> String {
            let reply = try await customer.client.post(
                "/v1/credits/purchase",
                ["pack_id": .string(pack), "payment_method": .string(method)]
            )
            try #require(reply.status == 200, "\(reply.text)")
            #expect(reply.json?["status"]?.string == "pending")
            return try #require(reply.json?["purchase_id"]?.string)
        }

        func status(_ purchase: String) async throws -> String? {
            try await customer.client.get("/v1/credits/purchase/\(purchase)").json?["status"]?.string
        }

        func balance() async throws -> Int? {
            try await customer.client.get("/v1/credits/balance").json?["balance"]?.int
        }

        func untilGiven(_ kind: String) async {
            await scene.daemon.untilOutput(contains: #""kind":"\#(kind)","user.id":"\#(customer.id)""#)
        }

        /// Kinds and amounts of the statement, newest first.
        func lines() async throws -> [String] {
            let rows = try await customer.client.get("/v1/credits/transactions").json?["transactions"]?.array ?? []
            return rows.map { "\($0["type"]?.string ?? "") \($0["amount"]?.int ?? 0)" }
        }

        func use(_ credits: Int) async throws {
            for _ in 0..<(credits / 16) {
                #expect(try await customer.generate(["quality": "high"]).status == 200)
            }
        }
    }

    private static func play(
        _ billing: [String] = [],
        environment: [String: String] = [:],
        _ body: (Shop) async throws -> Void
    ) async throws {
        let (stripe, creem) = (try FakeStripe(), try FakeCreem())
        defer {
            stripe.stop()
            creem.stop()
        }
        let keys = stripe.environment.merging(creem.environment) { $1 }.merging(environment) { $1 }
        try await Scene.play(
            {
                $0.server.append("mode: official")
                $0.extra += [
                    "billing:", "  daily_free: 0",
                    "  stripe: {base_url: \(stripe.base), secret_key: \"${STRIPE_SECRET_KEY}\", "
                        + "webhook_secret: \"${STRIPE_WEBHOOK_SECRET}\"}",
                    "  creem: {base_url: \(creem.base), api_key: \"${CREEM_API_KEY}\", "
                        + "webhook_secret: \"${CREEM_WEBHOOK_SECRET}\"}",
                ]
                $0.extra += billing.map { "  \($0)" }
            },
            environment: keys
        ) { scene in
            try await body(Shop(scene: scene, stripe: stripe, creem: creem, customer: try await Customer(scene)))
            await scene.daemon.stop()
            let checked = try await DaemonProcess.command(
                [
                    "verify-ledger", "--config", scene.daemon.configurationPath, "--data-dir",
                    scene.daemon.dataDirectory.path,
                ],
                environment: scene.farm.environment.merging(keys) { $1 }
            )
            #expect(checked.status == 0, "\(checked.output)")
            for secret in keys.values where !secret.isEmpty { #expect(!scene.daemon.output.contains(secret)) }
        }
        #expect(stripe.invalid.isEmpty && creem.invalid.isEmpty, "\(stripe.invalid) \(creem.invalid)")
    }

    @Test func `a pack is credited once, when Stripe proves its payment, and what went back is taken`() async throws {
        try await Self.play { shop in
            let purchase = try await shop.buy()
            let session = try #require(shop.stripe.session(of: purchase))
            #expect(session.amount == 799 && session.intentPurchase == purchase)
            #expect((1795...1806).contains(session.expires))
            shop.stripe.pay(purchase)
            let paid = shop.stripe.event("checkout.session.completed", of: purchase)
            // What proves nothing changes nothing.
            let (stranger, stripe) = (shop.stranger, shop.stripe)
            #expect(try await stripe.send(paid, to: stranger, secret: "whsec_other") == 400)
            for skew in [-310, 310] { #expect(try await stripe.send(paid, to: stranger, skew: skew) == 400) }
            #expect(try await stranger.post("/v1/webhooks/stripe", paid).status == 400)
            #expect(try await stranger.post("/v1/credits/webhook", ["purchase_id": .string(purchase)]).status == 401)
            for change in [["amount_total": 1], ["currency": "jpy"], ["id": "cs_other"]] as [JSONObject] {
                let wrong = stripe.event("checkout.session.completed", of: purchase, change)
                #expect(try await stripe.send(wrong, to: stranger) == 400)
            }
            let unpaid = stripe.event("checkout.session.completed", of: purchase, ["payment_status": "unpaid"])
            #expect(try await stripe.send(unpaid, to: stranger) == 200)
            #expect(try await stripe.send(stripe.event("customer.created", of: purchase), to: stranger) == 200)
            #expect(try await shop.balance() == 0)
            // Ten copies at once, and one more.
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<10 { group.addTask { try await stripe.send(paid, to: stranger) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 200, count: 10))
            #expect(try await stripe.send(paid, to: stranger) == 200)
            #expect(try await shop.lines() == ["purchase 550"])
            #expect(try await shop.status(purchase) == "completed")
            // Money went back: of what is unused so much, and once.
            try await shop.use(32)
            for _ in 0..<2 {
                #expect(try await stripe.send(stripe.refunded(purchase, amount: 799), to: stranger) == 200)
            }
            #expect(try await shop.balance() == 0)
            #expect(try await shop.status(purchase) == "refunded")
            #expect(try await shop.lines().first == "refund -518")
            let stats = try await shop.scene.client.get("/v1/admin/credits/stats").json
            #expect(stats?.value(at: "/revenue/total_usd")?.string == "0")
        }
    }

    @Test func `a dispute takes the unused credits, and one that is won gives them back`() async throws {
        try await Self.play { shop in
            let purchase = try await shop.buy("starter")
            shop.stripe.pay(purchase)
            // The dispute comes before the news of the payment, which the vendor then is asked for.
            let dispute = shop.stripe.dispute(purchase, "charge.dispute.created", status: "needs_response")
            let paid = shop.stripe.event("checkout.session.completed", of: purchase)
            #expect(try await shop.stripe.send(paid, to: shop.stranger) == 200)
            #expect(try await shop.stripe.send(dispute, to: shop.stranger) == 200)
            #expect(try await shop.balance() == 0)
            let won = shop.stripe.dispute(purchase, "charge.dispute.closed", status: "won")
            #expect(try await shop.stripe.send(won, to: shop.stranger) == 200)
            #expect(try await shop.balance() == 100)
            #expect(try await shop.status(purchase) == "completed")
        }
    }

    @Test func `a payment whose news is lost is found by asking, also after a kill`() async throws {
        try await Self.play { shop in
            let (asked, left) = (try await shop.buy("starter"), try await shop.buy("basic"))
            shop.stripe.pay(asked)
            #expect(try await shop.status(asked) == "completed")
            let early = try await shop.buy("starter")
            shop.stripe.pay(early)
            // A refund of what is not known to be paid makes the daemon ask.
            #expect(try await shop.stripe.send(shop.stripe.refunded(early, amount: 199), to: shop.stranger) == 200)
            #expect(try await shop.status(early) == "refunded")
            shop.scene.daemon.kill()
            await shop.scene.daemon.untilExit()
            shop.stripe.pay(left)
            try await shop.scene.daemon.start()
            // Nobody asks about it: the daemon does.
            await shop.scene.daemon.untilOutput(contains: "a purchase was paid")
            #expect(try await shop.balance() == 650)
            let lapsed = try await shop.buy("starter")
            shop.stripe.expire(lapsed)
            #expect(try await shop.status(lapsed) == "failed")
        }
    }

    @Test func `Creem sells by a product for each pack, by its signed events`() async throws {
        try await Self.play { shop in
            let first = try await shop.buy("popular", "creem")
            #expect(shop.creem.products.values.map { $0 } == [1999])
            let (stranger, creem) = (shop.stranger, shop.creem)
            let paid = creem.completed(first)
            #expect(try await creem.send(paid, to: stranger, secret: "other") == 400)
            #expect(try await creem.send(creem.completed(first, ["amount": 1]), to: stranger) == 400)
            #expect(try await creem.send(creem.completed(first, ["currency": "JPY"]), to: stranger) == 400)
            #expect(try await creem.send(creem.completed(first, ["status": "pending"]), to: stranger) == 200)
            #expect(try await shop.balance() == 0)
            for _ in 0..<2 { #expect(try await creem.send(paid, to: stranger) == 200) }
            #expect(try await shop.balance() == 1800)
            // The same product again; where it is gone, a new one.
            _ = try await shop.buy("popular", "creem")
            #expect(creem.products.count == 1 && creem.checkouts.count == 2)
            creem.forgetProducts()
            let third = try await shop.buy("popular", "creem")
            #expect(creem.products.count == 1)
            creem.pay(third)
            #expect(try await shop.status(third) == "completed")
            for id in ["ref_1", "ref_1"] {
                #expect(try await creem.send(creem.refunded(third, amount: 1999, id: id), to: stranger) == 200)
            }
            #expect(try await shop.balance() == 1800)
        }
    }

    @Test func `an administrator gives the unused part back, once, and the vendor is told`() async throws {
        try await Self.play { shop in
            let purchase = try await shop.buy("starter")
            shop.stripe.pay(purchase)
            #expect(try await shop.status(purchase) == "completed")
            try await shop.use(16)
            let admin = shop.scene.client
            let wish: JSON = ["purchase_id": .string(purchase), "reason": "asked for it"]
            #expect(try await shop.customer.client.post("/v1/admin/credits/refund", wish).status == 403)
            let refund = try await admin.post("/v1/admin/credits/refund", wish)
            #expect(refund.status == 200 && refund.json?["credits_removed"]?.int == 84, "\(refund.text)")
            #expect(refund.json?["refund_usd"]?.string == "1.67" && refund.json?["refund_sent"]?.bool == true)
            #expect(shop.stripe.refunds.map(\.amount) == [167])
            #expect(try await shop.balance() == 0)
            #expect(try await admin.post("/v1/admin/credits/refund", wish).status == 409)
            #expect(try await shop.stripe.send(shop.stripe.refunded(purchase, amount: 167), to: shop.stranger) == 200)
            #expect(try await shop.balance() == 0)
            #expect(try await admin.post("/v1/admin/credits/refund", ["purchase_id": "pur_1"]).status == 404)
            let listed = try await admin.get("/v1/admin/purchases").json?["data"]?.array ?? []
            #expect(listed.map { $0["refunded_usd"]?.string } == ["1.67"])
        }
    }

    @Test func `what cannot be bought is refused with its reason`() async throws {
        try await Self.play(environment: ["CREEM_WEBHOOK_SECRET": ""]) { shop in
            let client = shop.customer.client
            let refused: [(JSON, String)] = [
                (["payment_method": "stripe"], "pack_id"), (["pack_id": "huge"], "pack_id"),
                (["pack_id": "basic", "payment_method": "cash"], "payment_method"),
                (["pack_id": "basic", "payment_provider": "creem"], "payment_provider"),
            ]
            for (body, param) in refused {
                let reply = try await client.post("/v1/credits/purchase", body)
                #expect(reply.status == 400 && reply.json?.value(at: "/error/param")?.string == param, "\(reply.text)")
            }
            // Without its secret a method is off, and its webhook is no door.
            #expect(
                try await shop.creem.send(["eventType": "checkout.completed"], to: shop.stranger, secret: "") == 404
            )
            let other = try await client.post(
                "/v1/credits/purchase",
                ["pack_id": "basic", "payment_provider": "stripe", "payment_id": "pi_mine"]
            )
            #expect(other.status == 200 && other.json?["amount_usd"]?.string == "7.99")
            let id = try #require(other.json?["purchase_id"]?.string)
            #expect(try await shop.scene.client.get("/v1/credits/purchase/\(id)").status == 200, "an administrator")
            let somebody = try await Customer(shop.scene, "somebody")
            #expect(try await somebody.client.get("/v1/credits/purchase/\(id)").status == 404)
            shop.stripe.setAway(true)
            let away = try await client.post("/v1/credits/purchase", ["pack_id": "basic"])
            #expect(away.status == 503 && away.header("retry-after") != nil)
            #expect(try await shop.status(id) == "pending")
            #expect(try await shop.balance() == 0)
        }
    }

    @Test func `where nothing is sold there is nothing to buy`() async throws {
        try await Scene.play { scene in
            let routes = [
                "/v1/credits/purchase", "/v1/webhooks/stripe", "/v1/webhooks/creem", "/v1/admin/credits/refund",
            ]
            for path in routes {
                let reply = try await scene.client.post(path, ["pack_id": "basic"])
                #expect(reply.status == 404 && reply.errorCode == "not_found", "\(path): \(reply.text)")
            }
        }
    }

    @Test func `money that went back without a word is found by asking, once`() async throws {
        try await Self.play { shop in
            var purchases: [String] = []
            // More than fit on a page of the vendor's list.
            for _ in 0..<4 {
                let purchase = try await shop.buy("starter")
                shop.stripe.pay(purchase)
                #expect(try await shop.status(purchase) == "completed")
                purchases.append(purchase)
            }
            #expect(try await shop.balance() == 400)
            for (purchase, amount) in zip(purchases, [199, 100, 199]) {
                shop.stripe.refundSilently(purchase, amount: amount)
            }
            shop.stripe.disputeSilently(purchases[3], status: "needs_response")
            // One of them was told, and is not booked twice.
            let told = shop.stripe.refunded(purchases[0], amount: 199)
            #expect(try await shop.stripe.send(told, to: shop.stranger) == 200)
            #expect(try await shop.balance() == 300)

            func untilBooked(_ purchase: String) async {
                await shop.scene.daemon.untilOutput(
                    contains:
                        "money that went back was booked without its vendor's word\",\"purchase.id\":\"\(purchase)"
                )
            }
            func client() -> HTTPClient { shop.scene.daemon.client(key: shop.customer.key) }
            try await shop.scene.daemon.restart()
            for purchase in purchases.dropFirst() { await untilBooked(purchase) }
            func balance() async throws -> Int? { try await client().get("/v1/credits/balance").json?["balance"]?.int }
            #expect(try await balance() == 50)
            // The bank decides for the house, which nobody says either.
            shop.stripe.disputeSilently(purchases[3], status: "won")
            try await shop.scene.daemon.restart()
            await untilBooked(purchases[3])
            #expect(try await balance() == 150)
            let rows = try await client().get("/v1/credits/transactions").json?["transactions"]?.array ?? []
            #expect(rows.prefix(5).compactMap { $0["amount"]?.int }.sorted() == [-100, -100, -100, -50, 100])
            #expect(!shop.scene.daemon.output.contains(purchases[0] + "\",\"why"))
        }
    }

    @Test func `new users are welcomed once, and buyers have credits each month`() async throws {
        try await Self.play(["welcome: {credits: 25}", "monthly: {credits: 40}"]) { shop in
            await shop.untilGiven("welcome")
            #expect(try await shop.balance() == 25)
            let purchase = try await shop.buy("starter")
            shop.stripe.pay(purchase)
            #expect(try await shop.status(purchase) == "completed")
            await shop.untilGiven("monthly")
            #expect(try await shop.balance() == 165)
            #expect(try await shop.lines() == ["grant 40", "purchase 100", "bonus 25"])
        }
    }
}
