import FakeVendors
import Foundation
import Orchestrator
import Testing

/// `examples/custom-provider`: a package of its own, with nothing but this one's products, builds a daemon with one more
/// kind of provider.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CustomProviderTests {
    private static let package = Shell.root.appending(path: "examples/custom-provider")
    private static let statedVendor = "http://127.0.0.1:9000"

    @Test func `a kind from outside serves a picture, and its failures have their class`() async throws {
        let binary = try await Self.build()
        let python = try await Shell.python()
        let vendor = try BackgroundProgram([python + "/python3", Self.package.path + "/vendor.py", "0"])
        let line = await vendor.untilOutput(contains: "\n")
        let origin = try #require(line.firstMatch(of: /drawing on (http:[^\n]*)/)?.output.1)
        let registry = try String(contentsOf: Self.package.appending(path: "providers.yaml"), encoding: .utf8)
        try #require(registry.contains(Self.statedVendor))
        let daemon = try DaemonProcess(
            registry.replacingOccurrences(of: Self.statedVendor, with: String(origin)),
            environment: ["ECHO_KEY": "echo-secret"],
            binary: binary
        )
        try await daemon.start()
        let path = "/v1/images/generations"
        let reply = try await daemon.client.post(
            path,
            ["prompt": "a fox", "size": "640x480", "response_format": "b64_json"]
        )
        #expect(reply.status == 200, "\(reply.text)\n\(daemon.output)")
        #expect(reply.header("x-orchestrator-provider") == "echo")
        #expect(reply.header("x-orchestrator-cost-usd") == "0.001")
        #expect(reply.json?["size"] == "640x480")
        let picture = try #require(Base64.decode(reply.json?["data"]?[0]?["b64_json"]?.string ?? ""))
        #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]))

        let refused = try await daemon.client.post(path, ["prompt": "forbidden"])
        #expect(refused.status == 400 && refused.errorCode == "moderation_blocked", "\(refused.text)")
        await daemon.stop()
        vendor.signal(SIGTERM)
    }

    @Test func `its own key is known to check, and others are not`() async throws {
        let binary = try await Self.build()
        let good = try await Shell.run([binary, "check"], in: Self.package, environment: ["ECHO_KEY": "x"])
        #expect(good.status == 0, "\(good.output)")
        #expect(good.output == "providers.yaml: ok, 1 provider, 1 model\n")
        let text = try String(contentsOf: Self.package.appending(path: "providers.yaml"), encoding: .utf8)
        let bad = try DaemonProcess(text.replacingOccurrences(of: "grain: 16", with: "grian: 16"))
        let failed = try await Shell.run([binary, "check", bad.configurationPath], in: Self.package)
        #expect(failed.status == 1)
        #expect(failed.output.contains("providers.echo.grian: unknown key"))
    }

    /// Builds the example, which takes a moment only where something has changed, and returns the path of its program.
    private static func build() async throws -> String {
        var environment = ProcessInfo.processInfo.environment
        // What this test run was told about its own build is not for the example's.
        environment = environment.filter { !$0.key.hasPrefix("SWIFT") }
        let built = try await Shell.run(
            ["scripts/build-example"],
            in: Shell.root,
            environment: environment
        )
        guard built.status == 0 else {
            throw Shell.Failure(description: "the example does not build:\n\(built.output)")
        }
        return Shell.root.appending(path: ".build/custom-provider/debug/custom-provider").path
    }
}
