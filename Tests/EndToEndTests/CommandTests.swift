import FakeVendors
import Foundation
import Orchestrator
import Testing

/// The binary's other commands.
@Suite(.timeLimit(.minutes(1))) struct CommandTests {
    @Test(
        arguments: [(["--help"], 0), (["--version"], 0), (["nothing"], 2), (["serve", "--nothing"], 2)]
            as [([String], Int32)]
    )
    func `usage ends with its own status`(arguments: [String], status: Int32) async throws {
        #expect(try await DaemonProcess.command(arguments).status == status)
    }

    @Test func `check takes a good file and names each mistake of a bad one by its place`() async throws {
        let farm = try VendorFarm()
        let good = try DaemonProcess(farm.registry.text)
        let passed = try await DaemonProcess.command(["check", good.configurationPath], environment: farm.environment)
        #expect(passed.status == 0, "\(passed.output)")
        let bad = try DaemonProcess(
            "version: 1\nproviders:\n  openai:\n    adapter: nothing\n  other:\n    colour: red\n"
        )
        let failed = try await DaemonProcess.command(["check", bad.configurationPath])
        #expect(failed.status == 1)
        #expect(failed.output.contains("\(bad.configurationPath):4:"))
        #expect(failed.output.contains("\(bad.configurationPath):6:"))
        try await WorkerThread.run { farm.stop() }
    }
}
