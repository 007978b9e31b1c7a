import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Where the server and the key come from, and how the program keeps and forgets them.
@Suite(.timeLimit(.minutes(3))) struct ControlSettingsTests {
    /// A server that says by whom it was asked.
    private static func namedServer(_ name: String, _ seen: Watched<[String]>) throws -> LoopbackServer {
        try LoopbackServer { request, send in
            seen.change { $0.append("\(name) \(request.header("authorization") ?? "none")") }
            send(.json(200, ["id": "usr_1", "email": .string("\(name)@example.test"), "object": "list", "data": []]))
        }
    }

    @Test func `a flag comes before its variable, and that before the file`() async throws {
        let seen = Watched([String]())
        let (a, b, c) = (
            try Self.namedServer("a", seen), try Self.namedServer("b", seen), try Self.namedServer("c", seen)
        )
        let control = try Control()
        let login = try await control.run(
            ["auth", "login", "--with-key", "--api-url", a.origin + "/v1/"],
            input: "ork_a\n"
        )
        #expect(login.status == 0, "\(login.error)")
        seen.change { $0 = [] }
        let variables = ["ORCHESTRATOR_API_URL": b.origin, "ORCHESTRATOR_API_KEY": "ork_b"]
        _ = try await control.run(["keys"])
        _ = try await control.run(["keys"], variables)
        _ = try await control.run(["--api-url", c.origin, "keys", "--api-key=ork_c"], variables)
        // A key goes to no server but its own.
        _ = try await control.run(["keys", "--api-url", c.origin])
        _ = try await control.run(["keys"], ["ORCHESTRATOR_API_URL": "", "ORCHESTRATOR_API_KEY": ""])
        #expect(seen.value == ["a Bearer ork_a", "b Bearer ork_b", "c Bearer ork_c", "c none", "a Bearer ork_a"])
        [a, b, c].forEach { $0.stop() }
    }

    @Test func `the file is its owner's alone, and the key is never shown`() async throws {
        try await Scene.play { scene in
            let control = try Control(scene.daemon.base)
            let login = try await control.run(["auth", "login", "--with-key"], input: scene.daemon.adminKey)
            #expect(login.status == 0, "\(login.error)")
            #expect(try control.mode(of: control.settings) == 0o600)
            #expect(try control.mode(of: control.settings.deletingLastPathComponent()) == 0o700)
            for words in [["config"], ["config", "--json"]] {
                let shown = try await control.run(words)
                #expect(shown.status == 0 && shown.out.contains("admin@localhost"), "\(shown)")
                #expect(!shown.out.contains(scene.daemon.adminKey) && !shown.error.contains(scene.daemon.adminKey))
            }
            let set = try await control.run(["config", "set", "model", "auto/quality"])
            #expect(set.status == 0)
            #expect(try control.mode(of: control.settings) == 0o600)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: control.settings.path)
            #expect(try await control.run(["config"]).error.contains("chmod 600"))
            let moved = try await control.run(["config", "set", "api-url", "http://elsewhere.test"])
            #expect(moved.status == 1, "the key would go elsewhere")
            try Data("{".utf8).write(to: control.settings)
            let broken = try await control.run(["config"])
            #expect(broken.status == 1 && broken.error.contains("ctl.json"), "\(broken.error)")
        }
    }

    @Test func `signing in by password makes a key, and signing out revokes it`() async throws {
        try await Scene.play { scene in
            let (email, control) = ("someone@example.test", try Control(scene.daemon.base))
            _ = try await Browser(scene.daemon).signUp(email)
            let login = ["auth", "login", "--email", email, "--password-stdin"]
            let wrong = try await control.run(login, input: "not the password\n")
            #expect(wrong.status == 1 && !FileManager.default.fileExists(atPath: control.settings.path))
            let right = try await control.run(login, input: Browser.password + "\n")
            #expect(right.status == 0, "\(right.error)")
            let kept = try JSON(parsing: Array(try Data(contentsOf: control.settings)))
            let key = try #require(kept["api_key"]?.string)
            #expect(try await scene.daemon.client(key: key).get("/v1/auth/me").json?["email"]?.string == email)
            #expect(try await control.run(["keys"]).out.contains("orchestratorctl on "))
            let out = try await control.run(["auth", "logout"])
            #expect(out.status == 0 && out.out.contains("is revoked"), "\(out)")
            #expect(try await scene.daemon.client(key: key).get("/v1/auth/me").status == 401)
            let rest = String(decoding: try Data(contentsOf: control.settings), as: UTF8.self)
            #expect(!rest.contains(key))
            #expect(try control.mode(of: control.settings) == 0o600)
            #expect(try await control.run(["keys"]).status == 1)
            #expect(try await control.run(["auth", "logout"]).out == "not signed in\n")
        }
    }

    @Test func `a key that was brought along is forgotten, and revoked only when that is asked for`() async throws {
        try await Scene.play { scene in
            let made = try await scene.client.post("/v1/keys", ["name": "other"])
            let key = try #require(made.json?["key"]?.string)
            let control = try Control(scene.daemon.base)
            for (flags, status) in [([], 200), (["--revoke"], 401)] as [([String], Int)] {
                #expect(try await control.run(["auth", "login", "--with-key"], input: key).status == 0)
                let out = try await control.run(["auth", "logout"] + flags)
                #expect(out.status == 0, "\(out.error)")
                #expect(try await scene.daemon.client(key: key).get("/v1/auth/me").status == status)
            }
        }
    }

    @Test func `a password is asked for on a terminal and not shown`() async throws {
        try await Scene.play { scene in
            let control = try Control(scene.daemon.base)
            _ = try await Browser(scene.daemon).signUp("typed@example.test")
            let ran = try await control.show(
                ["auth", "login", "--email", "typed@example.test"],
                typing: Browser.password + "\n",
                at: "password of"
            )
            #expect(ran.status == 0, "\(ran.out)")
            #expect(
                ran.out.contains("password of typed@example.test:") && ran.out.contains("signed in to"),
                "\(ran.out)"
            )
        }
    }

    @Test func `a preferred model is kept and used`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            #expect(try await control.run(["settings", "model", "nothing-like-it"]).status == 1)
            #expect(try await control.run(["settings", "model", "stability/core"]).out == "stability/core\n")
            #expect(try await control.run(["generate", "a fox", "-q", "low", "-s", "1024x1024"]).status == 0)
            #expect(scene.farm.stability.creates.count == 1 && scene.farm.creates.count == 1)
            #expect(try await control.run(["settings", "model", "--unset"]).out == "none\n")
        }
    }
}
