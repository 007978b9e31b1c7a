import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Tables for spreadsheets, and bills against our own record.
@Suite(.timeLimit(.minutes(3))) struct ReportTests {
    @Test func `usage, spend and transactions come as tables to whoever asks for them`() async throws {
        try await Scene.play({
            $0.server.append("mode: official")
            $0.extra += ["billing:", "  daily_free: 0"]
        }) { scene in
            let customer = try await Customer(scene, credits: 20)
            #expect(try await customer.generate(["prompt": "a fox, \"red\""]).status == 200)
            let details = try await customer.client.get("/v1/usage/users/\(customer.id)/details?format=csv")
            #expect(details.header("content-type") == "text/csv; charset=utf-8")
            let usage = details.text.split(separator: "\r\n")
            #expect(usage.count == 2 && usage[0].hasPrefix("id,created,type,status"))
            #expect(usage[1].contains("\"a fox, \"\"red\"\"\""))
            let lines = try await customer.client.with("accept", "text/csv").get("/v1/credits/transactions")
            let rows = lines.text.split(separator: "\r\n").dropFirst().map {
                $0.split(separator: ",")[2...3].joined(separator: " ")
            }
            #expect(rows == ["admin_adjustment 20", "reserve -1", "release 1", "spend -1"])
            let spend = try await scene.client.get("/v1/usage/providers?group_by=provider,model&format=csv")
            #expect(spend.text.hasPrefix("provider,model,requests,images,cost_usd,unresolved_usd\r\n"))
            #expect(try await scene.client.get("/v1/usage/providers?format=xml").status == 400)
        }
    }

    @Test func `a bill is compared with our attempts, by the daemon and at the command line`() async throws {
        try await Scene.play { scene in
            for _ in 0..<2 {
                let reply = try await scene.generate(["model": "replicate/black-forest-labs/flux-schnell"])
                #expect(reply.status == 200)
            }
            let day = try #require(
                try await scene.client.get("/v1/usage/providers?group_by=day").json?.value(at: "/data/0/day")?.string
            )
            let bill = "date,model,amount_usd\n\(day),flux-schnell,0.006\n"
            let path = "/v1/admin/reconcile?provider=replicate"
            let csv = scene.client.with("content-type", "text/csv")
            let right = try await csv.send("POST", path, body: Array(bill.utf8)).json
            #expect(right?["unexplained"]?.int == 0 && right?.value(at: "/data/0/verdict")?.string == "agrees")
            let wrong = try await csv.send("POST", path, body: Array((bill + "\(day),whisper,3\n").utf8)).json
            #expect(wrong?["unexplained"]?.int == 1 && wrong?["difference_usd"]?.string == "3")
            #expect(try await csv.send("POST", path, body: Array("what".utf8)).status == 400)
            #expect(try await csv.send("POST", "/v1/admin/reconcile", body: []).status == 400)
            await scene.daemon.stop()
            let file = scene.daemon.dataDirectory.appendingPathComponent("bill.csv")
            try Data(bill.utf8).write(to: file)
            let words = [
                "reconcile", "replicate", file.path, "--config", scene.daemon.configurationPath, "--data-dir",
                scene.daemon.dataDirectory.path,
            ]
            let done = try await DaemonProcess.command(words, environment: scene.farm.environment)
            #expect(done.status == 0 && done.output.contains("0 differences not explained"), "\(done.output)")
            try Data("date,cost\n\(day),9\n".utf8).write(to: file)
            let failed = try await DaemonProcess.command(words + ["--json"], environment: scene.farm.environment)
            #expect(failed.status == 1 && failed.output.contains("\"verdict\":\"differs\""), "\(failed.output)")
        }
    }
}
