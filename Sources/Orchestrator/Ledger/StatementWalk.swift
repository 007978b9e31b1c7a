/// Follows the statements of all accounts, ordered by account and number, and adds up what was available after each line.
package struct StatementWalk: Sendable {
    private var account: String?
    private var number: Int64 = 0
    private var available = MicroUSD.zero

    package init() {}

    /// What is wrong with the next line; nil: nothing. Goes on from the record either way, so that one fault is told once.
    package mutating func check(account: String, number: Int64, amount: MicroUSD, availableAfter: MicroUSD) -> String? {
        if account != self.account { (self.account, self.number, available) = (account, 0, .zero) }
        defer { (self.number, available) = (number, availableAfter) }
        guard number == self.number + 1 else {
            return "the statement of '\(account)' goes from line \(self.number) to line \(number)"
        }
        // Whatever is on record: no number of it may end the check.
        guard available.micros.addingReportingOverflow(amount.micros) == (availableAfter.micros, false) else {
            return
                "line \(number) of the statement of '\(account)' says that \(availableAfter) was available after it, "
                + "which is not \(available) and \(amount)"
        }
        return nil
    }
}

extension LedgerReport {
    /// The most problems that are told; whoever has so many will not read more.
    package static let problemLimit = 100

    package mutating func note(_ problem: String?) {
        if let problem, problems.count < LedgerReport.problemLimit { problems.append(problem) }
    }
}
