import Testing

@testable import Orchestrator

@Suite struct LaneTests {
    /// Two models at a, then two at b, in the order in which the price policy ranks them.
    static let candidates: [Candidate] = {
        let registry = Registry.sample([
            .sample("a", [.sample("m1", price: "0.01"), .sample("m2", price: "0.02")]),
            .sample("b", [.sample("m1", price: "0.03"), .sample("m2", price: "0.04")]),
        ])
        let planner = Planner(registry: registry, health: HealthSnapshot(), today: Day(number: 0))
        return (try? planner.plan(.sample(), for: CallerTerms()).candidates) ?? []
    }()

    static let promises: [(failure: FailureKind, order: [String])] = [
        // One model's trouble: straight on.
        (.unusable, ["a/m1", "a/m2", "b/m1", "b/m2"]),
        (.unavailable(.model), ["a/m1", "a/m2", "b/m1", "b/m2"]),
        (.unavailable(.unsupported), ["a/m1", "a/m2", "b/m1", "b/m2"]),
        (.refused, ["a/m1", "a/m2", "b/m1", "b/m2"]),
        // The provider's trouble: the others first, its own further models at the end.
        (.unavailable(.connection), ["a/m1", "b/m1", "a/m2", "b/m2"]),
        (.unavailable(.server(mayRepeat: true)), ["a/m1", "b/m1", "a/m2", "b/m2"]),
        (.unavailable(.credential), ["a/m1", "b/m1", "a/m2", "b/m2"]),
        (.unavailable(.quota), ["a/m1", "b/m1", "a/m2", "b/m2"]),
        (.unavailable(.rateLimited(retryAfter: nil)), ["a/m1", "b/m1", "a/m2", "b/m2"]),
        // Perhaps made and billed: never the same provider again.
        (.unknown(.timeout), ["a/m1", "b/m1", "a/m2", "b/m2"]),
    ]

    @Test(arguments: promises)
    func `who comes next depends on whose trouble it is`(failure: FailureKind, order: [String]) {
        var lane = Lane(slots: 0..<1)
        var visited = [Self.candidates[0].reference.description]
        while let next = lane.next(after: failure, in: Self.candidates) {
            lane.fallBack(to: next, after: failure, in: Self.candidates)
            visited.append(Self.candidates[next].reference.description)
        }
        #expect(visited == order)
    }

    @Test func `after an unknown outcome only another provider will do`() {
        let alone = Array(Self.candidates.prefix(2))
        #expect(Lane(slots: 0..<1).next(after: .unknown(.cut), in: alone) == nil)
        #expect(Lane(slots: 0..<1).next(after: .unavailable(.connection), in: alone) == 1)
    }
}
