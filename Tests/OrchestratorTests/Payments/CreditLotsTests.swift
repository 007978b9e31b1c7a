import Testing

@testable import Orchestrator

@Suite struct CreditLotsTests {
    /// Follows a story told in lines such as `purchase 100 a`; what is left of each reference named in `of`.
    private func left(after story: [String], of names: [String] = ["a", "b", "c"]) -> [Int64] {
        let user = UserID(time: Timestamp(milliseconds: 0), random: (0, 0))
        // Gifts that run out, b before c.
        var lots = CreditLots(expiries: ["b": Timestamp(milliseconds: 10), "c": Timestamp(milliseconds: 20)])
        for (index, text) in story.enumerated() {
            let words = text.split(separator: " ")
            guard let kind = LedgerEntry.Kind(rawValue: String(words[0])), let amount = Int64(words[1]) else {
                Issue.record("'\(text)'")
                continue
            }
            lots.apply(
                LedgerEntry(
                    id: LedgerEntryID(number: Int64(index + 1)),
                    user: user,
                    kind: kind,
                    amount: MicroUSD(micros: amount),
                    availableAfter: .zero,
                    note: "",
                    reference: words.count > 2 ? String(words[2]) : nil,
                    at: Timestamp(milliseconds: 0)
                )
            )
        }
        #expect(lots.lines == Int64(story.count))
        return names.map { lots.left(of: $0).micros }
    }

    static let stories: [([String], [Int64])] = [
        // What runs out is used first, the soonest before all; then gifts; what was bought comes last.
        (["purchase 100 a", "grant 10 c", "grant 10 b", "reserve -15 job"], [100, 0, 5]),
        (["purchase 100 a", "bonus 30 gift", "spend -40"], [90, 0, 0]),
        (["purchase 10 b0", "purchase 10 a", "spend -15"], [5, 0, 0]),
        // A job that gives all or a part back puts it where it came from, the last that was taken first.
        (["purchase 100 a", "grant 10 b", "reserve -15 job", "refund 15 job"], [100, 10, 0]),
        (
            ["purchase 100 a", "grant 10 b", "reserve -15 job", "refund 8 job", "release 7 job", "spend -7 job"],
            [100, 3, 0]
        ),
        (["purchase 100 a", "reserve -15 job", "release 15 job", "spend -15 job"], [85, 0, 0]),
        // Money that went back, and what ran out, come out of their own.
        (["grant 10 b", "purchase 100 a", "refund -60 a"], [40, 10, 0]),
        (["grant 10 b", "grant 10 c", "purchase 100 a", "grant -4 c"], [100, 10, 6]),
        (["purchase 100 a", "refund -60 a", "refund 60 a"], [100, 0, 0]),
        // An administrator takes from whatever is first.
        (["purchase 100 a", "grant 10 b", "admin_adjustment -20 adjust:1/-20"], [90, 0, 0]),
        (["admin_adjustment 50 x", "purchase 100 a", "spend -60"], [90, 0, 0]),
        // Nothing is used that is not there.
        (["purchase 5 a", "spend -9"], [0, 0, 0]),
    ]

    @Test(arguments: stories)
    func `credits are used in their order`(story: [String], left expected: [Int64]) {
        #expect(left(after: story) == expected)
    }
}
