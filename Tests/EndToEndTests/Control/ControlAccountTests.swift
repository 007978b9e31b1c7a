import FakeVendors
import Foundation
import Orchestrator
import Testing

/// The gallery, usage, credits and administration on the command line.
@Suite(.timeLimit(.minutes(3))) struct ControlAccountTests {
    private static let cheap: [String: JSON] = ["n": 1]

    private static func image(_ reply: ClientReply, _ scene: Scene) async throws -> String {
        try #require(try await scene.job(reply)["images"]?[0]?["id"]?.string)
    }

    @Test func `any prompt is printed on one line, cut by what shows and not by bytes`() async throws {
        try await Scene.play { scene in
            let prompt = String(repeating: "雪の中の狐🦊é", count: 20)
            let id = try await Self.image(try await scene.generate(["prompt": .string(prompt)]), scene)
            let hostile = try await scene.generate(["prompt": "red\u{1B}[31m\u{7}\r\nnext \u{202E}turned"])
            let control = try scene.control()
            let mine = try await control.run(["gallery", "mine"])
            #expect(mine.status == 0 && mine.out.contains("雪の中の狐🦊é") && mine.out.contains("…"), "\(mine)")
            #expect(!mine.out.unicodeScalars.contains { $0.value == 0x1B || $0.value == 7 || $0.value == 0x202E })
            #expect(mine.out.split(separator: "\n").count == 3)
            let view = try await control.run(["gallery", "view", String(id.dropFirst(4))])
            #expect(view.status == 0 && view.out.contains(prompt), "\(view)")
            let other = try await Self.image(hostile, scene)
            let shared = zip(id, other).prefix { $0 == $1 }.map(\.0)
            let ambiguous = try await control.run(["gallery", "view", String(shared)])
            #expect(ambiguous.status == 1 && ambiguous.error.contains("several images"), "\(ambiguous)")
            #expect(try await control.run(["gallery", "view", "img_zzz"]).error.contains("no image begins with"))
        }
    }

    @Test func `pages, visibility, sharing and deleting`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            var ids: [String] = []
            for _ in 0..<3 { ids.append(try await Self.image(try await scene.generate(), scene)) }
            #expect(try await control.run(["gallery", "list"]).out == "no pictures\n")
            #expect(try await control.run(["gallery", "visibility", ids[0], "public"]).status == 0)
            #expect(try await control.run(["gallery", "list", "--json"]).json?["data"]?[0]?["id"]?.string == ids[0])
            // Somebody else sees of them what is public.
            let stranger = try Control(scene.daemon.base)
            let me = try #require(try await scene.client.get("/v1/auth/me").json?["id"]?.string)
            let seen = try await scene.daemon.client(key: nil).get("/v1/images/user/\(me)").json
            #expect(seen?["data"]?.array?.count == 1 && seen?["total"] == 1 && seen?["user_id"]?.string == me)
            #expect(try await stranger.run(["gallery", "list"]).out.contains(ids[0]))
            #expect(try await stranger.run(["gallery", "mine"]).status == 1)
            let page = try await control.run(["gallery", "mine", "-l", "2", "-p", "2", "--json"])
            #expect(page.json?["data"]?.array?.map { $0["id"]?.string } == [ids[0]])
            #expect(try await control.run(["gallery", "share-all", "--yes"]).out == "2 pictures are now public\n")
            #expect(
                try await control.run(["gallery", "share-all", "private", "-y"]).out == "3 pictures are now private\n"
            )
            #expect(try await control.run(["gallery", "delete", ids[1], "-y"]).status == 0)
            #expect(try await control.run(["gallery", "view", ids[1]]).status == 1)
            let file = try await control.run(["gallery", "view", ids[0], "-o", "out"])
            #expect(file.out.contains("wrote out/\(ids[0]).png"), "\(file)")
        }
    }

    @Test func `usage shows dollars, and sums that are the API's`() async throws {
        try await Scene.play { scene in
            for _ in 0..<2 { _ = try await scene.generate() }
            let control = try scene.control()
            let today = String(
                try #require(try await scene.client.get("/health").json?["timestamp"]?.string).prefix(10)
            )
            let ran = try await control.run(["usage", "--start", today, "--end", today, "--detailed"])
            #expect(ran.status == 0, "\(ran.error)")
            let total = try #require(ran.out.split(separator: "\n").first { $0.hasPrefix("total") })
            #expect(total.split(separator: " ").map(String.init) == ["total", "2", "0", "2", "$0.006", "0"])
            #expect(ran.out.contains("\n\(today)  2         0       2         $0.006"), "\(ran.out)")
            let both = try await control.run(["usage", "-d", "--json"])
            #expect(
                both.json?["daily_usage"]?[0]?["cost_usd"] == both.json?["cost_usd"] && both.json?["data"]?[1] != nil
            )
        }
    }

    @Test func `credits, their history over many pages, packs and estimates`() async throws {
        try await Scene.play {
            $0.server.append("mode: official")
        } _: { scene in
            let customer = try await Customer(scene, credits: 20)
            let control = try Control(scene.daemon.base, key: customer.key)
            let low = try await control.run(["credits"])
            #expect(
                low.out.contains("20 credits ($0.2)") && low.out.contains("20 low, or 5 medium, or 1 high"),
                "\(low)"
            )
            #expect(low.error == "warning: fewer than 50 credits are left\n")
            let give = ["admin", "credits", "adjust", "--user-id", customer.id]
            let admin = try scene.control()
            for _ in 0..<60 {
                _ = try await scene.client.post(
                    "/v1/admin/credits/adjust",
                    ["user_id": .string(customer.id), "amount": 1]
                )
            }
            #expect(
                try await admin.run(give + ["--amount", "-5", "--reason", "one"]).out.hasSuffix("-5 credits, now 75\n")
            )
            #expect(try await admin.run(give + ["--amount=-5"]).out.hasSuffix("-5 credits, now 70\n"))
            #expect(try await control.run(["credits"]).error.isEmpty)
            for _ in 0..<60 {
                _ = try await scene.client.post(
                    "/v1/admin/credits/adjust",
                    ["user_id": .string(customer.id), "amount": 1]
                )
            }
            let history = try await control.run(["credits", "history", "-l", "120", "--json"])
            let rows = try #require(history.json?["transactions"]?.array)
            #expect(rows.count == 120 && Set(rows.compactMap { $0["id"]?.string }).count == 120)
            #expect(try await control.run(["credits", "history"]).out.split(separator: "\n").count == 11)
            let packs = try await control.run(["credits", "packs"])
            #expect(packs.out.contains("+1000 (28.6%)") && packs.out.contains("+3000 (37.5%)"), "\(packs.out)")
            #expect(packs.out.contains("\n*  popular"))
            let estimate = try await control.run(["credits", "estimate", "-q", "medium", "-n", "2", "--edit", "--json"])
            #expect(estimate.json?["estimated_credits"] == 8, "\(estimate)")
            #expect(try await control.run(["admin", "stats"]).error.contains("HTTP 403"))
            #expect(try await admin.run(["admin", "stats", "--json"]).json?["users"]?["total"] == 2)
        }
    }

    @Test func `an empty wallet is warned of, and there are no credits in self-hosted mode`() async throws {
        try await Scene.play {
            $0.server.append("mode: official")
        } _: { scene in
            let ran = try await scene.control().run(["credits"])
            #expect(ran.status == 0 && ran.error.contains("no credits are left"))
        }
        try await Scene.play { scene in
            let ran = try await scene.control().run(["credits"])
            #expect(ran.status == 1 && ran.error.contains("self-hosted"), "\(ran)")
        }
    }

    @Test func `buying waits for the payment, and ends as it ends`() async throws {
        let ends: [(JSON, Int32, String)] = [
            ("completed", 0, "bought 100 credits for $1.99"), ("failed", 1, "is failed"),
        ]
        for (end, status, text) in ends {
            let asked = Watched([JSON]())
            let server = try LoopbackServer { request, send in
                var purchase: JSONObject = ["purchase_id": "pur_1", "credits": 100, "amount_usd": "1.99"]
                purchase["checkout_url"] = "https://checkout.test/1"
                purchase["status"] = request.method == "POST" ? "pending" : end
                if request.method == "POST", let body = try? JSON(parsing: request.body) {
                    asked.change { $0.append(body) }
                }
                send(.json(200, .object(purchase)))
            }
            let control = try Control(server.origin, key: "k")
            let ran = try await control.run(["credits", "buy", "--pack", "starter"])
            #expect(ran.status == status && (ran.out + ran.error).contains(text), "\(ran)")
            #expect(ran.error.contains("pay at https://checkout.test/1"))
            #expect(asked.value.first?["pack_id"] == "starter" && asked.value.first?["payment_provider"] == "stripe")
            let link = try await control.run(["credits", "buy", "--pack", "starter", "--no-wait"])
            #expect(link.status == 0 && link.out.hasPrefix("https://checkout.test/1\n"))
            server.stop()
        }
    }

    @Test func `administrators grant, list, look and reload; others may not`() async throws {
        try await Scene.play { scene in
            let customer = try await Customer(scene)
            let (admin, other) = (try scene.control(), try Control(scene.daemon.base, key: customer.key))
            let grant = ["admin", "grant", "--user-id", customer.id]
            for words in [grant, ["admin", "users"], ["admin", "providers"], ["admin", "reload"]] {
                let ran = try await other.run(words)
                #expect(ran.status == 1 && ran.error.contains("HTTP 403") && ran.out.isEmpty, "\(ran)")
            }
            #expect(try await admin.run(grant).out.contains("is now an administrator"))
            #expect(
                try await other.run(["admin", "users", "--search", "someone"]).out.contains("someone@example.test")
            )
            #expect(try await admin.run(grant + ["--revoke"]).out.contains("no longer"))
            #expect(try await admin.run(["admin", "providers"]).out.contains("openai/gpt-image-2"))
            #expect(try await admin.run(["admin", "reload"]).status == 0)
            try scene.daemon.configure("version: 1\nproviders: nonsense\n")
            #expect(try await admin.run(["admin", "reload"]).status == 1)
        }
    }

    @Test func `keys are made, listed and revoked`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let made = try await control.run(["keys", "create", "--name", "laptop", "--scopes", "jobs:read,usage"])
            #expect(made.status == 0 && made.out.hasPrefix("ork_"), "\(made)")
            let key = String(made.out.dropLast())
            #expect(try await scene.daemon.client(key: key).get("/v1/jobs").status == 200)
            let listed = try await control.run(["keys", "--json"]).json?["data"]?.array
            let id = try #require(listed?.first { $0["name"] == "laptop" }?["id"]?.string)
            #expect(try await control.run(["keys"]).out.contains("laptop"))
            #expect(try await control.run(["keys", "revoke", id]).status == 0)
            #expect(try await scene.daemon.client(key: key).get("/v1/jobs").status == 401)
            #expect(try await control.run(["keys", "revoke", id]).status == 1)
        }
    }
}
