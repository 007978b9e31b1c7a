import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Accounts that go, and what stays of them.
@Suite(.timeLimit(.minutes(3))) struct AccountDeletionTests {
    @Test func `who leaves takes pictures, keys, sessions and words along, and leaves the books right`() async throws {
        try await Scene.play({ $0.server.append("mode: official") }) { scene in
            let browser = Browser(scene.daemon)
            let id = try #require(try await browser.signUp("leaver@example.test").json?["id"]?.string)
            let key = try #require(try await browser.post("/v1/keys").json?["key"]?.string)
            let grant: JSON = ["user_id": .string(id), "amount": 50, "reason": "welcome"]
            #expect(try await scene.client.post("/v1/admin/credits/adjust", grant).status == 200)
            let mine = scene.daemon.client(key: key)
            let order: JSON = ["prompt": "a very private fox", "quality": "medium", "size": "1024x1024"]
            let reply = try await mine.post(Scene.generations, order)
            #expect(reply.status == 200, "\(reply.text)")
            let link = Scene.path(of: try #require(reply.json?["data"]?[0]?["url"]?.string))
            #expect(try await mine.get(link).status == 200)
            let limited = try await mine.post("/v1/keys", ["scopes": ["images:read"]])
            let narrow = scene.daemon.client(key: limited.json?["key"]?.string)
            #expect(try await narrow.send("DELETE", "/v1/identity").status == 403)
            #expect(
                try await browser.client.with("origin", "https://evil.test").send("DELETE", "/v1/identity").status
                    == 403
            )
            let gone = try await browser.client.with("x-csrf-token", browser.csrfToken).send("DELETE", "/v1/identity")
            #expect(gone.status == 200 && gone.json?["deleted"]?.bool == true, "\(gone.text)")
            for client in [mine, narrow, browser.client] { #expect(try await client.get("/v1/auth/me").status == 401) }
            #expect(try await scene.daemon.client(key: nil).get(link).status == 404)
            #expect(try await Browser(scene.daemon).signIn("leaver@example.test").status == 401)
            #expect(try await Browser(scene.daemon).signUp("leaver@example.test").status == 201)
            let trail = try await scene.client.get("/v1/admin/audit").text
            #expect(trail.contains("user.delete") && trail.contains(id))
            #expect(await scene.daemon.stop() == 0)
            let data = ["--data-dir", scene.daemon.dataDirectory.path, "--config", scene.daemon.configurationPath]
            let ledger = try await DaemonProcess.command(["verify-ledger"] + data, environment: scene.farm.environment)
            #expect(ledger.status == 0, "\(ledger.output)")
            for file in scene.files() where file.lastPathComponent.hasPrefix("orchestrator.sqlite") {
                #expect(try !Data(contentsOf: file).contains(Array("a very private fox".utf8)), "\(file.path)")
            }
        }
    }

    @Test func `the only administrator stays`() async throws {
        try await Scene.play { scene in
            #expect(try await scene.client.send("DELETE", "/v1/identity").status == 403)
            let browser = Browser(scene.daemon)
            let id = try #require(try await browser.signUp("a@b.test").json?["id"])
            _ = try await scene.client.post("/v1/admin/grant", ["user_id": id])
            #expect(try await scene.client.send("DELETE", "/v1/identity").status == 200)
            #expect(try await scene.client.get("/v1/auth/me").status == 401)
            let last = browser.client.with("x-csrf-token", browser.csrfToken)
            #expect(try await last.send("DELETE", "/v1/identity").status == 403)
            #expect(try await browser.get("/v1/admin/users").status == 200)
        }
    }
}
