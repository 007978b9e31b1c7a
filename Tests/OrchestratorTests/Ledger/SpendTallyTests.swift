import Testing

@testable import Orchestrator

@Suite struct SpendTallyTests {
    private let key = KeyID(trusted: "key_a")

    private func attempt(_ cost: Int64, provider: String = "p", day: Int = 5, own: Bool = false) -> AttemptRecord {
        var attempt = AttemptRecord(
            n: 1,
            provider: provider,
            model: "m",
            tier: .low,
            count: 1,
            started: Day(number: day).start
        )
        attempt.cost = MicroUSD(micros: cost)
        attempt.isPaidByCaller = own
        return attempt
    }

    private func differences(_ tally: SpendTally) -> [String] {
        tally.differences.map { "\($0.place.day.number) \($0.place.subject.text) \($0.amount.micros)" }
    }

    @Test func `an attempt counts at three places, in order, and a caller's own nowhere`() {
        var tally = SpendTally()
        tally.add(attempt(3), key: key)
        tally.add(attempt(4, provider: "q", day: 6), key: nil)
        tally.add(attempt(100, own: true), key: key)
        #expect(differences(tally) == ["5 all 3", "5 key:key_a 3", "5 provider:p 3", "6 all 4", "6 provider:q 4"])
    }

    @Test func `what replaces an attempt changes the counters by the difference`() {
        var tally = SpendTally()
        tally.remove(cost: MicroUSD(micros: 10), provider: "p", key: nil, on: Day(number: 5))
        tally.add(attempt(12, provider: "q"), key: nil)
        #expect(differences(tally) == ["5 all 2", "5 provider:p -10", "5 provider:q 12"])
        let all = tally.places(under: SpendCap(.all, limit: .zero))
        #expect(all.map(\.change.micros) == [2])
        #expect(tally.places(under: SpendCap(.provider("p"), limit: .zero)).isEmpty, "only what is added is bounded")
    }

    @Test func `what does not change a counter is not written, but bounded all the same`() {
        var tally = SpendTally()
        tally.remove(cost: MicroUSD(micros: 10), provider: "p", key: nil, on: Day(number: 5))
        tally.add(attempt(10), key: nil)
        #expect(tally.differences.isEmpty)
        #expect(tally.places(under: SpendCap(.all, limit: .zero)).map(\.change) == [.zero])
    }
}
