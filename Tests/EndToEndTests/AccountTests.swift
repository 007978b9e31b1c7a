import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Accounts, sessions, keys and roles as people meet them.
@Suite(.timeLimit(.minutes(3))) struct AccountTests {
    @Test func `who signs up is signed in, makes a key, and is known by both`() async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            let signUp = try await browser.signUp("Some@Example.test")
            #expect(signUp.status == 201 && signUp.json?["email"]?.string == "some@example.test")
            #expect(signUp.json?["is_admin"]?.bool == false && signUp.header("cache-control") == "no-store")
            let flags = try #require(signUp.header("set-cookie")).split(separator: ";").dropFirst()
            #expect(flags.map { $0.trimmingCharacters(in: .whitespaces) }.contains("HttpOnly"))
            let key = try #require(try await browser.post("/v1/keys", ["name": "mine"]).json?["key"]?.string)
            let me = try #require(try await browser.get("/v1/auth/me").json)
            let same = try #require(try await scene.daemon.client(key: key).get("/v1/auth/me").json)
            #expect(me["id"] == same["id"] && me["csrf_token"]?.string == browser.csrfToken)
            #expect(same["csrf_token"] == nil)
            #expect(try await scene.daemon.client(key: nil).get("/v1/auth/me").status == 401)
            #expect(try await Browser(scene.daemon).signUp("SOME@example.test").status == 400)
        }
    }

    @Test func `a session ends when its user signs out, signs in anew, or changes the password elsewhere`() async throws
    {
        try await Scene.play { scene in
            let (browser, other) = (Browser(scene.daemon), Browser(scene.daemon))
            _ = try await browser.signUp("a@b.test")
            let first = browser.cookie
            #expect(try await browser.signIn("a@b.test").status == 200)
            #expect(browser.cookie != first)
            #expect(try await scene.daemon.client(key: nil).with("cookie", first).get("/v1/auth/me").status == 401)
            #expect(try await other.signIn("a@b.test").status == 200)
            let change: JSON = [
                "current_password": .string(Browser.password), "new_password": "another password",
            ]
            #expect(try await browser.post("/v1/auth/password", change).status == 200)
            #expect(try await browser.get("/v1/auth/me").status == 200)
            #expect(try await other.get("/v1/auth/me").status == 401)
            #expect(try await other.signIn("a@b.test").status == 401)
            let last = browser.cookie
            #expect(try await browser.post("/v1/auth/logout").status == 200)
            #expect(browser.cookie == nil)
            #expect(try await scene.daemon.client(key: nil).with("cookie", last).get("/v1/auth/me").status == 401)
        }
    }

    @Test func `a session outlives the daemon, and no password is in anything that it keeps or says`() async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            let password = "Zq9-\(UUID().uuidString)"
            _ = try await browser.signUp("a@b.test", password: password)
            _ = try await Browser(scene.daemon).signIn("a@b.test", password: password + "x")
            let token = try #require(browser.cookie?.split(separator: "=").last.map(String.init))
            try await scene.daemon.restart()
            #expect(try await browser.get("/v1/auth/me").status == 200)
            #expect(await scene.daemon.stop() == 0)
            var seen = scene.daemon.outputBytes
            for file in scene.files() { seen += try Data(contentsOf: file) }
            #expect(!seen.contains(Array(password.utf8)) && !seen.contains(Array(token.utf8)))
        }
    }

    @Test func `a page elsewhere can do nothing with the cookie`() async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            _ = try await browser.signUp("a@b.test")
            for path in ["/v1/keys", "/v1/auth/logout", "/v1/images/generations", "/api/generate", "/v1/nothing"] {
                for origin in ["https://evil.test", "null"] {
                    let reply = try await browser.client.with("origin", origin).post(path, ["prompt": "a fox"])
                    #expect(reply.status == 403 && reply.header("access-control-allow-credentials") == nil)
                }
                let form = browser.client.with("origin", nil).with("content-type", "text/plain")
                #expect(try await form.send("POST", path, body: Array("{}".utf8)).status == 403)
            }
            #expect(try await browser.get("/v1/auth/me").status == 200)
            #expect(scene.farm.vendors.allSatisfy { $0.calls.isEmpty })
        }
    }

    @Test func `a key does what its scopes name, and says which one is missing`() async throws {
        try await Scene.play { scene in
            let made = try await scene.client.post("/v1/keys", ["scopes": ["jobs:read", "keys"]])
            let limited = scene.daemon.client(key: try #require(made.json?["key"]?.string))
            #expect(try await limited.get("/v1/jobs").status == 200)
            for (method, path, scope) in [
                ("POST", "/v1/images/generations", "images:write"), ("GET", "/v1/admin/users", "admin"),
                ("GET", "/v1/admin/nothing", "admin"),
            ] {
                let reply = try await limited.with("content-type", "application/json")
                    .send(method, path, body: method == "POST" ? Array(#"{"prompt": "a fox"}"#.utf8) : nil)
                #expect(reply.status == 403 && reply.errorCode == "permission_denied", "\(path)")
                #expect(reply.json?["error"]?["message"]?.string?.contains("'\(scope)'") == true)
            }
            #expect(try await limited.post("/v1/keys", ["scopes": ["images:write"]]).status == 403)
            #expect(try await limited.post("/v1/keys", ["scopes": ["admin"]]).status == 403)
            #expect(try await limited.post("/v1/keys", [:]).json?["scopes"] == ["jobs:read", "keys"])
        }
    }

    @Test func `a repeated POST is answered once, and a key's text is in no second answer`() async throws {
        try await Scene.play { scene in
            let client = scene.client.with("idempotency-key", "k-1")
            let first = try await client.post("/v1/keys", ["name": "shop"])
            let text = try #require(first.json?["key"]?.string)
            let second = try await client.post("/v1/keys", ["name": "shop"])
            #expect(second.status == 201 && second.json?["id"] == first.json?["id"])
            #expect(second.json?["key"]?.isNull == true && second.json?["replayed"]?.bool == true)
            #expect(second.header("idempotent-replayed") == "true" && !second.text.contains(text))
            let other = try await client.post("/v1/keys", ["name": "another"])
            #expect(other.status == 409 && other.errorCode == "idempotency_key_reused")
            #expect(try await scene.client.get("/v1/keys").json?["data"]?.array?.count == 2)
            #expect(try await scene.client.with("idempotency-key", "a b").post("/v1/keys", [:]).status == 400)
            // A refusal is not kept: the same key serves the mended request.
            let mended = scene.client.with("idempotency-key", "k-2")
            #expect(try await mended.post("/v1/keys", ["rate": "fast"]).status == 400)
            #expect(try await mended.post("/v1/keys", ["rate": "5/min"]).status == 201)
        }
    }

    @Test func `an administrator is made by another, who is on record for it`() async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            let id = try #require(try await browser.signUp("a@b.test").json?["id"]?.string)
            #expect(try await browser.get("/v1/admin/users").status == 403)
            #expect(try await browser.get("/v1/admin/nothing").status == 403)
            #expect(try await scene.client.post("/v1/admin/grant", [:]).status == 400)
            #expect(try await scene.client.post("/v1/admin/grant", ["user_id": "usr_1"]).status == 404)
            #expect(try await scene.client.post("/v1/admin/grant", ["user_id": .string(id)]).status == 200)
            #expect(try await browser.get("/v1/admin/users").status == 200)
            _ = try await scene.client.post("/v1/admin/reload", [:])
            let trail = try #require(try await scene.client.get("/v1/admin/audit").json?["data"]?.array)
            #expect(trail.prefix(3).map { $0["action"]?.string } == ["registry.reload", "user.grant", "user.signup"])
            #expect(trail[1]["subject"]?.string == id && trail[1]["actor"]?.string != id)
            for (term, count) in [(id, 1), ("A@B", 1), ("%", 0), ("_", 0), ("'", 0)] {
                let query = term.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                let found = try await scene.client.get("/v1/admin/users?search=\(query)").json?["data"]?.array
                #expect(found?.count == count, "\(term)")
            }
        }
    }

    @Test func `commands list, grant and make keys while the daemon is stopped, and refuse while it runs`() async throws
    {
        try await Scene.play { scene in
            _ = try await Browser(scene.daemon).signUp("a@b.test")
            let data = [
                "--data-dir", scene.daemon.dataDirectory.path, "--config", scene.daemon.configurationPath,
            ]
            let environment = scene.farm.environment
            let refused = try await DaemonProcess.command(["users", "list"] + data, environment: environment)
            #expect(refused.status == 1 && refused.output.contains("another process owns the SQLite file"))
            #expect(await scene.daemon.stop() == 0)
            #expect(
                try await DaemonProcess.command(["users", "grant", "A@b.test"] + data, environment: environment).status
                    == 0
            )
            let users = try await DaemonProcess.command(["users", "list"] + data, environment: environment).output
            #expect(users.contains("admin  a@b.test") && users.contains("admin@localhost"))
            let made = try await DaemonProcess.command(
                ["keys", "create", "a@b.test", "--scopes", "admin"] + data,
                environment: environment
            )
            let key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let list = try await DaemonProcess.command(["keys", "list", "a@b.test"] + data, environment: environment)
                .output
            let id = try #require(list.split(separator: " ").first.map(String.init))
            #expect(list.contains("good") && !list.contains(key))
            try await scene.daemon.start()
            #expect(try await scene.daemon.client(key: key).get("/v1/admin/users").status == 200)
            #expect(await scene.daemon.stop() == 0)
            #expect(
                try await DaemonProcess.command(["keys", "revoke", "a@b.test", id] + data, environment: environment)
                    .status == 0
            )
            try await scene.daemon.start()
            #expect(try await scene.daemon.client(key: key).get("/v1/admin/users").status == 401)
        }
    }

    static let misuses = [
        ["users"], ["users", "make"], ["users", "grant"], ["users", "list", "x"], ["keys"], ["keys", "list"],
        ["keys", "revoke", "a@b.test"], ["keys", "revoke", "a@b.test", "nonsense"],
        ["keys", "create", "a@b.test", "--scopes", "all"], ["keys", "create", "a@b.test", "--rate", "fast"],
    ]

    @Test(arguments: misuses)
    func `a command that is called wrongly says so`(words: [String]) async throws {
        let ran = try await DaemonProcess.command(words)
        #expect(ran.status == 2 && ran.output.contains("--help"))
        let help = try await DaemonProcess.command([words[0], "--help"])
        #expect(help.status == 0 && help.output.contains("--data-dir DIR"))
    }

    @Test func `the first administrator's key is printed once and kept for its owner's eyes`() async throws {
        try await Scene.play(environment: ["ORCHESTRATOR_ADMIN_KEY": ""]) { scene in
            let file = scene.daemon.dataDirectory.appending(path: "admin.key")
            let key = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600 && key.hasPrefix("ork_"))
            #expect(scene.daemon.output.components(separatedBy: key).count == 2)
            try await scene.daemon.restart()
            #expect(scene.daemon.output.components(separatedBy: key).count == 2)
            #expect(try await scene.daemon.client(key: key).get("/v1/admin/users").status == 200)
        }
    }
}
