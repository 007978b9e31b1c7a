import FakeVendors
import Foundation
import Orchestrator
import Testing

/// What `examples/` has, run as it stands against a throw-away instance.
@Suite(.timeLimit(.minutes(3))) struct ExampleTests {
    /// An instance of `serve --dev`, with its address and key.
    private static func develop() async throws -> (
        program: BackgroundProgram, directory: String, environment: [String: String]
    ) {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "dev-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        let binaries = URL(filePath: DaemonProcess.binary).deletingLastPathComponent().path
        var environment = ["PATH": "\(binaries):/usr/bin:/bin", "TMPDIR": scratch.path, "HOME": scratch.path]
        let program = try BackgroundProgram([DaemonProcess.binary, "serve", "--dev"], environment: environment)
        let printed = await program.untilOutput(contains: "Ctrl-C.")
        environment["URL"] = String(try #require(printed.firstMatch(of: /listening on (http:\/\/[0-9.:]+)/)?.output.1))
        environment["KEY"] = String(try #require(printed.firstMatch(of: /admin key: (ork_[a-z0-9]+)/)?.output.1))
        return (program, scratch.path, environment)
    }

    @Test(arguments: [
        ("generate.sh", ["fox.png", "pictures/"]), ("edit.sh", ["edited/"]), ("job.sh", ["pictures/"]),
        ("webhook.py", []), ("signed.py", []),
    ])
    func `an example does what it says`(name: String, made: [String]) async throws {
        let (program, scratch, environment) = try await Self.develop()
        let directory = URL(filePath: scratch).appending(path: "work")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = Shell.root.appending(path: "examples/\(name)").path
        let ran = try await Shell.run([file], in: directory, environment: environment)
        #expect(ran.status == 0, "\(ran.output)")
        for path in made {
            let place = directory.appending(path: path)
            let files =
                path.hasSuffix("/")
                ? try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil) : [place]
            #expect(!files.isEmpty)
            for file in files { #expect(try Data(contentsOf: file).starts(with: [0x89, 0x50, 0x4E, 0x47])) }
        }
        switch name {
        case "job.sh": #expect(ran.output.contains("\nsucceeded\n"), "\(ran.output)")
        case "webhook.py": #expect(ran.output.hasPrefix("job.succeeded http"), "\(ran.output)")
        case "signed.py":
            let refusal = "the request's signature is not taken: "
            let ends = ["it was used before", "the body is another one than was signed"].map { refusal + $0 }
            #expect(ran.output.hasSuffix((ends + ["1 job\n"]).joined(separator: "\n")), "\(ran.output)")
        default: break
        }
        program.signal(SIGTERM)
        #expect(await program.untilExit() == 0)
        try FileManager.default.removeItem(atPath: scratch)
    }

    @Test func `a throw-away instance leaves nothing behind, and what it prints works`() async throws {
        let (program, scratch, environment) = try await Self.develop()
        let printed = await program.untilOutput(contains: "Ctrl-C.")
        let lines = printed.split(separator: "\n").filter { $0.hasPrefix("  ") }.joined(separator: "\n")
        let work = FileManager.default.temporaryDirectory.appending(path: "work-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
        let ran = try await Shell.run(["bash", "-euc", lines], in: work, environment: environment)
        #expect(ran.status == 0 && ran.output.contains("wrote ./img_"), "\(ran.output)")
        program.signal(SIGTERM)
        #expect(await program.untilExit() == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).isEmpty)
        try FileManager.default.removeItem(atPath: scratch)
        try FileManager.default.removeItem(at: work)
        let wrong = try await DaemonProcess.command(["serve", "--dev", "--data-dir", "data"])
        #expect(wrong.status == 2)
    }

    @Test func `programs, manual page and completions are installed`() async throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "install-\(UUID().uuidString)").path
        let built = URL(filePath: DaemonProcess.binary).deletingLastPathComponent().path
        let ran = try await Shell.run(
            ["scripts/install", place],
            in: Shell.root,
            environment: ["PATH": "/usr/bin:/bin", "BUILT": built]
        )
        #expect(ran.status == 0, "\(ran.output)")
        for (path, text) in [
            ("man/man1/orchestratorctl.1", ".TH ORCHESTRATORCTL 1"),
            ("zsh/site-functions/_orchestratorctl", "#compdef"),
            ("bash-completion/completions/orchestratorctl", "complete -F"),
            ("fish/vendor_completions.d/orchestratorctl.fish", "complete -c"),
        ] {
            #expect(try String(contentsOfFile: "\(place)/share/\(path)", encoding: .utf8).contains(text))
        }
        #expect(FileManager.default.isExecutableFile(atPath: "\(place)/bin/orchestratorctl"))
        try FileManager.default.removeItem(atPath: place)
    }
}
