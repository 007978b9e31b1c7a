import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Sign-in with GitHub, and all that is the same for every identity provider.
@Suite(.timeLimit(.minutes(3))) struct GitHubSignInTests {
    private static let app = "https://app.example.test/back"

    private static func play(_ body: (Scene, FakeGitHub) async throws -> Void) async throws {
        let github = try FakeGitHub()
        defer { github.stop() }
        try await Scene.play(
            {
                $0.extra = [
                    "auth:", "  redirect_uris: [\"\(app)\"]",
                    "  github: {client_id: \(github.clientID), client_secret: \"${GITHUB_SECRET}\", "
                        + "base_url: \(github.base), api_url: \(github.api)}",
                ]
            },
            environment: ["GITHUB_SECRET": github.clientSecret]
        ) { scene in
            github.register(scene.daemon.base + "/v1/auth/github/callback")
            github.register(app)
            try await body(scene, github)
            #expect(!scene.daemon.output.contains(github.clientSecret))
        }
    }

    @Test func `a browser goes there and comes back signed in, to the page it was on, as the same person each time`()
        async throws
    {
        try await Self.play { scene, github in
            var ids: [String?] = []
            for path in ["/gallery", "/device?user_code=ABCD-EFGH", nil] {
                let browser = Traveller(scene.daemon)
                let query = path.map { PercentEncoding.form([("return_to", $0)]) } ?? ""
                let ticket = try await browser.travel("github", query)
                let arrived = try await browser.arrive(ticket)
                #expect(arrived.status == 303 && arrived.header("location") == path ?? "/", "\(arrived.text)")
                #expect(browser.cookies.keys.sorted() == ["orchestrator_session"])
                let me = try await browser.get("/v1/auth/me").json
                #expect(me?["email"]?.string == "octo@example.test" && me?["is_admin"]?.bool == false)
                ids.append(me?["id"]?.string)
                // A state is good once, for whoever shows it.
                #expect(try await browser.arrive(ticket).status == 400)
            }
            #expect(Set(ids).count == 1 && ids[0] != nil)
            github.sign(in: FakePerson("4712", "other@example.test"))
            let other = Traveller(scene.daemon)
            _ = try await other.signIn("github")
            #expect(try await other.get("/v1/auth/me").json?["email"]?.string == "other@example.test")
            #expect(github.invalid.isEmpty)
        }
    }

    @Test func `a program gets a key for its code, once`() async throws {
        try await Self.play { scene, github in
            let program = Traveller(scene.daemon)
            let ticket = try await program.travel("github", PercentEncoding.form([("redirect_uri", Self.app)]))
            #expect(ticket.uri == Self.app)
            let apart = Traveller(scene.daemon)
            let reply = try await apart.redeem(ticket, "github")
            #expect(reply.status == 200 && reply.header("cache-control") == "no-store", "\(reply.text)")
            #expect(!reply.headers.contains { $0.name == "set-cookie" })
            let key = scene.daemon.client(key: try #require(reply.json?["api_key"]?.string))
            #expect(try await key.get("/v1/auth/me").json?["id"] == reply.json?["user_id"])
            let again = try await apart.redeem(ticket, "github")
            #expect(again.status == 400 && again.json?["error"]?["param"]?.string == "state")
            // A page of the listed site needs no cookie of ours, as it has none.
            let page = try await program.travel("github", PercentEncoding.form([("redirect_uri", Self.app)]))
            #expect(try await apart.redeem(page, "github", origin: "https://app.example.test").status == 200)
            #expect(github.invalid.isEmpty)
        }
    }

    @Test func `a sign-in belongs to the browser that began it`() async throws {
        try await Self.play { scene, _ in
            let (browser, other, bare) = (
                Traveller(scene.daemon), Traveller(scene.daemon), Traveller(scene.daemon)
            )
            _ = try await other.travel("github")
            for wrong in [bare, other] {
                let ticket = try await browser.travel("github")
                #expect(try await wrong.arrive(ticket).status == 400)
            }
            for (traveller, origin, status) in [
                (browser, scene.daemon.base, 200), (bare, scene.daemon.base, 400), (other, scene.daemon.base, 400),
                (browser, "https://evil.test", 400), (bare, "https://app.example.test", 400), (other, nil, 400),
                (bare, nil, 200),
            ] as [(Traveller, String?, Int)] {
                let ticket = try await browser.travel("github")
                let reply = try await traveller.redeem(ticket, "github", origin: origin)
                #expect(reply.status == status, "\(origin ?? "no origin"): \(reply.text)")
            }
            // Nor does a browser take a code that was meant for an app.
            var ticket = try await browser.travel("github", PercentEncoding.form([("redirect_uri", Self.app)]))
            ticket.uri = scene.daemon.base + "/v1/auth/github/callback"
            #expect(try await browser.arrive(ticket).status == 400)
        }
    }

    @Test func `only listed addresses are led to, and only pages of ours`() async throws {
        try await Self.play { scene, _ in
            let client = scene.daemon.client(key: nil)
            for (name, value) in [
                ("redirect_uri", "https://evil.test/"), ("redirect_uri", Self.app + "/"),
                ("redirect_uri", Self.app + "?x=1"), ("redirect_uri", scene.daemon.base + "/v1/auth/google/callback"),
                ("return_to", "https://evil.test/"), ("return_to", "//evil.test/"), ("return_to", "/\\evil.test"),
                ("return_to", "gallery"), ("return_to", "/a\r\nset-cookie: x=y"), ("return_to", "/\u{e4}"),
            ] {
                let reply = try await client.get("/v1/auth/github?" + PercentEncoding.form([(name, value)]))
                #expect(reply.status == 400 && reply.json?["error"]?["param"]?.string == name, "\(value)")
                #expect(reply.header("location") == nil)
            }
            for provider in ["google", "apple"] {
                #expect(try await client.get("/v1/auth/\(provider)").status == 404)
                #expect(try await client.get("/v1/auth/\(provider)/callback?code=a&state=b").status == 400)
                let body: JSON = ["code": "a", "state": "b"]
                #expect(try await client.post("/v1/auth/\(provider)/callback", body).status == 404)
            }
            for (body, param) in [
                (["state": "b"], "code"), (["code": "a"], "state"), (["code": "a", "state": "b"], "state"),
            ] as [(JSON, String)] {
                let reply = try await client.post("/v1/auth/github/callback", body)
                #expect(reply.status == 400 && reply.json?["error"]?["param"]?.string == param)
            }
        }
    }

    @Test func `who is refused, or brings a wrong code, is not signed in`() async throws {
        try await Self.play { scene, github in
            let browser = Traveller(scene.daemon)
            github.refuse()
            let refused = try await browser.travel("github")
            #expect(try await browser.arrive(refused).status == 403)
            let page = try await browser.travel("github")
            let path = Scene.path(of: page.uri) + "?" + page.query
            let shown = try await browser.client.with("accept", "text/html").get(path)
            #expect(
                shown.status == 303 && shown.header("location")?.hasPrefix("/signin?error=permission_denied") == true
            )
            github.refuse(false)
            let wrong = try await browser.travel("github")
            let reply = try await browser.redeem(wrong, "github", more: ["code": "wrong"])
            #expect(reply.status == 400 && reply.json?["error"]?["param"]?.string == "code")
            let elsewhere = try await browser.travel("github")
            let moved = try await browser.redeem(elsewhere, "github", more: ["redirect_uri": .string(Self.app)])
            #expect(moved.status == 400 && moved.json?["error"]?["param"]?.string == "redirect_uri")
            let lost = try await browser.travel("github")
            github.stop()
            #expect(try await browser.redeem(lost, "github").status == 503)
            #expect(browser.cookies["orchestrator_session"] == nil)
        }
    }

    @Test func `a device that prefers GitHub is told so on the page it leads to`() async throws {
        try await Self.play { scene, _ in
            let body: JSON = ["client_type": "cli", "provider": "github"]
            let begun = try await scene.daemon.client(key: nil).post("/v1/auth/device/code", body)
            let link = try #require(begun.json?["verification_uri_complete"]?.string)
            #expect(begun.status == 200 && link.hasSuffix("&provider=github"))
            let browser = Traveller(scene.daemon)
            let page = Scene.path(of: link)
            let ticket = try await browser.travel("github", PercentEncoding.form([("return_to", page)]))
            #expect(try await browser.arrive(ticket).header("location") == page)
            let code = try #require(begun.json?["user_code"])
            let approval = browser.client.with("origin", scene.daemon.base)
            let decided = try await approval.post("/v1/auth/device/approve", ["user_code": code, "approve": true])
            #expect(decided.json?["provider"]?.string == "github" && decided.json?["status"]?.string == "completed")
            let token: JSON = ["device_code": begun.json?["device_code"] ?? .null]
            let polled = try await scene.daemon.client(key: nil).post("/v1/auth/device/token", token)
            let me = try await browser.get("/v1/auth/me").json
            #expect(polled.status == 200 && polled.json?["user_id"] == me?["id"])
        }
    }

    @Test func `an address leads to its account when it was verified, and shuts out who made it without proof`()
        async throws
    {
        try await Self.play { scene, github in
            let squatter = Browser(scene.daemon)
            let id = try #require(try await squatter.signUp("octo@example.test").json?["id"])
            let key = try #require(try await squatter.post("/v1/keys").json?["key"]?.string)
            github.sign(in: FakePerson("1", "octo@example.test", isVerified: false))
            let stranger = Traveller(scene.daemon)
            _ = try await stranger.signIn("github")
            let alien = try #require(try await stranger.get("/v1/auth/me").json)
            #expect(alien["id"] != id && alien["email"]?.string?.hasSuffix("@unverified.invalid") == true)
            #expect(try await squatter.get("/v1/auth/me").status == 200)
            github.sign(in: FakePerson("2", "Octo@Example.test"))
            let owner = Traveller(scene.daemon)
            _ = try await owner.signIn("github")
            #expect(try await owner.get("/v1/auth/me").json?["id"] == id)
            #expect(try await squatter.get("/v1/auth/me").status == 401)
            #expect(try await scene.daemon.client(key: key).get("/v1/auth/me").status == 401)
            #expect(try await Browser(scene.daemon).signIn("octo@example.test").status == 401)
        }
    }
}
