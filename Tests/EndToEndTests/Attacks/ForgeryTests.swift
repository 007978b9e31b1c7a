import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Requests that claim what is not theirs to say: fields that callers may not set, sessions that they brought along,
/// addresses inside the house, paths around the gate.
@Suite(.timeLimit(.minutes(3))) struct ForgeryTests {
    // MARK: Mass assignment (OWASP API3)

    @Test func `fields that are not a caller's to set are not set`() async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            let signedUp = try await browser.post(
                "/v1/auth/signup",
                [
                    "email": "mass@example.test", "password": .string(Browser.password), "is_admin": true,
                    "id": "usr_00000000000000000000000000", "role": "admin", "balance": 1_000_000,
                    "created": "1999-01-01T00:00:00Z",
                ]
            )
            let user = try #require(signedUp.json)
            #expect(user["is_admin"] == false && user["id"] != "usr_00000000000000000000000000")
            #expect(user["created"]?.string?.hasPrefix("1999") == false)

            let made = try await browser.post(
                "/v1/keys",
                [
                    "name": "mine", "id": "key_00000000000000000000000000", "key": "ork_chosen", "prefix": "ork_chosen",
                    "owner": "usr_00000000000000000000000000", "revoked_at": nil, "is_admin": true,
                ]
            )
            let key = try #require(made.json)
            #expect(key["id"] != "key_00000000000000000000000000" && key["key"] != "ork_chosen")
            #expect(key["prefix"] != "ork_chosen")

            let client = scene.daemon.client(key: try #require(key["key"]?.string))
            let picture = try await client.post(
                Scene.generations,
                [
                    "prompt": "a fox", "quality": "low", "size": "1024x1024", "cost_usd": "0", "status": "succeeded",
                    "owner": "usr_00000000000000000000000000", "id": "job_00000000000000000000000000", "attempts": [],
                    "credits": ["reserved": 0, "charged": 0, "refunded": 1000],
                ]
            )
            let id = try #require(picture.header("x-job-id"))
            #expect(id != "job_00000000000000000000000000")
            let job = try #require(try await client.get("/v1/jobs/\(id)").json)
            #expect(job["cost_usd"] != "0" && job["attempts"]?.array?.count == 1)
            #expect(job["credits"] == ["reserved": 0, "charged": 0, "refunded": 0])
            let image = try #require(job["images"]?[0]?["id"]?.string)
            let changed = try await client.with("content-type", "application/json").send(
                "PUT",
                "/v1/images/\(image)/visibility",
                body: Array(#"{"is_public": false, "prompt": "another", "cost_usd": "0"}"#.utf8)
            )
            #expect(changed.json?["prompt"] == "a fox" && changed.json?["cost_usd"] == job["cost_usd"])
        }
    }

    // MARK: Sessions

    @Test func `a session that somebody brought along is not theirs after signing in`() async throws {
        try await Scene.play { scene in
            let attacker = Browser(scene.daemon)
            _ = try await attacker.signUp("attacker@example.test")
            let planted = try #require(attacker.cookie)
            let victim = scene.daemon.client(key: nil).with("cookie", planted).with("origin", scene.daemon.base)
            let reply = try await victim.post(
                "/v1/auth/signup",
                ["email": "victim@example.test", "password": .string(Browser.password)]
            )
            let fresh = try #require(reply.header("set-cookie").map { String($0.prefix { $0 != ";" }) })
            #expect(fresh != planted)
            // The planted session is over, and was never the victim's.
            #expect(try await scene.daemon.client(key: nil).with("cookie", planted).get("/v1/auth/me").status == 401)
            let me = try await scene.daemon.client(key: nil).with("cookie", fresh).get("/v1/auth/me")
            #expect(me.json?["email"] == "victim@example.test")
        }
    }

    @Test func `two cookies of one name are no way in`() async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            _ = try await browser.signUp("two@example.test")
            let good = try #require(browser.cookie)
            let name = good.prefix { $0 != "=" }
            for cookies in [
                "\(name)=; \(name)=x", "\(name)=\(String(repeating: "a", count: 5000))", "\(name)", "=\(good)",
            ] {
                let reply = try await scene.daemon.client(key: nil).with("cookie", cookies).get("/v1/auth/me")
                #expect(reply.status == 401, "\(cookies.prefix(60)) \(reply.text)")
            }
        }
    }

    // MARK: Addresses inside the house (OWASP API7)

    static let inside = [
        "http://127.0.0.1:PORT/hook", "http://localhost:PORT/hook", "http://[::1]:PORT/hook",
        "http://[::ffff:127.0.0.1]:PORT/hook", "http://2130706433:PORT/hook", "http://0x7f.1:PORT/hook",
        "http://127.1:PORT/hook", "http://0:PORT/hook", "http://10.1.2.3/hook", "http://192.168.0.1/hook",
        "http://169.254.169.254/latest/meta-data", "http://[fd00::1]/hook", "http://user:pass@127.0.0.1:PORT/hook",
        "file:///etc/passwd", "gopher://127.0.0.1:PORT/_", "ftp://127.0.0.1:PORT/", "http://", "javascript:alert(1)",
    ]

    @Test func `a webhook may not lead into the house`() async throws {
        try await Scene.play({ $0.server = ["watch: false"] }) { scene in
            let port = scene.farm.deliveryServer.port
            for address in Self.inside {
                let reply = try await scene.client.with("prefer", "respond-async").post(
                    Scene.generations,
                    [
                        "prompt": "a fox", "quality": "low",
                        "webhook": ["url": .string(address.replacing("PORT", with: "\(port)"))],
                    ]
                )
                #expect(reply.status == 400 && reply.errorCode == "invalid_value", "\(address) \(reply.text)")
            }
            #expect(scene.farm.creates.isEmpty && scene.farm.replicate.delivery.fetches.isEmpty)
        }
    }

    // MARK: Paths around the gate

    @Test(arguments: [
        "/v1/admin%2fusers", "/v1//admin/users", "//v1/admin/users", "/v1/./admin/users", "/v1/jobs/../admin/users",
        "/v1/jobs/%2e%2e/admin/users", "/v1/ADMIN/users", "/v1/admin/users/", "/v1/admin/users;a=b",
        "/v1/admin/users%20", "/V1/admin/users", "/v1/admin/users%3F", "/v1/admin\\users",
    ])
    func `no spelling of a path gets around its gate`(path: String) async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            _ = try await browser.signUp("path@example.test")
            for client in [scene.daemon.client(key: nil), browser.client] {
                let reply = try await client.get(path)
                #expect([400, 401, 403, 404].contains(reply.status), "\(reply.status) \(reply.text)")
                #expect(!reply.text.contains("admin@"), "\(reply.text)")
            }
        }
    }

    @Test(arguments: [
        "/art/../orchestrator.sqlite", "/art/%2e%2e/orchestrator.sqlite", "/art/..%2forchestrator.sqlite",
        "/images/../admin.key", "/images/%2e%2e%2fadmin.key", "/images/..%5cadmin.key", "/pages/../admin.key",
        "/pages/%2e%2e/session.secret", "/pages/..%2f..%2fetc%2fpasswd", "/images//etc/passwd", "/art//etc/passwd",
    ])
    func `no path leads to a file that is not meant to be seen`(path: String) async throws {
        try await Scene.play { scene in
            let reply = try await scene.daemon.client(key: nil).get(path)
            #expect([400, 401, 404].contains(reply.status), "\(reply.status)")
            #expect(!reply.text.contains("ork_") && !reply.text.contains("SQLite") && !reply.text.contains("root:"))
        }
    }
}
