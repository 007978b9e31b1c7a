import FakeVendors
import Foundation
import Orchestrator
import Testing

/// What somebody sees who sits at a terminal.
@Suite(.timeLimit(.minutes(3))) struct ControlTerminalTests {
    private static let words = ["generate", "a fox", "-q", "low", "-s", "1024x1024"]

    @Test func `while a job runs its state shows, and is gone afterwards`() async throws {
        try await Scene.play { scene in
            let gate = Gate()
            scene.farm.openAI.script(.held(by: gate))
            let control = try scene.control(["NO_COLOR": "1"])
            async let showing = control.show(Self.words + ["-m", "openai/gpt-image-2"])
            await scene.farm.openAI.until { $0.creates.count == 1 }
            gate.open()
            let ran = try await showing
            #expect(ran.status == 0 && ran.out.contains("running at openai/gpt-image-2"), "\(ran.out)")
            #expect(ran.out.contains("job job_") && ran.out.contains("\r\u{1B}[K"))
            // Nothing was drawn.
            #expect(!ran.out.contains("▀") && !ran.out.contains("\u{1B}_G"))
        }
    }

    static let ways: [([String: String], String)] = [
        (["KITTY_WINDOW_ID": "1"], "\u{1B}_Ga=T,f=100"), (["TERM_PROGRAM": "iTerm.app"], "\u{1B}]1337;File=inline=1"),
        (["TMUX": "/tmp/x", "KITTY_WINDOW_ID": "1"], "▀"),
        // A terminal that answers nothing has colours at least.
        ([:], "▀"),
    ]

    @Test(arguments: ways)
    func `a picture shows in the way of the terminal`(environment: [String: String], mark: String) async throws {
        try await Scene.play { scene in
            let ran = try await scene.control(environment).show(Self.words)
            #expect(ran.status == 0 && ran.out.contains(mark), "\(ran.out.suffix(300))")
        }
    }

    @Test(
        arguments: [(["NO_COLOR": "1"], []), (["TERM": "dumb"], []), ([:], ["--json"]), ([:], ["--show", "none"])]
            as [([String: String], [String])]
    )
    func `nothing is drawn where nobody wants it`(environment: [String: String], flags: [String]) async throws {
        try await Scene.play { scene in
            let ran = try await scene.control().show(Self.words + flags, environment)
            #expect(ran.status == 0 && !ran.out.contains("▀") && !ran.out.contains("\u{1B}_G"))
        }
    }

    @Test func `early views are drawn as they come`() async throws {
        try await Scene.play { scene in
            let ran = try await scene.control().run(
                Self.words + ["-m", "openai/gpt-image-2", "--previews", "2", "--show", "sixel", "-o", "out"]
            )
            #expect(ran.status == 0, "\(ran.error)")
            #expect(ran.out.ranges(of: "\u{1B}Pq").count == 3, "two early views and the picture")
            #expect(ran.out.contains("wrote out/img_"))
        }
    }

    @Test func `what cannot be taken back is asked for`() async throws {
        try await Scene.play { scene in
            let control = try scene.control()
            let job = try await scene.job(try await scene.generate())
            let id = try #require(job["images"]?[0]?["id"]?.string)
            let no = try await control.show(["gallery", "delete", id], typing: "n\n", at: "[y/N]")
            #expect(no.status == 1 && no.out.contains("for good? [y/N]"), "\(no.out)")
            let yes = try await control.show(["gallery", "delete", id], typing: "y\n", at: "[y/N]")
            #expect(yes.status == 0 && yes.out.contains("deleted \(id)"), "\(yes.out)")
        }
    }

    @Test func `an estimate asks for what was not said`() async throws {
        try await Scene.play { scene in
            let ran = try await scene.control().show(
                ["credits", "estimate"],
                typing: "high\n1024x1024\n2\n",
                at: "quality"
            )
            #expect(ran.status == 0 && ran.out.contains("at most 32 credits"), "\(ran.out)")
        }
    }
}
