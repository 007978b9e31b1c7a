import Randomness
import Testing

@testable import Orchestrator

@Suite struct CreditQuoteTests {
    private static func quote(
        _ pricing: BillingSettings.Pricing = .flat,
        _ adjust: (inout BillingSettings) -> Void = { _ in }
    ) throws -> CreditQuote {
        var billing = BillingSettings()
        billing.pricing = pricing
        billing.dailyFree = 0
        adjust(&billing)
        return try #require(CreditQuote(billing, mode: .official))
    }

    /// One vendor for each of the offers, each with a model of that one tier.
    private static func plan(_ offers: [(Tier, String)], count: Int = 1, bound: TokenUsage? = nil) throws -> Plan {
        let registry = Registry.sample(
            offers.enumerated().map { index, offer in
                let model = Model.sample("m\(index)") { model in
                    model.tiers = [.sample(offer.0, offer.1)]
                    if bound != nil { model.tokenPrices = .sample }
                }
                return .sample("p\(index)", [model]) { provider in
                    provider.adapter = StubAdapter(base: "https://p.example", bound: bound)
                }
            }
        )
        let plan = try registry.plan(.sample { $0.count = count })
        try #require(plan.candidates.count == offers.count)
        return plan
    }

    /// A job that delivered such pictures, and held so many credits and free uses.
    private static func job(
        _ pictures: [(Tier, String)],
        reserved: Int = 10_000,
        free: Int = 0,
        status: JobStatus = .succeeded
    ) -> JobRecord {
        let zero = Timestamp(milliseconds: 0)
        var job = JobRecord.sample()
        job.status = status
        job.images = pictures.enumerated().map { index, picture in
            ImageRecord(
                id: ImageID(trusted: "img_\(index)"),
                job: job.id,
                owner: job.owner,
                index: index,
                created: zero,
                digest: "d",
                facts: ImageFacts(format: .png, width: 64, height: 64, hasAlpha: false, byteCount: 1),
                size: .usual,
                provider: "p",
                model: "m",
                tier: picture.0,
                cost: usd(picture.1),
                isPublic: false
            )
        }
        job.credits.reserved = reserved
        job.credits.freeReserved = free
        return job
    }

    @Test func `nobody is charged in self-hosted mode`() {
        #expect(CreditQuote(BillingSettings(), mode: .selfHosted) == nil)
        #expect(CreditQuote(BillingSettings(), mode: .official) != nil)
    }

    // MARK: - Holds

    static let flatHolds: [([(Tier, String)], Int, Int)] = [
        ([(.low, "0.006")], 1, 1), ([(.medium, "0.05")], 2, 8), ([(.high, "0.2")], 4, 64),
        ([(.low, "0.9"), (.high, "0.01"), (.medium, "0.5")], 3, 48),
        // No flat price: the vendor's cost times three.
        ([(.xhigh, "0.1")], 2, 60), ([(.max, "0.0001")], 1, 1),
        ([(.xhigh, "0.004"), (.high, "0.2")], 2, 32), ([(.xhigh, "0.07"), (.high, "0.2")], 2, 42),
    ]

    @Test(arguments: flatHolds)
    func `at flat prices the dearest candidate's tier is held for each picture`(
        offers: [(Tier, String)],
        count: Int,
        credits: Int
    ) throws {
        let claim = try Self.quote().claim(for: Self.plan(offers, count: count))
        #expect(claim.holds == [MicroUSD(micros: Int64(credits) * 10_000)])
    }

    static let meteredHolds: [([(Tier, String)], Int, Int)] = [
        ([(.low, "0.0335")], 1, 11), ([(.low, "0.10")], 1, 30), ([(.low, "0.0335")], 2, 21), ([(.low, "0")], 3, 1),
        ([(.high, "0.0001")], 10, 1), ([(.low, "0.006"), (.high, "0.053")], 4, 64), ([(.low, "0.003333")], 1, 1),
        ([(.low, "0.003334")], 1, 2), ([(.low, "0.003334")], 3, 4),
    ]

    @Test(arguments: meteredHolds)
    func `metered, the dearest cost of all pictures is rounded up to a credit once`(
        offers: [(Tier, String)],
        count: Int,
        credits: Int
    ) throws {
        let claim = try Self.quote(.metered).claim(for: Self.plan(offers, count: count))
        #expect(claim.holds == [MicroUSD(micros: Int64(credits) * 10_000)])
    }

    @Test func `where a vendor bills by tokens, their most is held`() throws {
        let bound = TokenUsage(textInput: 100, imageInput: 100, imageOutput: 800)
        let plan = try Self.plan([(.low, "0.001")], bound: bound)
        // 100 at 5, 100 at 10 and 800 at 40 dollars a million are 0.0335 dollars.
        #expect(try Self.quote(.metered).claim(for: plan).holds == [MicroUSD(micros: 110_000)])
        #expect(try Self.quote().claim(for: plan).holds == [MicroUSD(micros: 10_000)])
    }

    static let freeHolds: [([Tier], Int, Int, [Int])] = [
        ([.low], 1, 3, [1, 0]), ([.low], 4, 3, [4, 3, 2, 1]), ([.low, .low], 2, 9, [2, 1, 0]), ([.low], 3, 0, [3]),
        ([.medium], 2, 3, [8]), ([.low, .medium], 2, 3, [8]), ([.low], 10, .max, Array((0...10).reversed())),
    ]

    @Test(arguments: freeHolds)
    func `free uses are wanted only where every candidate makes pictures of their tier`(
        tiers: [Tier],
        count: Int,
        daily: Int,
        credits: [Int]
    ) throws {
        let claim = try Self.quote { $0.dailyFree = daily }.claim(
            for: Self.plan(tiers.map { ($0, "0.01") }, count: count)
        )
        #expect(claim.holds == credits.map { MicroUSD(micros: Int64($0) * 10_000) })
        #expect(claim.freePerDay == daily && claim.credit == MicroUSD(micros: 10_000))
    }

    @Test func `a price beyond all bounds is held in full, where adding up would have wrapped or trapped`() throws {
        for pricing in BillingSettings.Pricing.allCases {
            let quote = try Self.quote(pricing) { billing in
                billing.flat = [.high: .max]
                billing.markupMillionths = 1_000_000_000
            }
            for tier in [Tier.high, .max] {
                let plan = try Self.plan([(tier, "999999999")], count: 10)
                #expect(quote.claim(for: plan).holds == [MicroUSD(micros: 1_000_000_000_000_000_000)])
            }
        }
    }

    // MARK: - Settlement

    static let settlements: [(BillingSettings.Pricing, [(Tier, String)], Int, Int, Int)] = [
        (.flat, [(.low, "0.006")], 0, 1, 0), (.flat, [(.low, "0.006"), (.medium, "0.05"), (.high, "0.2")], 0, 21, 0),
        (.flat, [(.high, "0.2"), (.high, "0.2")], 0, 32, 0), (.flat, [(.xhigh, "0.1"), (.low, "0")], 0, 31, 0),
        (.flat, [(.low, "0.01"), (.low, "0.01")], 1, 1, 1), (.flat, [(.low, "0.01")], 3, 0, 1),
        // A free use pays for its own tier only.
        (.flat, [(.medium, "0.01"), (.low, "0.01")], 2, 4, 1),
        (.metered, [(.low, "0.0335")], 0, 11, 0), (.metered, [(.high, "0.10")], 0, 30, 0),
        (.metered, [(.low, "0.0335"), (.low, "0.0335")], 0, 21, 0), (.metered, [(.low, "0")], 0, 1, 0),
        (.metered, [(.low, "0.5"), (.low, "0.0335")], 1, 11, 1), (.metered, [(.low, "0.5")], 2, 0, 1),
    ]

    @Test(arguments: settlements)
    func `a job is charged for what it delivered`(
        pricing: BillingSettings.Pricing,
        pictures: [(Tier, String)],
        free: Int,
        credits: Int,
        used: Int
    ) throws {
        let end = try Self.quote(pricing).settlement(of: Self.job(pictures, free: free))
        #expect(end.charge == MicroUSD(micros: Int64(credits) * 10_000) && end.freeUsed == used)
    }

    @Test(arguments: JobStatus.allCases.filter { $0 != .succeeded })
    func `a job that did not succeed is charged nothing, whatever it left behind`(status: JobStatus) throws {
        let end = try Self.quote().settlement(of: Self.job([(.low, "1"), (.high, "1")], free: 2, status: status))
        #expect(end.charge == .zero && end.freeUsed == 0)
    }

    @Test func `no charge passes what was held`() throws {
        for pricing in BillingSettings.Pricing.allCases {
            let job = Self.job([(.high, "999999999"), (.xhigh, "999999999")], reserved: 5)
            #expect(try Self.quote(pricing).settlement(of: job).charge == MicroUSD(micros: 50_000))
        }
    }

    @Test func `credits of another worth are counted in their own`() throws {
        let quote = try Self.quote(.metered) { $0.credit = MicroUSD(micros: 7) }
        #expect(quote.settlement(of: Self.job([(.low, "0.00001")])).charge == MicroUSD(micros: 35))
        #expect(quote.credits(roundingUp: MicroUSD(micros: 8)) == 2 && quote.credits(MicroUSD(micros: 13)) == 1)
    }

    // MARK: - Both

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `whoever serves whatever part of a request, the charge is at most what was held`(seed: UInt64) throws {
        var chance = SeededRandom(seed: seed)
        let tiers = Tier.allCases
        let pool = Bool.random(using: &chance) ? [Tier.low] : tiers
        let offers = (0..<Int.random(in: 1...4, using: &chance)).map { _ in
            (
                pool[Int.random(in: 0..<pool.count, using: &chance)],
                "\(MicroUSD(micros: Int64(Int.random(in: 0...90_000, using: &chance))))"
            )
        }
        let quote = try Self.quote(Bool.random(using: &chance) ? .flat : .metered) { billing in
            billing.credit = MicroUSD(micros: Int64(Int.random(in: 1...30_000, using: &chance)))
            billing.markupMillionths = Int64(Int.random(in: 1...5_000_000, using: &chance))
            billing.dailyFree = Int.random(in: 0...4, using: &chance)
            for tier in tiers {
                billing.flat[tier] = Bool.random(using: &chance) ? Int.random(in: 1...40, using: &chance) : nil
            }
        }
        let count = Int.random(in: 1...10, using: &chance)
        let plan = try Self.plan(offers, count: count)
        let claim = quote.claim(for: plan)
        let free = Int.random(in: 0..<claim.holds.count, using: &chance)
        // Each picture by any of the candidates, at most at its worst; perhaps fewer than were asked.
        let pictures = (0..<Int.random(in: 1...count, using: &chance)).map { _ in
            let candidate = plan.candidates[Int.random(in: 0..<plan.candidates.count, using: &chance)]
            let cost = MicroUSD(micros: Int64(Int.random(in: 0...Int(candidate.unitPrice.micros), using: &chance)))
            return (candidate.offer.tier, Bool.random(using: &chance) ? "\(candidate.unitPrice)" : "\(cost)")
        }
        let unheld = quote.settlement(of: Self.job(pictures, reserved: .max, free: free))
        #expect(unheld.charge <= claim.holds[free] && unheld.freeUsed == min(free, pictures.count))
        #expect(unheld.charge.micros % claim.credit.micros == 0 && claim.holds[free].micros % claim.credit.micros == 0)
        let isPaid = pictures.count > unheld.freeUsed
        #expect(isPaid ? unheld.charge >= claim.credit : unheld.charge == .zero)
        #expect(zip(claim.holds, claim.holds.dropFirst()).allSatisfy { $0 >= $1 })
    }
}

extension TokenPrices {
    /// 5, 10 and 40 dollars a million tokens.
    fileprivate static let sample = TokenPrices(
        textInput: 5_000_000,
        imageInput: 10_000_000,
        imageOutput: 40_000_000,
        textOutput: 0
    )
}
