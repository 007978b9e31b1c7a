import Testing

@testable import Orchestrator

/// Traces played against policies.
@Suite struct TraceSimulationTests {
    /// So many requests for pictures, a minute apart.
    private static func trace(_ count: Int, _ adjust: (inout ImageRequest) -> Void = { _ in }) -> Trace {
        Trace(
            (0..<count).map {
                Trace.Entry(at: Timestamp(milliseconds: Int64($0) * 60_000), request: .sample(.generate, adjust))
            }
        )
    }

    private static func outcome(
        _ policy: String,
        _ trace: Trace,
        failures: [String: Double] = [:],
        seed: UInt64 = 1,
        _ adjust: (inout Registry) -> Void = { _ in }
    ) -> PolicyOutcome {
        var registry = Registry.three
        adjust(&registry)
        return TraceSimulation(registry: registry, seed: seed, failureRates: failures).outcome(of: trace, under: policy)
    }

    struct Sum: Sendable {
        var policy: String
        var failures: [String: Double] = [:]
        var cost: String
        var quality: Double?
        var attempts = 10
        var failed = 0
        var shares: [String: Int]
    }

    /// Ten requests of two pictures. A provider that always fails is asked until its breaker opens after five failures, and
    /// once more whenever it has rested, a second being over between any two requests.
    static let sums = [
        Sum(policy: "price", cost: "0.06", quality: 50, shares: ["cheap/poor": 20]),
        Sum(policy: "quality", cost: "0.8", quality: 90, shares: ["dear/best": 20]),
        Sum(policy: "fast", cost: "0.4", quality: 70, shares: ["middle/fair": 20]),
        Sum(
            policy: "price",
            failures: ["cheap": 1],
            cost: "0.4",
            quality: 70,
            attempts: 20,
            shares: ["middle/fair": 20]
        ),
        Sum(
            policy: "quality",
            failures: ["dear/best": 1, "middle": 1],
            cost: "0.06",
            quality: 50,
            attempts: 30,
            shares: ["cheap/poor": 20]
        ),
        Sum(
            policy: "price",
            failures: ["dear": 1, "middle": 1, "cheap": 1],
            cost: "0",
            quality: nil,
            attempts: 30,
            failed: 10,
            shares: [:]
        ),
    ]

    @Test(arguments: sums)
    func `sums are what the table promises`(sum: Sum) {
        let outcome = Self.outcome(sum.policy, Self.trace(10) { $0.count = 2 }, failures: sum.failures) { registry in
            for index in registry.providers.indices { registry.providers[index].retries = 0 }
        }
        #expect(outcome.cost == usd(sum.cost) && outcome.quality == sum.quality)
        #expect(outcome.attempts == sum.attempts && outcome.failed == sum.failed && outcome.requests == 10)
        #expect(outcome.pictures == 20 - 2 * sum.failed && outcome.missing == 2 * sum.failed)
        #expect(Dictionary(uniqueKeysWithValues: outcome.shares.map { ("\($0.key)", $0.value) }) == sum.shares)
    }

    @Test func `the same seed gives the same figures, and another gives others`() {
        let (trace, failures) = (Self.trace(500), ["cheap": 0.2])
        let first = Self.outcome("price", trace, failures: failures).json
        #expect(first == Self.outcome("price", trace, failures: failures).json)
        #expect(first != Self.outcome("price", trace, failures: failures, seed: 2).json)
    }

    @Test func `failures come as often as they were said to, and latencies lie where they were said to`() throws {
        let outcome = Self.outcome("price", Self.trace(4000), failures: ["cheap": 0.1]) { registry in
            registry.providers[2].retries = 0
        }
        let fallbacks = outcome.pictures - (outcome.shares[ModelReference(provider: "cheap", model: "poor")] ?? 0)
        #expect((320...480).contains(fallbacks), "\(fallbacks) of 4000")
        let (half, most) = try (#require(outcome.latency(percentile: 50)), #require(outcome.latency(percentile: 95)))
        #expect((8500...10_000).contains(half.milliseconds), "\(half)")
        // 9 s times e to the power of 0.35 times 1.645 is 16 s.
        #expect((14_500...17_500).contains(most.milliseconds), "\(most)")
    }

    @Test func `calls that take too long are billed and bought nothing`() {
        let outcome = Self.outcome("quality", Self.trace(20)) { $0.providers[0].timeout = .seconds(1) }
        #expect(outcome.wasted == usd("0.8") && outcome.failed == 0 && outcome.pictures == 20)
        #expect(outcome.cost == usd("1.2"))
    }

    @Test func `daily caps hold for each day of the trace`() {
        // 60 minutes a day: two days in which the cheap one may make ten pictures each.
        let entries = (0..<120).map { minute in
            Trace.Entry(
                at: Timestamp(milliseconds: Int64(minute / 60) * 86_400_000 + Int64(minute % 60) * 60_000),
                request: .sample()
            )
        }
        let outcome = Self.outcome("price", Trace(entries)) { $0.providers[2].spendPerDay = usd("0.03") }
        #expect(outcome.shares[ModelReference(provider: "cheap", model: "poor")] == 20)
        #expect(outcome.shares[ModelReference(provider: "middle", model: "fair")] == 100)
    }

    @Test func `what nobody can serve is a failure that costs nothing`() {
        let outcome = Self.outcome("price", Self.trace(3) { $0.quality = .tier(.max) })
        #expect(outcome.failed == 3 && outcome.unserved == 3 && outcome.attempts == 0 && outcome.cost == .zero)
        #expect(outcome.latency(percentile: 50) == nil && outcome.costPerPicture == nil && outcome.quality == nil)
    }

    // MARK: - Reading

    @Test func `a trace is read by time, whatever the order of its lines`() throws {
        let text = """
            {"time": "2026-11-21T10:00:01Z", "request": {"prompt": "late", "n": 2}}

            {"time": "2026-11-21T10:00:00.500Z", "body": {"prompt": "early", "references": 1}}
            """
        let trace = try Trace(reading: Array(text.utf8))
        #expect(
            trace.entries.map(\.request.prompt) == ["early", "late"] && trace.entries[0].request.operation == .edit
        )
        #expect(
            try Trace(reading: Array("{\"time\": 1.5, \"request\": {\"prompt\": \"x\"}}".utf8)).entries[0].at
                .milliseconds == 1500
        )
    }

    @Test(arguments: [
        ("{\"time\": 1, \"request\": {\"prompt\": \"a\"}}\nnonsense", 2), ("{\"time\": 1}", 1),
        ("{\"request\": {\"prompt\": \"a\"}}", 1), ("{\"time\": \"noon\", \"request\": {\"prompt\": \"a\"}}", 1),
        ("\n\n{\"time\": 1, \"request\": {\"prompt\": \"a\", \"n\": 11}}", 3),
        ("{\"time\": 1, \"request\": {\"prompt\": \"\"}}", 1),
    ])
    func `a line that makes no sense is named`(text: String, line: Int) {
        #expect {
            try Trace(reading: Array(text.utf8))
        } throws: { error in
            (error as? Trace.Mistake)?.line == line
        }
    }
}
