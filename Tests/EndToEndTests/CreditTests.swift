import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Credits as callers and administrators meet them.
@Suite(.timeLimit(.minutes(3))) struct CreditTests {
    /// Official mode with the usual prices; `billing` are more lines.
    private static func official(_ billing: [String] = ["daily_free: 0"]) -> (inout RegistryText) -> Void {
        { registry in
            registry.server.append("mode: official")
            registry.extra += ["billing:"] + billing.map { "  \($0)" }
        }
    }

    @Test func `without credits there are no credit routes, and the estimate says what they would be`() async throws {
        try await Scene.play { scene in
            for path in ["balance", "transactions", "packs", "pricing"] {
                let reply = try await scene.client.get("/v1/credits/\(path)")
                #expect(reply.status == 404 && reply.json?.value(at: "/error/code")?.string == "not_found")
            }
            let wish: JSON = ["user_id": "usr_1", "amount": 1]
            #expect(try await scene.client.post("/v1/admin/credits/adjust", wish).status == 404)
            #expect(try await scene.client.get("/v1/admin/credits/stats").status == 404)
            let estimate = try await scene.client.post(
                "/v1/credits/estimate",
                ["quality": "high", "size": "1024x1024", "n": 4]
            )
            #expect(estimate.status == 200 && estimate.json?["estimated_credits"]?.int == 64)
            #expect(estimate.json?["estimated_usd"]?.string == "0.64")
            #expect(try await scene.client.post("/v1/credits/estimate", ["quality": "best"]).status == 400)
            let preview = try await scene.client.post("/v1/routes/explain", ["prompt": "a fox", "quality": "high"])
            #expect(preview.json?["credits"]?.int == 0)
            #expect(try await scene.generate().status == 200)
        }
    }

    @Test func `prices and packs are for everybody, balances for those who have them`() async throws {
        try await Scene.play(Self.official(["daily_free: 2", "flat: {low: 2, high: 9}"])) { scene in
            let stranger = scene.daemon.client(key: nil)
            let pricing = try await stranger.get("/v1/credits/pricing").json
            #expect(pricing?.value(at: "/tiers/high")?.int == 9 && pricing?["daily_free"]?.int == 2)
            let packs = try await stranger.get("/v1/credits/packs").json?["packs"]?.array
            #expect(packs?.map { $0["id"]?.string } == ["starter", "basic", "popular", "pro", "enterprise"])
            for path in ["balance", "transactions"] {
                #expect(try await stranger.get("/v1/credits/\(path)").status == 401)
            }
            #expect(try await stranger.post("/v1/credits/estimate", [:]).status == 401)
            let preview = try await scene.client.post(
                "/v1/routes/explain",
                ["prompt": "a fox", "quality": "high", "n": 2]
            )
            #expect(preview.json?["credits"]?.int == 18)
        }
    }

    @Test func `where credits are charged, nobody brings a vendor's key`() async throws {
        try await Scene.play(Self.official()) { scene in
            let byBody = try await scene.generate(["openai_api_key": "sk-own"])
            #expect(byBody.status == 400 && byBody.json?.value(at: "/error/param")?.string == "openai_api_key")
            #expect(!byBody.text.contains("sk-own") && scene.farm.creates.isEmpty)
        }
    }

    @Test func `the ledger is checked and the schema brought up to date only while no daemon runs`() async throws {
        try await Scene.play(Self.official()) { scene in
            let options = [
                "--config", scene.daemon.configurationPath, "--data-dir", scene.daemon.dataDirectory.path,
            ]
            let environment = scene.farm.environment
            for command in ["verify-ledger", "migrate"] {
                let refused = try await DaemonProcess.command([command] + options, environment: environment)
                #expect(refused.status == 1 && refused.output.contains("another process owns the SQLite file"))
            }
            await scene.daemon.stop()
            let checked = try await DaemonProcess.command(["verify-ledger"] + options, environment: environment)
            #expect(checked.status == 0 && checked.output.contains("ok,"), "\(checked.output)")
            let migrated = try await DaemonProcess.command(["migrate"] + options, environment: environment)
            #expect(migrated.status == 0 && migrated.output.contains("nothing to do"), "\(migrated.output)")
            let elsewhere = try await DaemonProcess.command(
                ["verify-ledger", "--config", scene.daemon.configurationPath, "--data-dir", "/nowhere"],
                environment: environment
            )
            #expect(elsewhere.status == 1 && elsewhere.output.contains("there is no database in '/nowhere'"))
        }
    }

    @Test func `an adjustment is made once for each key, stops at what is free, and stands on the statement`()
        async throws
    {
        try await Scene.play(Self.official()) { scene in
            let user = try await Self.administrator(scene)
            func adjust(_ amount: JSON, key: String? = nil, user: String) async throws -> ClientReply {
                try await scene.client.with("idempotency-key", key)
                    .post("/v1/admin/credits/adjust", ["user_id": .string(user), "amount": amount, "reason": "gift"])
            }
            for _ in 0..<2 {
                let reply = try await adjust(100, key: "k1", user: user)
                #expect(reply.status == 200 && reply.json?["adjustment"]?.int == 100, "\(reply.text)")
                #expect(reply.json?["new_balance"]?.int == 100)
            }
            #expect(try await adjust(101, key: "k1", user: user).status == 409)
            #expect(try await adjust(-30, user: user).json?["new_balance"]?.int == 70)
            for _ in 0..<2 {
                let floored = try await adjust(-1000, key: "k2", user: user)
                #expect(floored.json?["adjustment"]?.int == -70 && floored.json?["new_balance"]?.int == 0)
            }
            #expect(try await adjust(-1, user: user).errorCode == "insufficient_credits")
            for (amount, who, status) in [
                (0, user, 400), ("5", user, 400), (2_000_000_000, user, 400), (5, "usr_nobody", 404),
                (nil, user, 400),
            ] as [(JSON, String, Int)] {
                #expect(try await adjust(amount, user: who).status == status, "\(amount) \(who)")
            }
            let statement = try await scene.client.get("/v1/credits/transactions").json?["transactions"]?.array ?? []
            #expect(statement.map { $0["amount"]?.int } == [-70, -30, 100])
            #expect(statement.map { $0["balance_after"]?.int } == [0, 70, 100])
            #expect(statement.allSatisfy { $0["type"]?.string == "admin_adjustment" && $0["user_id"]?.string == user })
            let page = try await scene.client.get("/v1/credits/transactions?page=2&per_page=1").json
            #expect(page?.value(at: "/transactions/0/amount")?.int == -30 && page?["per_page"]?.int == 1)
            for bad in ["page=0", "per_page=0", "per_page=101", "per_page=-1", "page=x"] {
                #expect(try await scene.client.get("/v1/credits/transactions?\(bad)").status == 400)
            }
            let stats = try await scene.client.get("/v1/admin/credits/stats").json
            #expect(stats?.value(at: "/credits/total_granted")?.int == 0 && stats?["users"]?["total"]?.int == 1)
            #expect(stats?.value(at: "/revenue/profit_margin")?.isNull == true)
        }
    }

    /// The administrator's id, from the record itself.
    private static func administrator(_ scene: Scene) async throws -> String {
        let script =
            "import sqlite3,sys;print(sqlite3.connect(sys.argv[1]).execute('SELECT id FROM users').fetchone()[0])"
        let file = scene.daemon.dataDirectory.appendingPathComponent("orchestrator.sqlite").path
        let asked = try await Shell.run(
            ["python3", "-c", script, file],
            in: scene.daemon.directory,
            environment: ["PATH": "/usr/bin:/bin"]
        )
        try #require(asked.status == 0, "\(asked.output)")
        return asked.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
