import Testing

@testable import Orchestrator

@Suite struct CreditAnswerTests {
    private let quote: CreditQuote
    private let now = Timestamp(milliseconds: 1_795_255_200_000)

    init() throws {
        quote = try #require(CreditQuote(BillingSettings(), mode: .official))
    }

    static let balances: [(Int64, Int64, Int, String)] = [
        (0, 0, 0, "0 0 3"), (1_000_000, 160_000, 1, "100 16 2"), (1_009_999, 1, 3, "100 1 0"), (0, 0, 9, "0 0 0"),
    ]

    @Test(arguments: balances)
    func `a balance shows whole credits with what is held`(posted: Int64, held: Int64, used: Int, shown: String) {
        let balance = Balance(posted: MicroUSD(micros: posted), held: MicroUSD(micros: held), freeUsed: used)
        let body = CreditAnswer.body(of: balance, quote: quote)
        let words = ["balance", "reserved", "daily_free_left"].map { body[$0]?.int.map { "\($0)" } ?? "-" }
        #expect(words.joined(separator: " ") == shown && body["currency"]?.string == "credits")
    }

    @Test func `a statement's rows follow from each other whatever a credit is worth`() {
        for credit in [1, 7, 9_999, 10_000, 30_000] as [Int64] {
            var quote = quote
            quote.credit = MicroUSD(micros: credit)
            var available = MicroUSD.zero
            var rows: [(amount: Int, after: Int)] = []
            for (index, amount) in [1_000_000, -160_000, 13, 159_987, -1_000_000].enumerated() {
                available += MicroUSD(micros: Int64(amount))
                let entry = LedgerEntry(
                    id: LedgerEntryID(number: Int64(index + 1)),
                    user: UserID(trusted: "usr_abc"),
                    kind: .spend,
                    amount: MicroUSD(micros: Int64(amount)),
                    availableAfter: available,
                    note: "",
                    reference: "job_1",
                    at: now
                )
                let body = CreditAnswer.body(of: entry, quote: quote)
                rows.append((body["amount"]?.int ?? -1, body["balance_after"]?.int ?? -1))
                #expect(body["id"]?.string == "txn_abc_\(index + 1)" && body["reference_id"]?.string == "job_1")
            }
            #expect(rows[0].amount == rows[0].after && rows.last?.after == 0)
            for (older, newer) in zip(rows, rows.dropFirst()) { #expect(newer.after == older.after + newer.amount) }
        }
    }

    @Test func `the packs and prices are those of the configuration`() {
        let body = CreditAnswer.pricing(BillingSettings())
        let packs = body["packs"]?.array ?? []
        #expect(packs.map { $0["credits"]?.int } == [100, 500, 1500, 3500, 8000])
        #expect(packs.map { $0["bonus_credits"]?.int } == [0, 50, 300, 1000, 3000])
        #expect(packs.map { $0["price_usd_cents"]?.int } == [199, 799, 1999, 3999, 7999])
        #expect(body["tiers"]?.object?.keys == ["low", "medium", "high"] && body["tiers"]?["high"]?.int == 16)
        #expect(body["markup"]?.string == "3" && body["credit_usd"]?.string == "0.01")
    }

    @Test func `without revenue there is no margin; with some it is a per cent`() {
        func margin(_ revenue: String, _ costs: String) -> JSON? {
            CreditAnswer.statistics(LedgerTotals(), images: 1, revenue: usd(revenue), costs: usd(costs), quote: quote)
                .value(at: "/revenue/profit_margin")
        }
        #expect(margin("0", "1")?.isNull == true && margin("0", "0")?.isNull == true)
        #expect(margin("10", "2.5")?.string == "75" && margin("3", "1")?.string == "66.66")
        #expect(margin("1", "1.5")?.string == "-50")
    }

    @Test func `a job shows what it took, and who has too little is told how much is missing`() {
        var job = JobRecord.sample(at: now)
        (job.credits.reserved, job.credits.charged, job.credits.refunded) = (8, 5, 3)
        let body = JobAnswer.body(of: job) { _ in "" }
        #expect(body["credits"] == ["reserved": 8, "charged": 5, "refunded": 3])
        let refusal = APIError.insufficientCredits(needed: 16, available: 3)
        #expect(refusal.status == 402 && refusal.body["error"]?["type"]?.string == "insufficient_credits")
        #expect(refusal.body["error"]?["needed"]?.int == 16 && refusal.body["error"]?["available"]?.int == 3)
    }

    @Test func `a preview tells the most that is charged, where anybody is`() throws {
        let plan = try Self.registry.plan(.sample { $0.count = 3 })
        #expect(PlanAnswer.body(of: plan, quote: quote)["credits"]?.int == 12)
        #expect(PlanAnswer.body(of: plan)["credits"]?.int == 0)
    }

    // MARK: Estimates

    private static let registry = Registry.sample([
        .sample("a", [.sample("m") { $0.tiers = [.sample(.low, "0.006"), .sample(.high, "0.211")] }]),
        .sample("b", [.sample("n") { $0.tiers = [.sample(.medium, "0.05")] }]),
    ])

    private func estimate(_ fields: JSONObject, _ mode: DeploymentMode = .official) throws(APIError) -> CreditEstimate {
        var registry = Self.registry
        registry.server.mode = mode
        return try CreditEstimate(fields, registry: registry, policy: nil, now: now)
    }

    static let estimates: [(JSONObject, Int)] = [
        (["quality": "low", "size": "1024x1024"], 1), (["quality": "high", "n": 4], 64), (["quality": "medium"], 4),
        (["quality": "medium", "n": 2, "is_edit": true, "prompt": "a hat"], 8),
        // The price policy's cheapest tier of each candidate; the dearer of them is told.
        ([:], 4), (["model": "a/m"], 1),
    ]

    @Test(arguments: estimates)
    func `an estimate needs no field`(fields: JSONObject, credits: Int) throws {
        for mode in DeploymentMode.allCases {
            let estimate = try estimate(fields, mode)
            #expect(estimate.credits == credits && estimate.worth == MicroUSD(micros: Int64(credits) * 10_000))
            #expect(estimate.note.contains("self-hosted") == (mode == .selfHosted))
        }
    }

    @Test(
        arguments: [
            ["quality": "best"], ["size": "huge"], ["n": 0], ["n": 11], ["is_edit": "yes"], ["prompt": 5],
            ["quality": "max"], ["model": 5], ["n": "2"],
        ] as [JSONObject]
    )
    func `an estimate of what cannot be asked is a mistake of the caller's`(fields: JSONObject) {
        #expect(apiError { try estimate(fields) }?.status == 400)
    }

    @Test func `an estimate counts who is down as well`() throws {
        let plan = try Self.registry.plan(.sample { $0.quality = .tier(.low) })
        #expect(try estimate(["quality": "low"]).worth == quote.claim(for: plan).holds[0])
    }
}
