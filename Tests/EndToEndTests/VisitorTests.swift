import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Pages without signing in: whose requests they are, and whose they are not.
@Suite(.timeLimit(.minutes(3))) struct VisitorTests {
    /// What a browser sends when somebody opens a page.
    private static func opened(_ scene: Scene, _ path: String = "/", _ headers: [String: String] = [:]) async throws
        -> ClientReply
    {
        let client = headers.reduce(scene.daemon.client(key: nil).with("accept", "text/html,*/*")) {
            $0.with($1.key, $1.value)
        }
        return try await client.get(path)
    }

    /// Asks under another name of the host.
    private static func asked(_ path: String, of host: String, _ client: HTTPClient) async throws -> ClientReply {
        let usual = String(decoding: client.with("connection", "close").request("GET", path), as: UTF8.self)
        let text = usual.replacingOccurrences(of: "host: 127.0.0.1", with: "host: \(host)")
        try #require(text != usual)
        return try await client.raw(Array(text.utf8))
    }

    private static func cookie(_ reply: ClientReply) -> String? {
        reply.header("set-cookie").map { String($0.prefix { $0 != ";" }) }
    }

    @Test func `a page mints a cookie that makes pictures, and nothing else does`() async throws {
        try await Scene.play { scene in
            let page = try await Self.opened(scene)
            let cookie = try #require(Self.cookie(page))
            #expect(page.header("set-cookie")?.contains("HttpOnly; SameSite=Lax") == true)
            #expect(page.header("content-security-policy")?.contains("unsafe") == false)
            let browser = scene.daemon.client(key: nil).with("origin", scene.daemon.base)
            let visitor = browser.with("cookie", cookie)
            let me = try #require(try await visitor.get("/pages/server.json").json?["user"])
            #expect(me["is_visitor"]?.bool == true)
            for path in ["/api/generate", Scene.generations] {
                let wish: JSON = ["prompt": "a fox"]
                #expect(try await visitor.post(path, wish).status == 200)
                // Words of one's own about where a request comes from prove nothing.
                #expect(try await browser.with("referer", scene.daemon.base + "/").post(path, wish).status == 401)
                #expect(
                    try await visitor.with("origin", scene.daemon.base + ".evil.test").post(path, wish).status == 403
                )
                #expect(try await visitor.with("x-csrf-token", "0123").post(path, wish).status == 403)
                let token = me["csrf_token"]?.string
                #expect(try await visitor.with("x-csrf-token", token).post(path, wish).status == 200)
            }
            var forged = Array(cookie)
            forged[forged.count - 1] = forged.last == "0" ? "1" : "0"
            #expect(try await browser.with("cookie", String(forged)).get("/v1/auth/me").status == 401)
            #expect(
                try await Self.cookie(Self.opened(scene, "/", ["cookie": cookie])) == nil,
                "a visitor gets a second one"
            )
            #expect(try await scene.daemon.client(key: nil).get("/").json?["status"]?.string == "ok")
        }
    }

    @Test func `a visit leaves nothing that outlives it, and opens nothing that is not a visitor's`() async throws {
        try await Scene.play { scene in
            let cookie = try #require(Self.cookie(try await Self.opened(scene)))
            let visitor = scene.daemon.client(key: nil).with("origin", scene.daemon.base).with("cookie", cookie)
            for path in ["/v1/keys", "/v1/auth/password", "/v1/admin/reload", "/v1/auth/session"] {
                let status = try await visitor.post(path, ["name": "mine"]).status
                #expect(status == 403 || (path == "/v1/auth/session" && status == 400), "\(path): \(status)")
            }
            let id = try #require(try await visitor.get("/v1/auth/me").json?["id"])
            _ = try await scene.client.post("/v1/admin/grant", ["user_id": id])
            #expect(try await visitor.get("/v1/auth/me").json?["is_admin"]?.bool == false)
            #expect(try await visitor.get("/v1/admin/users").status == 403)
            #expect(try await Browser(scene.daemon).signUp("studio@localhost").status == 400)
            try await scene.daemon.restart()
            #expect(try await scene.daemon.client(key: nil).with("cookie", cookie).get("/v1/auth/me").status == 200)
        }
    }

    @Test func `only this machine visits, unless the configuration says otherwise`() async throws {
        try await Scene.play { scene in
            for headers in [["x-forwarded-for": "203.0.113.7"], ["forwarded": "for=203.0.113.7"]] {
                let page = try await Self.opened(scene, "/", headers)
                #expect(page.status == 200 && Self.cookie(page) == nil, "\(headers)")
            }
            let cookie = try #require(Self.cookie(try await Self.opened(scene)))
            // A foreign page whose name points here (DNS rebinding) gets no visitor's cookie, and could not use one.
            let page = try await Self.asked(
                "/",
                of: "evil.test",
                scene.daemon.client(key: nil).with("accept", "text/html")
            )
            #expect(page.status == 200 && Self.cookie(page) == nil)
            let stolen = scene.daemon.client(key: nil).with("cookie", cookie)
            #expect(try await Self.asked("/v1/auth/me", of: "evil.test", stolen).status == 401)
            #expect(try await Self.asked("/v1/auth/me", of: "localhost", stolen).status == 200)
            let text = try String(contentsOfFile: scene.daemon.configurationPath, encoding: .utf8)
            for (setting, isOpen) in [("never", false), ("always", true)] {
                try scene.daemon.configure(text + "auth: {open_studio: \(setting)}\n")
                #expect(try await scene.client.post("/v1/admin/reload", [:]).status == 200)
                let far = try await Self.opened(scene, "/gallery", ["x-forwarded-for": "203.0.113.7"])
                #expect((Self.cookie(far) != nil) == isOpen, "\(setting)")
                let now = scene.daemon.client(key: nil).with("cookie", cookie)
                #expect(try await now.get("/v1/auth/me").status == (isOpen ? 200 : 401))
            }
        }
    }

    @Test func `a key opens a session, unless it is limited to less than its owner may`() async throws {
        try await Scene.play { scene in
            let opened = try await scene.client.post("/v1/auth/session", [:])
            let cookie = try #require(Self.cookie(opened))
            #expect(opened.status == 200 && opened.json?["is_admin"]?.bool == true)
            let session = scene.daemon.client(key: nil).with("cookie", cookie)
            #expect(try await session.get("/v1/admin/users").status == 200)
            let terms: [JSON] = [["scopes": ["images:read"]], ["spend_per_day": "1.00"], ["rate": "1/min"]]
            for term in terms {
                let key = try #require(try await scene.client.post("/v1/keys", term).json?["key"]?.string)
                let reply = try await scene.daemon.client(key: key).post("/v1/auth/session", [:])
                #expect(reply.status == 403, "\(term.text)")
            }
            let elsewhere = scene.client.with("origin", "https://evil.test")
            #expect(try await elsewhere.post("/v1/auth/session", [:]).status == 403)
        }
    }

    @Test func `pages are checked by their tags, and only known files are served`() async throws {
        try await Scene.play { scene in
            let client = scene.daemon.client(key: nil)
            let style = try await client.get("/pages/app.css")
            let tag = try #require(style.header("etag"))
            #expect(style.status == 200 && style.header("content-type") == "text/css; charset=utf-8")
            #expect(style.header("cache-control") == "no-cache")
            #expect(try await client.with("if-none-match", tag).get("/pages/app.css").status == 304)
            #expect(
                try await client.send("HEAD", "/pages/studio.js").header("content-type")?.contains("javascript") == true
            )
            for path in [
                "/pages/studio.html", "/pages/layout.html", "/pages/../providers.yaml", "/pages/%2e%2e%2fadmin.key",
                "/pages/nothing",
            ] {
                #expect(try await client.get(path).status == 404, "\(path)")
            }
        }
    }
}
