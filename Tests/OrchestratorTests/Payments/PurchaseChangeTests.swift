import Testing

@testable import Orchestrator

@Suite struct PurchaseChangeTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)
    private static let credit = MicroUSD(micros: 10_000)

    /// 550 credits for $7.99.
    private static func bought() throws -> Purchase {
        let pack = CreditPack(id: "basic", name: "Basic", credits: 500, bonus: 50, price: MicroUSD(micros: 7_990_000))
        let purchase = Purchase(
            id: PurchaseID(time: now, random: (1, 1)),
            user: UserID(time: now, random: (2, 2)),
            method: .stripe,
            pack: pack,
            worth: MicroUSD(micros: 5_500_000),
            created: now
        )
        return try #require(purchase.paid(by: "pi_1", at: now)).purchase
    }

    private static func back(_ purchase: Purchase, cents: Int64, as name: String = "refunds", unused: Int64)
        -> PurchaseAmendment?
    {
        purchase.returning(
            MicroUSD(micros: cents * 10_000),
            as: name,
            unused: MicroUSD(micros: unused * 10_000),
            credit: credit,
            lines: 3,
            at: now
        )
    }

    /// Cents given back, credits unused; credits taken, state after it.
    static let returns: [(Int64, Int64, Int64, Purchase.Status)] = [
        (799, 550, 550, .refunded), (799, 120, 120, .refunded), (799, 0, 0, .refunded), (400, 550, 275, .completed),
        (1, 550, 0, .completed), (798, 550, 549, .completed),
    ]

    @Test(arguments: returns)
    func `money given back takes its share of the credits, as far as they are unused`(
        cents: Int64,
        unused: Int64,
        taken: Int64,
        status: Purchase.Status
    ) throws {
        let amendment = try #require(Self.back(try Self.bought(), cents: cents, unused: unused))
        #expect(amendment.purchase.taken.micros == taken * 10_000)
        #expect((amendment.transfer?.amount.micros ?? 0) == -taken * 10_000)
        #expect(amendment.purchase.status == status)
        #expect(Self.back(amendment.purchase, cents: cents, unused: unused) == nil)
    }

    @Test func `two refunds take no more than one of both, and a dispute that is won gives back what it took`() throws {
        let half = try #require(Self.back(try Self.bought(), cents: 400, unused: 550)).purchase
        let all = try #require(Self.back(half, cents: 399, as: "dispute:1", unused: 275))
        #expect(all.purchase.status == .refunded && all.purchase.taken == all.purchase.worth)
        let won = try #require(Self.back(all.purchase, cents: 0, as: "dispute:1", unused: 0))
        #expect(won.transfer?.amount == MicroUSD(micros: 2_750_000) && won.purchase.status == .completed)
        #expect(won.purchase.taken == half.taken)
    }

    @Test func `a payment is booked once, whatever came before it`() throws {
        var purchase = try Self.bought()
        #expect(purchase.paid(by: "pi_2", at: Self.now) == nil)
        purchase.status = .refunded
        #expect(purchase.paid(by: "pi_2", at: Self.now) == nil && purchase.lapsed() == nil)
        (purchase.status, purchase.completed) = (.failed, nil)
        #expect(purchase.paid(by: "pi_2", at: Self.now)?.transfer?.amount == purchase.worth)
        #expect(Self.back(purchase, cents: 1, unused: 1) == nil)
    }

    @Test
    func `an administrator gives back the unused share in whole cents, and the vendor's word of it takes no more`()
        throws
    {
        let bought = try Self.bought()
        func unused(_ purchase: Purchase, _ credits: Int64) -> PurchaseAmendment? {
            let left = MicroUSD(micros: credits * 10_000)
            return purchase.refundingUnused(left, credit: Self.credit, lines: 3, at: Self.now)
        }
        #expect(unused(bought, 0) == nil)
        let part = try #require(unused(bought, 200))
        #expect(part.transfer?.amount.micros == -2_000_000 && part.lines == 3)
        // 799 × 200 / 550 = 290.5
        #expect(part.purchase.asked.micros == 2_900_000 && part.purchase.status == .completed)
        #expect(unused(part.purchase, 100) == nil, "the vendor has not been told yet")
        let sent = part.purchase.refundSent().purchase
        let told = try #require(Self.back(sent, cents: 290, unused: 350))
        #expect(told.transfer == nil && told.purchase.taken == sent.taken)
        let refused = part.purchase.refundRefused(credit: Self.credit, at: Self.now)
        #expect(refused.transfer?.amount.micros == 2_000_000 && refused.purchase.taken == .zero)
        let all = try #require(unused(bought, 550))
        #expect(all.purchase.asked == bought.price && all.purchase.status == .refunded)
    }
}
