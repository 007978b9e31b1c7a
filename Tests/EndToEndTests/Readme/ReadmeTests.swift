import FakeVendors
import Foundation
import Orchestrator
import Testing

/// Every command of README.md and docs/command-line.md, run as it stands there; every output that it states, compared.
///
/// Only the address is replaced, as the tests' daemons listen on free ports.
@Suite(.timeLimit(.minutes(10))) struct ReadmeTests {
    private static let files = ["README.md", "docs/command-line.md"]
    private static let statedAddress = "127.0.0.1:8080"
    private static let freshCheckout = "fresh-checkout"

    /// What a scene's blocks find running: with vendors or the sandbox alone, and what Stability does to every call.
    static let scenes: [(name: String, hasVendors: Bool, step: Step)] = [
        ("sandbox", false, .ok), ("vendors", true, .ok), ("trouble", true, .fail(.overloaded)),
        ("operating", false, .ok), ("command-line", false, .ok),
    ]

    /// All commands, each with where it stands.
    private static func commands() throws -> [(place: String, block: MarkdownBlock)] {
        try files.flatMap { file in
            try MarkdownBlock.all(in: Shell.root.appending(path: file)).filter(\.isCommand)
                .map { (place: "\(file):\($0.line)", block: $0) }
        }
    }

    @Test func `every command says how it is tested`() throws {
        let known = Set(Self.scenes.map(\.name) + [Self.freshCheckout])
        let commands = try Self.commands()
        #expect(!commands.isEmpty)
        for (place, block) in commands {
            let isExcused = block.marker?.hasPrefix("shown: ") == true
            #expect(isExcused || !block.scenes.isEmpty, "\(place): neither run nor excused")
            #expect(known.isSuperset(of: block.scenes), "\(place): \(block.scenes)")
        }
        #expect(Set(commands.flatMap(\.block.scenes)) == known, "a scene without commands")
    }

    @Test(arguments: scenes.map(\.name))
    func `commands do and print what the text says`(name: String) async throws {
        let scene = try #require(Self.scenes.first { $0.name == name })
        let commands = try Self.commands().filter { $0.block.scenes.contains(name) }
        let python = try await Shell.python()
        let farm = try VendorFarm()
        farm.stability.script(then: scene.step)
        var environment = scene.hasVendors ? farm.environment : [:]
        // Empty is unset: the key is made at the first start, as on a reader's machine.
        environment["ORCHESTRATOR_ADMIN_KEY"] = ""
        let daemon = try DaemonProcess(try Self.shippedRegistry(farm), environment: environment)
        try await daemon.start()
        let binaries = URL(filePath: DaemonProcess.binary).deletingLastPathComponent().path
        environment["HOME"] = daemon.directory.path
        environment["PATH"] = "\(python):\(binaries):/usr/bin:/bin"
        let address = String(daemon.base.dropFirst("http://".count))
        for (place, block) in commands {
            let ran = try await Self.run(
                block,
                at: address,
                daemon.directory,
                environment: environment
            )
            #expect(ran.status == 0, "\(place):\n\(ran.output)\n\(daemon.output.suffix(2000))")
            guard let expected = block.expected else { continue }
            #expect(
                StatedOutput(expected.replacingOccurrences(of: Self.statedAddress, with: address)).matches(ran.output),
                "\(place) prints:\n\(ran.output)"
            )
        }
        #expect(farm.invalid.isEmpty)
        await daemon.stop()
        try await WorkerThread.run { farm.stop() }
    }

    @Test func `one command leads from a checkout to a picture`() async throws {
        let block = try #require(
            try Self.commands().first { $0.block.scenes == [Self.freshCheckout] }?.block
        )
        let scratch = FileManager.default.temporaryDirectory.appending(path: "readme-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let data = scratch.appending(path: "data")
        // The build and the fixed port are left out: the tests have their own of both.
        let environment = [
            "PATH": "/usr/bin:/bin", "ORCHESTRATORD": DaemonProcess.binary,
            "MAKEFLAGS": "SWIFT_BUILD=true LISTEN=127.0.0.1:0 DATA_DIR=\(data.path)",
        ]
        let run = try BackgroundProgram(["/bin/bash", "-euc", block.text], in: Shell.root, environment: environment)
        let printed = await run.untilOutput(contains: "Ctrl-C.")
        let address = try #require(printed.firstMatch(of: /listening on http:\/\/([0-9.:]+)/)?.output.1, "\(printed)")
        let stated = try #require(block.expected)
        let shown = printed.replacingOccurrences(of: address, with: Self.statedAddress)
            .replacingOccurrences(of: data.path, with: "data")
        #expect(StatedOutput(stated).matches(shown), "README.md:\(block.line) prints:\n\(shown)")

        let command = try #require(printed.firstMatch(of: /(?s)  curl .*?\n\n/)?.output)
        let asked = try await Shell.run(["bash", "-euc", String(command)], in: scratch, environment: environment)
        #expect(asked.status == 0, "\(asked.output)")
        let picture = try Data(contentsOf: scratch.appending(path: "fox.png"))
        #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]) && picture.count > 1000)

        let lock = try String(contentsOf: data.appending(path: "orchestrator.lock"), encoding: .utf8)
        let identifier = try #require(Int32(lock.filter(\.isNumber)))
        kill(identifier, SIGTERM)
        #expect(await run.untilExit() == 0)
    }

    // MARK: - Pieces

    /// The shipped file with the vendors' addresses replaced by the fakes', and limits that a test does not meet.
    private static func shippedRegistry(_ farm: VendorFarm) throws -> String {
        var text = try String(contentsOf: Shell.root.appending(path: "providers.yaml"), encoding: .utf8)
        let changes = [
            ("https://api.openai.com/v1\n    api_key", farm.openAIBase + "\n    api_key"),
            ("https://api.stability.ai", farm.stabilityBase), ("https://api.replicate.com/v1", farm.replicateBase),
            ("allow_private_urls: false", "allow_private_urls: true"), ("per_ip: 10/min", "per_ip: 1000/min"),
        ]
        for (old, new) in changes {
            try #require(text.contains(old), "providers.yaml has no '\(old)'")
            text = text.replacingOccurrences(of: old, with: new)
        }
        return text
    }

    /// Runs one block in the daemon's directory; variables live on from block to block.
    private static func run(
        _ block: MarkdownBlock,
        at address: String,
        _ directory: URL,
        environment: [String: String]
    ) async throws -> (status: Int32, output: String) {
        let text = block.text.replacingOccurrences(of: statedAddress, with: address)
        if block.language == "python" {
            return try await Shell.run(["python3", "-"], in: directory, environment: environment, input: text)
        }
        let script = "set -aeuo pipefail\ntouch .state; . ./.state\n" + text + "\nexport -p > .state\n"
        return try await Shell.run(["bash", "-c", script], in: directory, environment: environment)
    }
}
