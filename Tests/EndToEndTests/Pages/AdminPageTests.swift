import FakeVendors
import Foundation
import Orchestrator
import Testing

extension Pages {
    /// What administrators watch, and nobody else.
    @Suite struct Administration {
        private static func official(_ registry: inout RegistryText) {
            registry.server.append("mode: official")
            registry.extra += ["billing: {daily_free: 0}"]
            registry["openai"].spendPerDay = "5.00"
        }

        @Test func `administrators see money, vendors, errors and the registry, live, and adjust credits`() async throws
        {
            try await Scene.play(Self.official) { scene in
                scene.farm.stability.script(.fail(.server), then: .ok)
                let customer = try await Customer(scene, credits: 100)
                _ = try await customer.generate(["model": "openai/gpt-image-2", "quality": "high"])
                _ = try await customer.generate(["model": "stability/core"])
                try await PageVisit.with(scene) { visit in
                    try await visit.signInAsAdministrator()
                    try await visit.open("/admin")
                    try await visit.until("document.body.dataset.refreshed")
                    let text = try await visit.text("document.querySelector('main').innerText")
                    for words in [
                        "openai", "$5.00", "serving", "server error 1", "The file is sound", "someone@example.test",
                    ] {
                        #expect(text.contains(words), "no '\(words)' in:\n\(text)")
                    }
                    #expect(try await visit.text("document.querySelectorAll('svg.plot[role=img] rect').length") != "0")
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    // A file with a mistake is shown when it is loaded, without a reload of the page.
                    try scene.daemon.configure("version: 1\nproviders: {x: {adapter: nobody}}\n")
                    let reply = try await scene.client.post("/v1/admin/reload", [:])
                    #expect(reply.status == 400)
                    try await visit.untilSeen("The file has mistakes")
                    try await visit.untilSeen("providers.yaml:2:")
                    try await visit.type("someone", into: "#user-search")
                    try await visit.until("document.querySelectorAll('#users tr').length === 1")
                    try await visit.press("Credits", in: "#users")
                    try await visit.type("25", into: "#adjust-amount")
                    try await visit.type("sorry", into: "#adjust-reason")
                    try await visit.press("Adjust")
                    try await visit.untilSeen("Moved 25 credits")
                    try await visit.untilSeen("credits.adjust")
                    #expect(try await customer.funds().balance ?? 0 > 100)
                }
            }
        }

        @Test func `everybody else gets 403 and is told why`() async throws {
            try await Scene.play { scene in
                let customer = try await Customer(scene)
                for client in [scene.daemon.client(key: nil), customer.client] {
                    #expect(try await client.with("accept", "text/html").get("/admin").status == 403)
                }
                try await PageVisit.with(scene, refusals: [403]) { visit in
                    try await visit.open("/admin")
                    try await visit.untilSeen("This page is for administrators")
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    try await visit.open("/")
                    try await visit.until("document.querySelector('#route .price')")
                    #expect(try await visit.text("document.querySelector('#admin-link').hidden") == "true")
                }
            }
        }

        @Test func `the key that the server printed opens the dashboard`() async throws {
            try await Scene.play { scene in
                try await PageVisit.with(scene) { visit in
                    try await visit.open("/signin?next=admin")
                    try await visit.press("Sign in with a key")
                    // A key made for this: the visit fails where the first one is seen on the network.
                    let made = try await scene.client.post("/v1/keys", ["name": "for the page"])
                    try await visit.type(try #require(made.json?["key"]?.string), into: "#key")
                    try await visit.press("Sign in with this key")
                    try await visit.until("location.pathname === '/admin' && document.body.dataset.refreshed")
                }
            }
        }
    }

    /// Every page, in both colours and at the width of a phone.
    @Suite struct Layout {
        @Test(arguments: [(1280, false), (1280, true), (360, false), (360, true)])
        func `pages keep the rules of accessibility`(width: Int, isDark: Bool) async throws {
            let change: (inout RegistryText) -> Void = { registry in
                registry.server += ["mode: official", "images_public: true"]
                registry.extra += ["billing: {daily_free: 3}"]
            }
            try await Scene.play(change) { scene in
                _ = try await scene.client.post(
                    "/v1/admin/credits/adjust",
                    ["user_id": try #require(try await scene.client.get("/v1/auth/me").json?["id"]), "amount": 1000]
                )
                _ = try await scene.generate(["prompt": "a heron with a very long name, standing in the water", "n": 4])
                scene.farm.replicate.script(.fail(.runNSFW))
                _ = try await scene.generate(["model": "replicate/black-forest-labs/flux-schnell"])
                try await PageVisit.with(scene, width: width, isDark: isDark, refusals: [404]) { visit in
                    try await visit.open("/signin")
                    try await visit.until("!document.querySelector('#strangers').hidden")
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    try await visit.signInAsAdministrator()
                    let pages = [
                        (
                            "/",
                            "document.querySelector('#route .price') && document.querySelectorAll('.job').length === 2"
                        ),
                        ("/gallery", "document.querySelectorAll('#pictures li').length === 4"),
                        ("/history", "document.querySelectorAll('#jobs li').length === 2"),
                        ("/credits", "document.querySelector('tbody tr')"),
                        ("/signin", "!document.querySelector('#account').hidden"),
                        ("/device?user_code=abcd-efgh", "!document.querySelector('#code-form').hidden"),
                        ("/admin", "document.body.dataset.refreshed && document.querySelector('#audit tr')"),
                    ]
                    for (path, isReady) in pages {
                        try await visit.open(path)
                        try await visit.until(isReady)
                        let broken = try await AccessibilityRules.broken(in: visit)
                        #expect(broken == [], "\(path)")
                    }
                    try await visit.open("/docs")
                    #expect(try await visit.text("document.documentElement.scrollWidth > innerWidth") == "false")
                }
            }
        }
    }
}
