import Testing

@testable import Orchestrator

@Suite struct StatementWalkTests {
    private func problems(_ lines: [(String, Int64, Int64, Int64)]) -> [String] {
        var walk = StatementWalk()
        return lines.compactMap { account, number, amount, after in
            walk.check(
                account: account,
                number: number,
                amount: MicroUSD(micros: amount),
                availableAfter: MicroUSD(micros: after)
            )
        }
    }

    @Test func `lines that add up in each account are in order`() {
        #expect(problems([("a", 1, 5, 5), ("a", 2, -3, 2), ("b", 1, 7, 7), ("b", 2, 1, 8)]).isEmpty)
    }

    @Test func `a gap, a wrong sum and a wrong start are told, each once`() {
        #expect(problems([("a", 1, 5, 5), ("a", 3, 1, 6), ("a", 4, 1, 7)]).count == 1)
        #expect(problems([("a", 1, 5, 6), ("a", 2, 1, 7)]).count == 1)
        #expect(problems([("a", 1, 5, 5), ("b", 2, 1, 1)]).count == 1)
        #expect(problems([("a", 1, 5, 5), ("b", 1, 1, 6)]).count == 1)
        #expect(problems([("a", 1, .max, .max), ("a", 2, 1, .min)]).count == 1, "a sum that wraps is wrong")
    }

    @Test func `a report tells no more problems than anybody reads`() {
        var report = LedgerReport()
        for number in 0..<200 { report.note("problem \(number)") }
        report.note(nil)
        #expect(report.problems.count == LedgerReport.problemLimit)
    }
}
