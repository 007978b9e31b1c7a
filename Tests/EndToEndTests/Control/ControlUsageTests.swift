import FakeVendors
import Foundation
import Orchestrator
import Testing

/// The program by itself: wrong calls, servers that are not there, generated texts.
@Suite(.timeLimit(.minutes(3))) struct ControlUsageTests {
    static let misuses: [[String]] = [
        [], ["nothing"], ["generate"], ["generate", "x", "--nothing"], ["generate", "x", "-n", "11"], ["gallery"],
        ["usage", "--start", "2026-13-01"], ["usage", "--start", "2026-02-02", "--end", "2026-02-01"],
        ["credits", "estimate"], ["credits", "buy"], ["gallery", "delete", "img_01m803ny8asq2dvc8rmrkwft3e"],
        ["admin", "credits", "adjust", "--user-id", "u"], ["admin", "grant"], ["auth", "login", "--password-stdin"],
        ["auth", "login", "--email", "a@example.test"], ["generate", "x", "--size", "1x1", "--aspect-ratio", "1:1"],
        ["generate", "x", "--max-cost", "much"], ["--api-url", "ftp://host", "health"], ["--api-key", "a b", "usage"],
        ["generate", "  "], ["generate", "--batch", "f.csv", "a prompt"],
    ]

    @Test(arguments: misuses)
    func `a wrong call ends with 2 and says why on standard error alone`(words: [String]) async throws {
        let ran = try await Control("http://127.0.0.1:1", key: "k").run(words)
        #expect(ran.status == 2 && ran.out.isEmpty && !ran.error.isEmpty, "\(ran)")
    }

    static let calls: [[String]] = [
        ["generate", "x"], ["vary", "gallery:img_01m803ny8asq2dvc8rmrkwft3e"], ["gallery", "list"],
        ["gallery", "mine"],
        ["gallery", "view", "img_01m803ny8asq2dvc8rmrkwft3e"], ["jobs", "list"], ["jobs", "wait", "job_1"], ["explain"],
        ["models"], ["usage"], ["credits"], ["credits", "packs"], ["keys"], ["health"], ["admin", "stats"],
        ["admin", "reload"], ["auth", "github"], ["auth", "device-status", "x"], ["credits", "buy", "--pack", "basic"],
    ]

    @Test(arguments: calls)
    func `a server that is not there is told in one line`(words: [String]) async throws {
        let ran = try await Control("http://127.0.0.1:1", key: "k").run(words + ["--json"])
        #expect(ran.status == 1 && ran.out.isEmpty, "\(ran)")
        #expect(ran.error.hasPrefix("orchestratorctl: cannot reach http://127.0.0.1:1: "), "\(ran.error)")
        #expect(ran.error.filter { $0 == "\n" }.count == 1)
    }

    @Test func `a server that is no orchestrator, or sends elsewhere, is told`() async throws {
        let server = try LoopbackServer { request, send in
            guard request.path.hasPrefix("/v1/models") else { return send(FakeReply(200, body: Array("<html>".utf8))) }
            send(FakeReply(302, headers: [("location", "https://elsewhere.test/")]))
        }
        let control = try Control(server.origin, key: "ork_secret")
        let page = try await control.run(["jobs", "list"])
        #expect(page.status == 1 && page.error.contains("no JSON"), "\(page.error)")
        let moved = try await control.run(["models"])
        #expect(moved.status == 1 && moved.error.contains("https://elsewhere.test/"), "\(moved.error)")
        server.stop()
    }

    @Test func `nobody answers within the time that is given`() async throws {
        let server = try LoopbackServer { $1(.hang) }
        let ran = try await Control(server.origin, key: "k").run(["models", "--timeout", "1"])
        #expect(ran.status == 1 && ran.error.contains("in time"), "\(ran.error)")
        server.stop()
    }

    @Test func `help goes to standard output wherever it is asked for`() async throws {
        let control = try Control()
        for words in [["--help"], ["generate", "--help"], ["gallery", "list", "-h"], ["admin", "credits", "--help"]] {
            let ran = try await control.run(words)
            #expect(ran.status == 0 && ran.out.hasPrefix("Usage: orchestratorctl") && ran.error.isEmpty)
        }
        #expect(try await control.run(["--version"]).out.hasPrefix("orchestratorctl "))
    }

    @Test func `the manual page in the tree is the one that the program makes`() async throws {
        let ran = try await Control().run(["man"])
        let file = Shell.root.appending(path: "docs/orchestratorctl.1")
        #expect(
            try String(contentsOf: file, encoding: .utf8) == ran.out,
            "orchestratorctl man > docs/orchestratorctl.1"
        )
    }

    static let completions: [([String], Set<String>)] = [
        (["gallery", "vi"], ["view", "visibility"]), (["gen"], ["generate"]),
        (["generate", "x", "--quality", "m"], ["medium", "max"]), (["generate", "--asp"], ["--aspect-ratio"]),
        (["--api-url", "http://x", "admin", "credits", ""], ["adjust"]), (["completion", "z"], ["zsh"]),
        (["generate", "x", "-q", "l"], ["low"]),
    ]

    @Test(arguments: completions)
    func `bash completes commands, options and values`(words: [String], expected: Set<String>) async throws {
        let script = """
            source <("$0" completion bash)
            COMP_WORDS=(orchestratorctl "$@") COMP_CWORD=$#
            _orchestratorctl
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let ran = try await Shell.run(["bash", "-euc", script, Control.binary] + words, in: Shell.root)
        #expect(ran.status == 0 && Set(ran.output.split(separator: "\n").map(String.init)) == expected, "\(ran.output)")
    }
}
