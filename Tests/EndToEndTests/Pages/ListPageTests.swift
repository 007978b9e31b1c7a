import FakeVendors
import Foundation
import Orchestrator
import Testing

extension Pages {
    /// Gallery and history: what was made, found again.
    @Suite struct Lists {
        @Test func `the gallery shows public pictures page by page, and finds them by words, model and day`()
            async throws
        {
            try await Scene.play({ $0.server.append("images_public: true") }) { scene in
                try await PageVisit.with(scene) { visit in
                    try await visit.open("/gallery")
                    try await visit.untilSeen("The gallery is empty")
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    for number in 0..<3 {
                        _ = try await scene.generate(["prompt": .string("a Heron, \(number)"), "n": 9])
                    }
                    _ = try await scene.generate(["prompt": "one Lighthouse", "model": "openai/gpt-image-2"])
                    try await visit.reload()
                    let count = "document.querySelectorAll('#pictures > li > button').length"
                    try await visit.until("\(count) === 24 && !document.querySelector('#more').hidden")
                    try await visit.press("Show more")
                    try await visit.until("\(count) === 28 && document.querySelector('#more').hidden")
                    let names = try await visit.text(
                        "new Set([...document.querySelectorAll('#pictures img')].map((i) => i.src)).size"
                    )
                    #expect(names == "28", "a page repeats what another showed")
                    try await visit.type("lightHOUSE", into: "#q")
                    try await visit.until("\(count) === 1 && location.search === '?q=lightHOUSE'")
                    try await visit.reload()
                    try await visit.until("\(count) === 1 && document.querySelector('#q').value === 'lightHOUSE'")
                    try await visit.click("#pictures button")
                    try await visit.untilSeen("openai/gpt-image-2")
                    try await visit.untilSeen("$0.00")
                    #expect(try await visit.text("new URLSearchParams(location.search).get('image')").hasPrefix("img_"))
                    try await visit.reload()
                    try await visit.until("document.querySelector('dialog figure img')?.complete")
                    try await visit.press("Close")
                    try await visit.type("", into: "#q")
                    try await visit.type("gpt-image-2", into: "#model")
                    try await visit.until("\(count) === 1 && location.search === '?model=gpt-image-2'")
                    try await visit.open("/gallery?from=2001-01-01&to=2001-12-31")
                    try await visit.untilSeen("No public picture fits this search.")
                }
            }
        }

        @Test func `the history shows what was asked and what became of it, and repeats it`() async throws {
            try await Scene.play { scene in
                scene.farm.stability.script(.fail(.moderation))
                try await PageVisit.with(scene) { visit in
                    try await visit.signUp("somebody@example.test")
                    let client = try await visit.client()
                    let me = try #require(try await client.get("/v1/auth/me").json)
                    let own = client.with("origin", scene.daemon.base).with("x-csrf-token", me["csrf_token"]?.string)
                    let good: JSON = ["prompt": "a heron", "quality": "low", "size": "1024x1024", "n": 2, "seed": 7]
                    #expect(try await own.post(Scene.generations, good).status == 200)
                    let bad: JSON = ["prompt": "something else", "model": "stability/core", "quality": "low"]
                    #expect(try await own.post(Scene.generations, bad).status == 400)
                    _ = try await scene.generate(["prompt": "not mine"])
                    try await visit.open("/history")
                    try await visit.until("document.querySelectorAll('#jobs > li').length === 2")
                    try await visit.untilSeen("The vendor's content policy refused this request.")
                    try await visit.untilSeen("Nothing was charged.")
                    #expect(try await !visit.text("document.body.innerText").contains("not mine"))
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    try await visit.give("Failed", to: "#state")
                    try await visit.until("document.querySelectorAll('#jobs > li').length === 1")
                    try await visit.open("/history?q=HERON")
                    try await visit.until("document.querySelectorAll('#jobs > li').length === 1")
                    try await visit.press("Details")
                    try await visit.untilSeen("Route taken")
                    for words in ["replicate/black-forest-labs/flux-schnell", "1024x1024", "Seed", "$0.006"] {
                        try await visit.untilSeen(words)
                    }
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    try await visit.press("Repeat", in: "dialog")
                    try await visit.until("document.querySelectorAll('.job[data-status=succeeded]').length === 2")
                    let jobs = try #require(try await own.get("/v1/jobs?q=heron").json?["data"]?.array)
                    #expect(jobs.count == 2 && jobs[0].value(at: "/request/seed")?.int == 7)
                    let image = try #require(jobs[0].value(at: "/images/0/id")?.string)
                    try await visit.open("/history?job=\(try #require(jobs[0]["id"]?.string))")
                    try await visit.click("dialog .tile .open")
                    try await visit.press("Make public", in: "dialog:last-of-type")
                    try await visit.untilSeen("Everybody can see it in the gallery now.")
                    let shown = try await scene.daemon.client(key: nil).get("/v1/images").json?["data"]?.array
                    #expect(shown?.compactMap { $0["id"]?.string } == [image])
                    try await visit.press("Delete", in: "dialog:last-of-type")
                    try await visit.untilSeen("The picture is deleted.")
                    #expect(try await own.get("/v1/images/\(image)").status == 404)
                }
            }
        }
    }
}
