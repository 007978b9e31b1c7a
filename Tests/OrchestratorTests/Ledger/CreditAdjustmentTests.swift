import Testing

@testable import Orchestrator

@Suite struct CreditAdjustmentTests {
    private let ledger = MemoryLedger()
    private let user = UserID(trusted: "usr_1")

    private func adjust(_ id: String, _ credits: Int, note: String = "why") async throws -> CreditAdjustment.Outcome {
        let quote = try #require(CreditQuote(BillingSettings(), mode: .official))
        let transfer = LedgerTransfer(
            id: id,
            user: user,
            amount: try #require(quote.worth(credits)),
            kind: .adminAdjustment,
            note: note,
            reference: "\(id)/\(credits)",
            at: Timestamp(milliseconds: 0)
        )
        return try await CreditAdjustment(store: ledger, quote: quote).make(transfer)
    }

    private func moved(_ outcome: CreditAdjustment.Outcome) -> Int? {
        guard case .done(let moved, _) = outcome else { return nil }
        return Int(moved.micros / 10_000)
    }

    private var balance: Int { Int(ledger.state.value.balance.posted.micros / 10_000) }

    @Test func `credits are given and taken, and a repeat moves nothing more`() async throws {
        for _ in 0..<2 { #expect(moved(try await adjust("a", 100)) == 100 && balance == 100) }
        for _ in 0..<2 { #expect(moved(try await adjust("b", -30)) == -30 && balance == 70) }
        #expect(try await adjust("b", -31) == .contradicts)
        #expect(try await adjust("a", 100, note: "other") == .contradicts)
        #expect(balance == 70 && ledger.state.value.lines.count == 2)
    }

    @Test func `taking stops at what is free, the ledger shows what was really taken, and a repeat says the same`()
        async throws
    {
        _ = try await adjust("a", 100)
        ledger.state.update { $0.balance.held = MicroUSD(micros: 205_000) }
        // 79 and a half are free.
        for _ in 0..<2 { #expect(moved(try await adjust("b", -1000)) == -79 && balance == 21) }
        _ = try await adjust("c", 500)
        #expect(moved(try await adjust("b", -1000)) == -79 && balance == 521)
        #expect(try await adjust("b", -50) == .contradicts)
        #expect(ledger.state.value.lines.map(\.amount.micros) == [1_000_000, -790_000, 5_000_000])
    }

    @Test func `where no credit is free there is nothing to take`() async throws {
        guard case .nothingFree = try await adjust("a", -1) else {
            Issue.record("taken from nothing")
            return
        }
        _ = try await adjust("b", 5)
        ledger.state.update { $0.balance.held = MicroUSD(micros: 50_000) }
        guard case .nothingFree(let left) = try await adjust("c", -1) else {
            Issue.record("taken from what is held")
            return
        }
        #expect(left.held == MicroUSD(micros: 50_000) && balance == 5)
    }

    @Test func `what jobs take meanwhile is left to them`() async throws {
        _ = try await adjust("a", 100)
        ledger.state.update { $0.claims = [MicroUSD(micros: 100_000), MicroUSD(micros: 200_000)] }
        #expect(moved(try await adjust("b", -1000)) == -70 && balance == 30)
    }
}
