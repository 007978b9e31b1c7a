import FakeVendors
import Foundation
import FoundationXML
import Orchestrator
import Testing

/// `orchestratord simulate` with the shipped registry and trace.
@Suite(.timeLimit(.minutes(2))) struct SimulateCommandTests {
    private static let keys = ["OPENAI_API_KEY": "x", "STABILITY_API_KEY": "x", "REPLICATE_API_TOKEN": "x"]
    private static let words = [
        "simulate", "--config", Shell.root.appending(path: "providers.yaml").path, "--trace",
        Shell.root.appending(path: "examples/trace.jsonl").path,
    ]

    @Test func `policies differ as their names promise`() async throws {
        let ran = try await DaemonProcess.command(Self.words + ["--json"], environment: Self.keys)
        #expect(ran.status == 0, "\(ran.output)")
        let answer = try JSON(parsing: Array(ran.output.utf8))
        let rows = try #require(answer["policies"]?.array)
        func row(_ policy: String) throws -> JSON { try #require(rows.first { $0["policy"]?.string == policy }) }
        func cost(_ policy: String) throws -> MicroUSD {
            try MicroUSD(decimal: try row(policy)["cost_usd"]?.string ?? "")
        }
        let (price, quality, fast) = (try row("price"), try row("quality"), try row("fast"))
        #expect(answer["requests"] == 240 && rows.allSatisfy { $0["requests"] == 240 })
        #expect(try cost("price") < cost("quality"))
        #expect(try #require(price["quality"]?.double) < #require(quality["quality"]?.double))
        #expect(try #require(fast["latency_p50_ms"]?.int) <= #require(quality["latency_p50_ms"]?.int))
        let again = try await DaemonProcess.command(Self.words + ["--json"], environment: Self.keys)
        #expect(again.output == ran.output)
    }

    @Test func `a table, a plot, and failures from the command line`() async throws {
        let plot = FileManager.default.temporaryDirectory.appending(path: "plot-\(UUID().uuidString).svg")
        let failures = ["--policy", "price,quality", "--failures", "openai=0.2,stability/core=1", "--seed", "7"]
        let ran = try await DaemonProcess.command(Self.words + failures + ["--svg", plot.path], environment: Self.keys)
        #expect(ran.status == 0, "\(ran.output)")
        let lines = ran.output.split(separator: "\n")
        #expect(
            lines.count == 3 && lines[0].hasPrefix("POLICY") && lines[1].hasPrefix("price")
                && lines[2].hasPrefix("quality")
        )
        let drawn = try Data(contentsOf: plot)
        #expect(XMLParser(data: drawn).parse(), "the plot is no XML")
        let text = String(decoding: drawn, as: UTF8.self)
        #expect(text.ranges(of: "<circle").count == 2 && text.contains(">quality<"))
        try FileManager.default.removeItem(at: plot)
    }

    @Test(
        arguments: [
            (["--policy", "cheapest"], 1, "no policy is called 'cheapest'"),
            (["--failures", "nobody=0.1"], 1, "'nobody'"),
            (["--failures", "openai=2"], 2, "--failures"), (["--seed", "-1"], 2, "--seed"),
            (["operand"], 2, "options only"),
            (["--trace", "/nothing"], 1, "there is no file"), (["--svg", "/nothing/plot.svg"], 1, "cannot write"),
        ] as [([String], Int32, String)]
    )
    func `what cannot be done is told`(words: [String], status: Int32, text: String) async throws {
        let ran = try await DaemonProcess.command(Self.words + words, environment: Self.keys)
        #expect(ran.status == status && ran.output.contains(text), "\(ran.output)")
    }

    @Test func `a line of the trace that makes no sense is named by its place`() async throws {
        let trace = FileManager.default.temporaryDirectory.appending(path: "trace-\(UUID().uuidString).jsonl")
        try Data("{\"time\": 1, \"request\": {\"prompt\": \"a\"}}\n{\"time\": 2}\n".utf8).write(to: trace)
        let ran = try await DaemonProcess.command(Self.words + ["--trace", trace.path], environment: Self.keys)
        #expect(ran.status == 1 && ran.output.contains("\(trace.path):2: error: "), "\(ran.output)")
        try FileManager.default.removeItem(at: trace)
    }
}
