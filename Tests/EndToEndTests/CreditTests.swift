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
}
