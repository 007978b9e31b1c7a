import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Devices without a browser, and the people who let them in (RFC 8628).
@Suite(.timeLimit(.minutes(3))) struct DeviceFlowTests {
    private static let grantType = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"

    private struct Device {
        var client: HTTPClient
        var code: String
        var userCode: String

        static func begin(_ scene: Scene, _ form: String = "client_id=a+printer") async throws -> (Device, JSON) {
            let client = scene.daemon.client(key: nil)
            let reply = try await client.with("content-type", "application/x-www-form-urlencoded")
                .send("POST", "/v1/auth/device/code", body: Array(form.utf8))
            let body = try #require(reply.json, "\(reply.text)")
            #expect(reply.status == 200 && reply.header("cache-control") == "no-store")
            let code = try #require(body["device_code"]?.string)
            return (Device(client: client, code: code, userCode: try #require(body["user_code"]?.string)), body)
        }

        func poll(_ more: String = "&client_id=a%20printer") async throws -> ClientReply {
            let body = "grant_type=\(DeviceFlowTests.grantType)&device_code=\(code)\(more)"
            let reply = try await client.with("content-type", "application/x-www-form-urlencoded")
                .send("POST", "/v1/auth/device/token", body: Array(body.utf8))
            #expect(reply.header("cache-control") == "no-store")
            return reply
        }

        func status() async throws -> String? {
            try await client.get("/v1/auth/device/\(code)/status").json?["status"]?.string
        }
    }

    private func decide(_ browser: Browser, _ device: Device, _ approve: Bool = true) async throws -> ClientReply {
        let body: JSON = ["user_code": .string(device.userCode), "approve": .bool(approve)]
        return try await browser.post("/v1/auth/device/approve", body)
    }

    @Test func `a device begins, a person reads who asks and lets it in, and the device gets a key of theirs`()
        async throws
    {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            let id = try #require(try await browser.signUp("a@b.test").json?["id"])
            let (device, begun) = try await Device.begin(scene)
            #expect(begun["verification_uri"]?.string == scene.daemon.base + "/device")
            let complete = scene.daemon.base + "/device?user_code=" + device.userCode
            #expect(begun["verification_uri_complete"]?.string == complete)
            #expect(begun["interval"]?.int == 5 && begun["expires_in"]?.int == 900)
            #expect(try await device.poll().json?["error"]?.string == "authorization_pending")
            #expect(try await device.poll().json?["error"]?.string == "slow_down")
            #expect(try await device.status() == "pending")
            let typed = device.userCode.lowercased().replacingOccurrences(of: "-", with: "")
            let asking = try #require(try await browser.get("/v1/auth/device?user_code=\(typed)").json)
            #expect(asking["client"]?.string == "a printer" && asking["address"]?.string == "127.0.0.1")
            #expect(asking["user_code"]?.string == device.userCode && asking["created"] != nil)
            let decided = try await decide(browser, device)
            #expect(decided.status == 200 && decided.json?["status"]?.string == "completed")
            #expect(try await device.status() == "completed")
            let polls = try await withThrowingTaskGroup(of: ClientReply.self) { group in
                for _ in 0..<10 { group.addTask { try await device.poll() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let won = polls.filter { $0.status == 200 }
            #expect(won.count == 1)
            #expect(polls.filter { $0.status != 200 }.allSatisfy { $0.json?["error"]?.string == "invalid_grant" })
            let token = try #require(won.first?.json)
            #expect(token["token_type"]?.string == "Bearer" && token["access_token"] == token["api_key"])
            #expect(token["user_id"] == id)
            let key = scene.daemon.client(key: token["access_token"]?.string)
            #expect(try await key.get("/v1/auth/me").json?["id"] == id)
            #expect(try await browser.get("/v1/keys").json?["data"]?[0]?["name"]?.string == "device: a printer")
            #expect(try await device.status() == "completed")
            // Neither the code nor the key is in anything that is kept or said.
            #expect(await scene.daemon.stop() == 0)
            var seen = scene.daemon.outputBytes
            for file in scene.files() { seen += try Data(contentsOf: file) }
            #expect(!seen.contains(Array(device.code.utf8)))
            #expect(!seen.contains(Array((token["api_key"]?.string ?? "").utf8)))
        }
    }

    @Test func `a device that is turned away hears so, whoever comes after`() async throws {
        try await Scene.play { scene in
            let (browser, other) = (Browser(scene.daemon), Browser(scene.daemon))
            _ = try await browser.signUp("a@b.test")
            _ = try await other.signUp("c@d.test")
            let (device, _) = try await Device.begin(scene)
            #expect(try await decide(browser, device, false).json?["status"]?.string == "denied")
            #expect(try await decide(other, device).status == 404)
            #expect(try await device.poll().json?["error"]?.string == "access_denied")
            #expect(try await device.status() == "denied")
        }
    }

    @Test func `a code outlives the daemon, and belongs to the client that was given it`() async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            _ = try await browser.signUp("a@b.test")
            var (device, _) = try await Device.begin(scene, "client_id=one&scope=")
            try await scene.daemon.restart()
            device.client = scene.daemon.client(key: nil)
            #expect(try await decide(browser, device).status == 200)
            for (more, error) in [
                ("&client_id=two", "invalid_grant"), ("", "invalid_request"), ("&client_id=", "invalid_request"),
                ("&client_id=one&client_id=one", "invalid_request"),
            ] {
                #expect(try await device.poll(more).json?["error"]?.string == error, "\(more)")
            }
            #expect(try await device.poll("&client_id=one").status == 200)
        }
    }

    @Test func `only a page of ours, under a session, lets a device in`() async throws {
        try await Scene.play { scene in
            let browser = Browser(scene.daemon)
            _ = try await browser.signUp("a@b.test")
            let (device, _) = try await Device.begin(scene)
            let body: JSON = ["user_code": .string(device.userCode), "approve": true]
            #expect(try await scene.daemon.client(key: nil).post("/v1/auth/device/approve", body).status == 401)
            #expect(try await scene.client.post("/v1/auth/device/approve", body).status == 403)
            let form = Array("user_code=\(device.userCode)&approve=true".utf8)
            for origin in ["https://evil.test", "null", nil] {
                let elsewhere = browser.client.with("origin", origin)
                    .with("content-type", "application/x-www-form-urlencoded")
                #expect(try await elsewhere.send("POST", "/v1/auth/device/approve", body: form).status == 403)
            }
            #expect(try await device.poll().json?["error"]?.string == "authorization_pending")
            let ours = browser.client.with("content-type", "application/x-www-form-urlencoded")
            #expect(try await ours.send("POST", "/v1/auth/device/approve", body: form).status == 200)
        }
    }

    static let mistakes: [(path: String, body: String, error: String)] = [
        ("code", "{}", "invalid_request"), ("code", "[]", "invalid_request"), ("code", "{", "invalid_request"),
        ("code", #"{"client_id": 7}"#, "invalid_request"), ("code", #"{"client_id": "a\nb"}"#, "invalid_request"),
        ("code", #"{"client_id": "a\u202eb"}"#, "invalid_request"),
        ("code", #"{"client_id": "a", "provider": "nobody"}"#, "invalid_request"),
        ("code", #"{"client_id": "a", "provider": "github"}"#, "invalid_request"),
        ("token", "{}", "invalid_request"), ("token", #"{"device_code": ""}"#, "invalid_request"),
        ("token", #"{"device_code": "unknown"}"#, "invalid_grant"),
        ("token", #"{"device_code": "unknown", "grant_type": "password"}"#, "unsupported_grant_type"),
    ]

    @Test func `a mistake is said in the words of the RFC`() async throws {
        try await Scene.play { scene in
            let client = scene.daemon.client(key: nil).with("content-type", "application/json")
            for (path, body, error) in Self.mistakes {
                let reply = try await client.send("POST", "/v1/auth/device/\(path)", body: Array(body.utf8))
                #expect(reply.status == 400 && reply.json?["error"]?.string == error, "\(body): \(reply.text)")
                #expect(reply.json?["error_description"]?.string?.isEmpty == false)
            }
            let unknown = try await client.get("/v1/auth/device/unknown/status")
            #expect(unknown.status == 404 && unknown.json?["status"]?.string == "invalid")
        }
    }
}
