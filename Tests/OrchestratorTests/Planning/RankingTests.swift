import Randomness
import Testing

@testable import Orchestrator

@Suite struct RankingTests {
    private typealias Entry = (candidate: Candidate, order: Int)

    private func entries(_ random: inout SeededRandom, count: Int) throws -> [Entry] {
        try (0..<count).map { order in
            // Few distinct values, so that there are many ties.
            let price = ["0.01", "0.02", "0.03"].randomElement(using: &random) ?? "0.01"
            let scores: [Double?] = [nil, 10, 50, 90]
            let score = scores.randomElement(using: &random) ?? nil
            let latency = [nil, 1, 5].randomElement(using: &random) ?? nil
            let provider = Provider.sample(
                "p\(order)",
                [.sample("m", price: price, score: score) { $0.latency = latency.map { .seconds($0) } }]
            ) { $0.priority = Int.random(in: 0...1, using: &random) }
            let plan = try Registry.sample([provider]).plan()
            return (try #require(plan.candidates.first), order)
        }
    }

    static let ranks: [RoutingPolicy.Rank] = [
        .cost, .score, .latency, .weighted(cost: 0.4, score: 0.4, latency: 0.2),
        .weighted(cost: 0, score: 0, latency: 0),
        .weighted(cost: 1, score: 0, latency: 0), .order(["p3/m", "p1/m", "p0/m"]),
    ]

    @Test(arguments: ranks)
    func `the order does not depend on the order of the input`(rank: RoutingPolicy.Rank) throws {
        var random = SeededRandom(seed: 31)
        for _ in 0..<60 {
            let entries = try entries(&random, count: Int.random(in: 1...9, using: &random))
            let sorted = Ranking(rank).sorted(entries).map(\.reference)
            for _ in 0..<5 {
                #expect(Ranking(rank).sorted(entries.shuffled(using: &random)).map(\.reference) == sorted)
            }
            #expect(Set(sorted).count == entries.count)
        }
    }

    @Test func `ties go to the cheaper, then to the higher priority, then to the first of the file`() throws {
        func registry(_ providers: (String, String, Int)...) -> Registry {
            .sample(
                providers.map { id, price, priority in
                    .sample(id, [.sample("m", price: price, score: 50)]) { $0.priority = priority }
                }
            )
        }
        func names(_ registry: Registry) throws -> [String] {
            try registry.plan(.sample { $0.routing.policy = "quality" }).names
        }
        #expect(try names(registry(("a", "0.02", 9), ("b", "0.01", 0))) == ["b/m", "a/m"])
        #expect(try names(registry(("a", "0.01", 0), ("b", "0.01", 1))) == ["b/m", "a/m"])
        #expect(try names(registry(("a", "0.01", 1), ("b", "0.01", 1))) == ["a/m", "b/m"])
    }

    @Test func `what is unknown ranks last`() throws {
        let registry = Registry.sample([
            .sample("unknown", [.sample("m", price: "0.001")]),
            .sample("known", [.sample("m", price: "0.002", score: 1) { $0.latency = .seconds(99) }]),
        ])
        for policy in ["fast", "quality"] {
            #expect(try registry.plan(.sample { $0.routing.policy = policy }).names == ["known/m", "unknown/m"])
        }
    }

    static let weights: [(Double, Double, Double, String)] = [
        (1, 0, 0, "cheap/poor"), (0, 1, 0, "dear/best"), (0, 0, 1, "middle/fair"),
        // Of the worst: dear 1 + 0 + 1, middle 0.5 + 0.22 + 0.1, cheap 0.075 + 0.44 + 0.45.
        (1, 1, 1, "middle/fair"), (0.4, 0.4, 0.2, "cheap/poor"), (0.1, 0.9, 0, "dear/best"),
    ]

    @Test(arguments: weights)
    func `weights trade cost, score and latency as shares of the extremes`(
        cost: Double,
        score: Double,
        latency: Double,
        first: String
    ) throws {
        let registry = Registry.sample(Registry.three.providers) {
            $0.policies["mine"] = RoutingPolicy(.weighted(cost: cost, score: score, latency: latency))
        }
        #expect(try registry.plan(.sample { $0.routing.policy = "mine" }).names.first == first)
    }
}
