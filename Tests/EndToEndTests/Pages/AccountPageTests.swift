import FakeVendors
import Foundation
import Orchestrator
import Testing

extension Pages {
    /// Signing in, keys, devices, credits.
    @Suite struct Accounts {
        @Test func `one signs up, makes a key, changes the password, and signs out and in again`() async throws {
            try await Scene.play { scene in
                try await PageVisit.with(scene, refusals: [401]) { visit in
                    try await visit.signUp("somebody@example.test")
                    try await visit.open("/signin")
                    try await visit.type("laptop", into: "#key-name")
                    try await visit.press("Make a key")
                    try await visit.until("document.querySelector('#shown-key')?.textContent.startsWith('ork_')")
                    let key = try await visit.text("document.querySelector('#shown-key').textContent")
                    #expect(try await scene.daemon.client(key: key).get("/v1/auth/me").status == 200)
                    try await visit.reload()
                    try await visit.untilSeen("laptop")
                    #expect(try await !visit.text("document.body.innerText").contains(key), "a key is shown twice")
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    try await visit.press("Revoke")
                    try await visit.untilSeen("No keys yet.")
                    #expect(try await scene.daemon.client(key: key).get("/v1/auth/me").status == 401)
                    try await visit.type(Browser.password, into: "#current")
                    try await visit.type("another password", into: "#new")
                    try await visit.press("Change the password")
                    try await visit.untilSeen("Your password is changed")
                    try await visit.press("Sign out")
                    try await visit.until(
                        "document.querySelector('#credentials') && !document.querySelector('#strangers').hidden"
                    )
                    try await visit.type("somebody@example.test", into: "#email")
                    try await visit.type(Browser.password, into: "#password")
                    try await visit.click("#enter")
                    try await visit.untilSeen("The e-mail address or the password is wrong.")
                    try await visit.type("another password", into: "#password")
                    try await visit.keys([PageVisit.enter])
                    try await visit.until("document.querySelector('#who .name')")
                }
            }
        }

        @Test func `who has to sign in is told so, and comes back to where they were`() async throws {
            try await Scene.play({ $0.extra += ["auth: {open_studio: never}"] }) { scene in
                try await PageVisit.with(scene) { visit in
                    for page in ["/", "/history", "/device"] {
                        try await visit.open(page)
                        try await visit.untilSeen("Sign in first")
                        #expect(try await AccessibilityRules.broken(in: visit) == [])
                    }
                    try await visit.open("/history?status=failed")
                    try await visit.press("Sign in", in: "main")
                    try await visit.press("Make an account")
                    try await visit.type("somebody@example.test", into: "#email")
                    try await visit.type(Browser.password, into: "#password")
                    try await visit.click("#enter")
                    try await visit.until("location.pathname === '/history' && location.search === '?status=failed'")
                    // An address that somebody else wrote leads nowhere else.
                    try await visit.press("somebody@example.test")
                    try await visit.press("Sign out")
                    try await visit.open("/signin?next=https://evil.test/")
                    try await visit.type("somebody@example.test", into: "#email")
                    try await visit.type(Browser.password, into: "#password")
                    try await visit.click("#enter")
                    try await visit.until("location.pathname === '/' && document.querySelector('#who .name')")
                }
            }
        }

        @Test func `a device is let in or turned away by a click, never by its link, and guessing is held up`()
            async throws
        {
            try await Scene.play { scene in
                let device = scene.daemon.client(key: nil)
                func ask() async throws -> (link: String, userCode: String, deviceCode: String) {
                    let reply = try await device.post("/v1/auth/device/code", ["client_id": "a terminal"])
                    let body = try #require(reply.json, "\(reply.text)")
                    return (
                        Scene.path(of: try #require(body["verification_uri_complete"]?.string)),
                        try #require(body["user_code"]?.string), try #require(body["device_code"]?.string)
                    )
                }
                func poll(_ code: String) async throws -> ClientReply {
                    try await device.post(
                        "/v1/auth/device/token",
                        ["client_id": "a terminal", "device_code": .string(code)]
                    )
                }
                func status(_ code: String) async throws -> String? {
                    try await device.get("/v1/auth/device/\(code)/status").json?["status"]?.string
                }
                try await PageVisit.with(scene, refusals: [404, 429]) { visit in
                    let first = try await ask()
                    try await visit.open(first.link)
                    try await visit.press("Sign in", in: "main")
                    try await visit.press("Make an account")
                    try await visit.type("somebody@example.test", into: "#email")
                    try await visit.type(Browser.password, into: "#password")
                    try await visit.click("#enter")
                    try await visit.untilSeen("a terminal asks to act as somebody@example.test")
                    try await visit.untilSeen(first.userCode)
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    #expect(try await status(first.deviceCode) == "pending", "opening the link let the device in")
                    try await visit.press("Approve")
                    try await visit.untilSeen("The device is signed in")
                    let key = try #require(try await poll(first.deviceCode).json?["api_key"]?.string)
                    let owner = try await scene.daemon.client(key: key).get("/v1/auth/me").json?["email"]?.string
                    #expect(owner == "somebody@example.test")

                    let second = try await ask()
                    try await visit.open("/device")
                    try await visit.type(second.userCode.lowercased(), into: "#code")
                    try await visit.press("Continue")
                    try await visit.press("Deny")
                    try await visit.untilSeen("The device was turned away")
                    #expect(try await poll(second.deviceCode).json?["error"]?.string == "access_denied")

                    try await visit.open("/device")
                    for number in 0..<6 {
                        try await visit.type("WRNG-CD\(number)", into: "#code")
                        try await visit.press("Continue")
                        try await visit.until("!document.querySelector('#problem').hidden")
                    }
                    try await visit.untilSeen("Too many requests for now.")
                }
            }
        }

        @Test func `credits are bought on the payment service's page, and are there when one comes back`() async throws
        {
            let checkout = try Checkout()
            let official: (inout RegistryText) -> Void = { registry in
                registry.server.append("mode: official")
                registry.extra += [
                    "billing:", "  daily_free: 0",
                    "  stripe: {base_url: \(checkout.origin), secret_key: \"${STRIPE}\", webhook_secret: \"${STRIPE}\"}",
                ]
            }
            try await Scene.play(official, environment: ["STRIPE": "sk_test_of_nobody"]) { scene in
                try await PageVisit.with(scene) { visit in
                    try await visit.signUp("somebody@example.test")
                    try await visit.open("/credits")
                    try await visit.untilSeen("Starter")
                    try await visit.press("$1.99")
                    try await visit.untilSeen("Thank you. 100 credits were added.")
                    let balance = try await visit.client().get("/v1/credits/balance").json?["balance"]?.int
                    let shown = try await visit.text("document.querySelector('.big').textContent")
                    #expect(balance ?? 0 >= 100 && shown == "\(balance ?? 0)")
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    try await visit.open("/credits?canceled=1")
                    try await visit.untilSeen("Nothing was bought and nothing was charged.")
                }
            }
            _ = try? await WorkerThread.run { checkout.stop() }
        }

        @Test func `credits are shown with what is sold, and without them a word`() async throws {
            try await Scene.play { scene in
                try await PageVisit.with(scene) { visit in
                    try await visit.open("/credits")
                    try await visit.untilSeen("This server is self-hosted")
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                }
            }
            let official: (inout RegistryText) -> Void = { registry in
                registry.server.append("mode: official")
                registry.extra += ["billing: {daily_free: 3}"]
            }
            try await Scene.play(official) { scene in
                try await PageVisit.with(scene) { visit in
                    try await visit.signUp("somebody@example.test")
                    let client = try await visit.client()
                    let user = try #require(try await client.get("/v1/auth/me").json?["id"])
                    _ = try await scene.client.post(
                        "/v1/admin/credits/adjust",
                        ["user_id": user, "amount": 120, "reason": "a gift"]
                    )
                    let own = client.with("origin", scene.daemon.base)
                    let wish: JSON = ["prompt": "a fox", "quality": "medium", "model": "openai/gpt-image-2"]
                    #expect(try await own.post(Scene.generations, wish).status == 200)
                    try await visit.open("/credits")
                    try await visit.untilSeen("a gift")
                    let text = try await visit.text("document.querySelector('main').innerText")
                    for words in ["116", "Free today", "Starter", "$1.99", "Enterprise", "−4", "+120"] {
                        #expect(text.contains(words), "no '\(words)' in:\n\(text)")
                    }
                    #expect(!text.contains("reserved for a job"))
                    try await visit.click("main input[type=checkbox]")
                    try await visit.untilSeen("reserved for a job")
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                }
            }
        }
    }
}
