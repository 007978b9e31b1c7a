import FakeVendors
import Foundation
import Orchestrator
import Testing

/// The pages as people use them, in a real browser. One after the other: each browser wants a processor.
@Suite(.serialized, .timeLimit(.minutes(3))) enum Pages {}

extension Pages {
    /// The studio, from an empty form to pictures.
    @Suite struct Studio {
        private static func ready(_ visit: PageVisit, _ path: String = "/") async throws {
            try await visit.open(path)
            try await visit.until(
                "document.querySelector('#route .price') && document.querySelector('#feed .empty, #feed .job')"
            )
        }

        /// Fills the form; the route is asked for anew, and the words of the button follow it.
        private static func order(_ visit: PageVisit, _ prompt: String, quality: String = "low", count: Int = 1)
            async throws
        {
            try await visit.type(prompt, into: "#prompt")
            try await visit.run("document.querySelector('input[name=quality][value=\(quality)]').click()")
            try await visit.run("document.querySelector('input[name=n][value=\"\(count)\"]').click()")
        }

        private static let tiles = "document.querySelectorAll('.job[data-status=succeeded] .tile img').length"

        @Test func `a visitor sees the route and the price, makes pictures, looks at them and takes them along`()
            async throws
        {
            try await Scene.play { scene in
                try await PageVisit.with(scene) { visit in
                    try await Self.ready(visit)
                    try await visit.untilSeen("Nothing here yet")
                    try await Self.order(visit, "a fox in the snow", count: 2)
                    try await visit.until("document.querySelector('#route .price').textContent.includes('$0.006')")
                    try await visit.untilSeen("replicate/black-forest-labs/flux-schnell")
                    try await visit.untilSeen("the cheapest that can do this")
                    #expect(scene.farm.creates.isEmpty, "looking at the route called a vendor")
                    try await visit.run("document.querySelector('input[name=policy][value=quality]').click()")
                    try await visit.until("document.querySelector('#route').innerText.includes('openai/gpt-image-2')")
                    try await visit.run("document.querySelector('input[name=policy][value=price]').click()")
                    try await visit.until("document.querySelector('#route').innerText.includes('flux-schnell')")
                    try await visit.click("#submit")
                    try await visit.until("\(Self.tiles) === 2")
                    try await visit.until(
                        "[...document.querySelectorAll('.tile img')].every((i) => i.complete && i.naturalWidth > 0)"
                    )
                    try await visit.click(".tile .open")
                    try await visit.until("document.querySelector('dialog figure img')?.naturalWidth === 1024")
                    try await visit.untilSeen("a fox in the snow")
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    try await visit.keys([PageVisit.escape])
                    try await visit.until(
                        "!document.querySelector('dialog') && document.activeElement.matches('.tile .open')"
                    )
                    let client = try await visit.client()
                    let link = try await visit.text("document.querySelector('.tile a[download]').getAttribute('href')")
                    let file = try await client.get("/" + link)
                    #expect(
                        file.status == 200
                            && file.header("content-disposition")?.hasPrefix("attachment; filename=\"img_") == true
                    )
                    let zip = try await visit.text(
                        "[...document.querySelectorAll('.job a')].find((a) => a.textContent.includes('zip')).getAttribute('href')"
                    )
                    #expect(try await client.get("/" + zip).header("content-type") == "application/zip")
                    #expect(
                        try await scene.daemon.client(key: nil).get("/" + link).status == 404,
                        "a visitor's picture is private"
                    )
                    let source = try await client.with("accept", "text/html").get("/").text
                    #expect(!source.contains("ork_") && !source.contains("sk-"))
                }
            }
        }

        @Test func `a job goes on while the page is reloaded, and can be canceled`() async throws {
            try await Scene.play { scene in
                let gate = Gate()
                scene.farm.replicate.script(.held(by: gate))
                try await PageVisit.with(scene) { visit in
                    try await Self.ready(visit)
                    try await Self.order(visit, "a slow fox")
                    try await visit.click("#submit")
                    try await visit.until("document.querySelector('.job[data-status=running]')")
                    try await visit.reload()
                    try await visit.until("document.querySelector('.job[data-status=running] .waiting')")
                    try await visit.untilSeen("a slow fox")
                    gate.open()
                    try await visit.until("\(Self.tiles) === 1")
                    let second = Gate()
                    scene.farm.replicate.script(.held(by: second))
                    try await visit.run("document.querySelector('#prompt').value = 'another'")
                    try await visit.click("#submit")
                    try await visit.until("document.querySelector('.job[data-status=running]')")
                    try await visit.press("Cancel")
                    second.open()
                    try await visit.until(
                        "document.querySelector('.job[data-status=canceled], .job[data-status=succeeded] + .job[data-status=succeeded]')"
                    )
                }
            }
        }

        @Test func `early pictures are shown while a vendor streams`() async throws {
            try await Scene.play({ $0 = $0.only("openai") }) { scene in
                try await PageVisit.with(scene) { visit in
                    try await Self.ready(visit)
                    try await visit.run(
                        """
                        window.early = 0;
                        new MutationObserver((changes) => {
                            for (const change of changes) for (const node of change.addedNodes)
                                if (node.matches?.('.waiting img') && node.src.startsWith('data:image/')) window.early += 1;
                        }).observe(document.body, { childList: true, subtree: true });
                        """
                    )
                    try await Self.order(visit, "a fox that comes slowly")
                    try await visit.until("document.querySelector('#route').innerText.includes('gpt-image-2')")
                    try await visit.click("#submit")
                    try await visit.until("\(Self.tiles) === 1 && window.early === 2")
                }
            }
        }

        @Test func `five references and a painted mask reach the vendor, and a sixth is refused in words`() async throws
        {
            try await Scene.play({ $0 = $0.only("openai") }) { scene in
                let files = try (0..<6).map { index in
                    let file = scene.daemon.directory.appending(path: "reference-\(index).png")
                    try Data(PictureMaker.make(.png, width: 256, height: 256, number: index)).write(to: file)
                    return file.path
                }
                try await PageVisit.with(scene) { visit in
                    try await Self.ready(visit)
                    try await visit.give(files.joined(separator: "\n"), to: "#files")
                    try await visit.untilSeen("At most 5 reference pictures. “reference-5.png” was left out.")
                    #expect(try await visit.text("document.querySelectorAll('.reference').length") == "5")
                    try await visit.press("Mask")
                    try await visit.until("document.activeElement.matches('canvas.over')")
                    #expect(try await AccessibilityRules.broken(in: visit) == [])
                    // By the keyboard alone: a spot, and one beside it.
                    try await visit.keys([" ", PageVisit.right, PageVisit.right, " "])
                    try await visit.press("Use this mask")
                    try await visit.until("document.querySelector('.reference.masked')")
                    try await Self.order(visit, "put a hat on the fox")
                    try await visit.click("#submit")
                    try await visit.until("\(Self.tiles) === 1")
                    let call = try #require(scene.farm.openAI.creates.first)
                    let text = String(decoding: call.request.body, as: UTF8.self)
                    #expect(
                        text.components(separatedBy: "name=\"image[]\"").count == 6 && text.contains("name=\"mask\"")
                    )
                    try await visit.press("Remove")
                    try await visit.until("document.querySelectorAll('.reference').length === 4")
                    let pick =
                        "const data = new DataTransfer(); data.items.add(new File(['x'], arguments[0], {type: arguments[1]}));"
                    try await visit.run(
                        pick
                            + "document.querySelector('.drop').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true}))",
                        "dropped.png",
                        "image/png"
                    )
                    try await visit.until("document.querySelectorAll('.reference').length === 5")
                    try await visit.press("Remove")
                    try await visit.run(
                        pick + "document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data}))",
                        "notes.txt",
                        "text/plain"
                    )
                    try await visit.untilSeen("“notes.txt” is not a PNG, JPEG or WebP picture.")
                }
            }
        }

        @Test func `from a result one makes variations, edits it, and repeats what was asked`() async throws {
            try await Scene.play({ $0 = $0.only("openai") }) { scene in
                try await PageVisit.with(scene) { visit in
                    try await Self.ready(visit)
                    try await Self.order(visit, "a first fox")
                    try await visit.click("#submit")
                    try await visit.until("\(Self.tiles) === 1")
                    try await visit.press("Vary")
                    try await visit.until("\(Self.tiles) === 2")
                    try await visit.press("Edit")
                    try await visit.until(
                        "document.querySelector('.reference') && document.activeElement.id === 'prompt'"
                    )
                    try await Self.order(visit, "the same with a hat")
                    try await visit.click("#submit")
                    try await visit.until("\(Self.tiles) === 3")
                    try await visit.press("Repeat", in: ".job:last-of-type")
                    try await visit.until("\(Self.tiles) === 4")
                    let jobs = try #require(try await visit.client().get("/v1/jobs").json?["data"]?.array)
                    #expect(
                        jobs.compactMap { $0["operation"]?.string } == ["generate", "edit", "variation", "generate"]
                    )
                    #expect(jobs[1].value(at: "/request/images/0/id")?.string?.hasPrefix("img_") == true)
                    #expect(jobs[0]["id"] != jobs[3]["id"] && jobs[0]["request"]?["prompt"] == "a first fox")
                }
            }
        }

        @Test func `what goes wrong is said in words, with what becomes of the credits`() async throws {
            let change: (inout RegistryText) -> Void = { registry in
                registry = registry.only("stability")
                registry.server.append("mode: official")
                registry.limits = registry.limits.map { $0.hasPrefix("per_ip") ? "per_ip: 2/hour" : $0 }
                registry.extra += ["billing:", "  daily_free: 0"]
            }
            try await Scene.play(change) { scene in
                scene.farm.stability.script(then: .fail(.server))
                try await PageVisit.with(scene, refusals: [402, 429]) { visit in
                    try await visit.signUp("somebody@example.test")
                    try await visit.until("!document.querySelector('#composer').hidden")
                    try await visit.click("#submit")
                    try await visit.untilSeen("Write what the picture shall show.")
                    #expect(try await visit.text("document.activeElement.id") == "prompt")
                    try await Self.order(visit, "a fox", quality: "medium")
                    try await visit.until("document.querySelector('#submit').textContent === 'Create for 4 credits'")
                    try await visit.click("#submit")
                    try await visit.untilSeen("This needs 4 credits, and you have 0.")
                    let user = try #require(try await visit.client().get("/v1/auth/me").json?["id"])
                    _ = try await scene.client.post("/v1/admin/credits/adjust", ["user_id": user, "amount": 100])
                    try await visit.click("#submit")
                    try await visit.until("document.querySelector('.job[data-status=failed] [role=alert]')")
                    try await visit.untilSeen("4 credits came back.")
                    for _ in 0..<2 {
                        try await visit.until("!document.querySelector('#submit').disabled")
                        try await visit.click("#submit")
                    }
                    try await visit.untilSeen("Too many requests for now. Try again in")
                    try await visit.open("/history")
                    try await visit.untilSeen("Every vendor that could make this failed.")
                    try await visit.untilSeen("4 credits came back.")
                }
            }
        }

        @Test func `the studio can be used by the keyboard alone`() async throws {
            try await Scene.play { scene in
                try await PageVisit.with(scene) { visit in
                    try await Self.ready(visit)
                    let (visited, unseen) = try await AccessibilityRules.walk(visit, steps: 14)
                    #expect(unseen == [])
                    let order = [
                        "Skip to the content", "Orchestrator", "Studio", "prompt", "files", "ratio", "quality", "n",
                        "policy",
                    ]
                    #expect(order.filter(visited.contains) == order, "\(visited)")
                    #expect(visited.filter(order.contains) == order, "in another order: \(visited)")
                    try await visit.run("document.querySelector('#prompt').focus()")
                    try await visit.keys(["a", " ", "f", "o", "x"])
                    try await visit.keys([PageVisit.enter], holding: PageVisit.control)
                    try await visit.until("\(Self.tiles) === 1")
                }
            }
        }
    }
}
