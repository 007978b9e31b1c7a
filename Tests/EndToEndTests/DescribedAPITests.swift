import FakeVendors
import Foundation
import Orchestrator
import Testing

/// The running daemon held against its own description by schemathesis: whatever the description allows is served as it
/// says, whatever it forbids is refused, and nothing brings the daemon down.
@Suite(.timeLimit(.minutes(15))) struct DescribedAPITests {
    /// For each route and seed; `ORCHESTRATOR_EXAMPLES` has more tried.
    private static let examples = ProcessInfo.processInfo.environment["ORCHESTRATOR_EXAMPLES"] ?? "3"

    private static let sandbox = """
        version: 1
        server: {watch: false}
        providers:
          sandbox:
            adapter: sandbox
            models:
              placeholder:
                operations: [generate, edit, variation, stream]
                tiers: {low: {cost: 0}, medium: {cost: 0}, high: {cost: 0}}
        limits: {per_ip: 1000000/s, per_key: 1000000/s, global: 1000000/s}
        """

    /// What takes away the keys that the others are asked with, and so has a daemon of its own.
    private static let ending = ["/v1/keys/{key}", "/v1/auth/logout", "/v1/identity"]

    @Test(.serialized, arguments: [1, 2, 3])
    func `the daemon does what its description says`(seed: Int) async throws {
        try await check(seed: seed, Self.ending.flatMap { ["--exclude-path", $0] })
        try await check(seed: seed, Self.ending.flatMap { ["--include-path", $0] })
    }

    private func check(seed: Int, _ choice: [String]) async throws {
        let python = try await Shell.python()
        let daemon = try DaemonProcess(Self.sandbox)
        try await daemon.start()
        let browser = Browser(daemon)
        #expect(try await browser.signUp("reader@example.test").status == 201)
        let session = browser.cookie?.split(separator: "=", maxSplits: 1).last.map(String.init) ?? ""
        let settings = Shell.root.appending(path: "Tests/Fixtures/openapi/schemathesis.toml").path
        let ran = try await Shell.run(
            [
                "\(python)/schemathesis", "--config-file", settings, "run", daemon.base + "/openapi.json",
                "--checks", "all", "--seed", "\(seed)", "--max-examples", Self.examples, "--no-color",
                // What covers each bound of the description draws nothing by chance: once is enough.
                "--phases", seed == 1 ? "coverage,fuzzing,stateful" : "fuzzing,stateful",
            ] + choice,
            in: daemon.directory,
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": daemon.directory.path, "API_KEY": daemon.adminKey,
                "API_SESSION": session,
            ]
        )
        #expect(ran.status == 0, "\(ran.output.suffix(8000))")
        #expect(ran.output.contains(" generated"), "\(ran.output.suffix(2000))")
        daemon.kill()
        _ = await daemon.untilExit()
    }
}
