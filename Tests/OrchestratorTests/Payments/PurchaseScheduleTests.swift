import Testing

@testable import Orchestrator

@Suite struct PurchaseScheduleTests {
    private static let created = Timestamp(milliseconds: 1_800_000_000_000)

    /// Age in seconds, whether there is a page, whether a refund waits; seconds to the next look, nil: none.
    static let looks: [(Int64, Bool, Bool, Int64?)] = [
        (10, true, false, 10), (20, true, false, 20), (40, true, false, 40), (90, true, false, 60),
        (7199, true, false, 60), (7200, true, false, 3600), (7 * 86_400, true, false, nil), (10, false, false, 60),
        (200, false, false, nil), (30 * 86_400, true, true, 60),
    ]

    @Test(arguments: looks)
    func `vendors are asked at growing pauses, for a week`(age: Int64, hasPage: Bool, isRefund: Bool, next: Int64?) {
        var purchase = Purchase(
            id: PurchaseID(time: Self.created, random: (1, 1)),
            user: UserID(time: Self.created, random: (2, 2)),
            method: .stripe,
            pack: CreditPack.standard[0],
            worth: MicroUSD(micros: 1_000_000),
            created: Self.created
        )
        if hasPage { purchase.session = "cs_1" }
        if isRefund { purchase.asked = MicroUSD(micros: 10_000) }
        let now = Self.created + .seconds(age)
        #expect(PurchaseSchedule().next(after: purchase, now: now) == next.map { now + .seconds($0) })
    }
}
