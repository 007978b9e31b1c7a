import Orchestrator
import Testing

/// Purchases at a store.
private struct Shop {
    var bench: StoreBench
    static let credit = MicroUSD(micros: 10_000)
    static let pack = CreditPack(
        id: "basic",
        name: "Basic",
        credits: 500,
        bonus: 50,
        price: MicroUSD(micros: 7_990_000)
    )

    init(_ store: any Store, seed: Int) {
        bench = StoreBench(store, seed: seed)
    }

    mutating func purchase(_ method: PaymentMethod = .stripe) -> Purchase {
        Purchase(
            id: bench.generator.id(),
            user: bench.user,
            method: method,
            pack: Shop.pack,
            worth: MicroUSD(micros: 5_500_000),
            created: bench.now
        )
    }

    /// One that is paid.
    mutating func bought() async throws -> Purchase {
        var purchase = purchase()
        purchase.session = "cs_\(purchase.id)"
        try await bench.store.addPurchase(purchase)
        let paid = try #require(purchase.paid(by: "pi_\(purchase.id)", at: bench.now))
        #expect(try await bench.store.amend(paid))
        return try #require(try await bench.store.purchase(purchase.id))
    }

    func unused(_ purchase: Purchase) async throws -> (MicroUSD, Int64) {
        let lots = try await bench.store.creditLots(of: bench.user)
        return (lots.left(of: purchase.id.text), lots.lines)
    }
}

// MARK: - Purchases

extension StoreCheck {
    static let sales = [
        StoreCheck("a purchase comes back as it was written, by its id, its payment and its time to be looked at") {
            store in
            var shop = Shop(store, seed: 80)
            var purchase = shop.purchase(.creem)
            (purchase.product, purchase.check) = ("prod_1", shop.bench.now + .seconds(10))
            try await store.addPurchase(purchase)
            #expect(try await store.purchase(purchase.id) == purchase)
            #expect(try await store.duePurchases(now: shop.bench.now, limit: 9).isEmpty)
            #expect(try await store.duePurchases(now: shop.bench.now + .seconds(10), limit: 9) == [purchase])
            (purchase.session, purchase.checkoutURL, purchase.check) = ("ch_1", "https://pay.test/1", nil)
            #expect(try await store.amend(PurchaseAmendment(purchase)))
            purchase.revision = 1
            #expect(try await store.purchase(purchase.id) == purchase)
            #expect(try await store.duePurchases(now: shop.bench.now + .seconds(99), limit: 9).isEmpty)
            #expect(try await store.purchase(paidBy: "ord_1", .creem) == nil)
            let paid = try #require(purchase.paid(by: "ord_1", at: shop.bench.now))
            #expect(try await store.amend(paid))
            #expect(try await store.purchase(paidBy: "ord_1", .creem)?.status == .completed)
            #expect(try await store.purchase(paidBy: "ord_1", .stripe) == nil)
            #expect(try await store.purchase(shop.bench.generator.id()) == nil)
        },
        StoreCheck("of parallel bookings of one payment one moves money, once") { store in
            var shop = Shop(store, seed: 81)
            let purchase = shop.purchase()
            try await store.addPurchase(purchase)
            let copies = try (1...20).map { try #require(purchase.paid(by: "pi_\($0 % 3)", at: shop.bench.now)) }
            let done = try await StoreCheck.together(copies) { try await store.amend($0) }
            #expect(done.filter { $0 }.count == 1)
            #expect(try await shop.bench.lines() == ["purchase 5500000"])
            #expect(try await shop.bench.funds() == [5_500_000, 0, 0])
            let line = try #require(try await store.statement(of: shop.bench.user, offset: 0, limit: 1).first)
            #expect(line.reference == purchase.id.text)
            try await shop.bench.expectCleanBooks()
        },
        StoreCheck("a payment or a session belongs to one purchase, and what contradicts that moves nothing") { store in
            var shop = Shop(store, seed: 82)
            let first = try await shop.bought()
            var second = shop.purchase()
            try await store.addPurchase(second)
            let payment = try #require(first.payment)
            let stolen = try #require(second.paid(by: payment, at: shop.bench.now))
            #expect(isConflict(await storeError { () throws(StoreError) in _ = try await store.amend(stolen) }))
            second.session = first.session
            let opened = PurchaseAmendment(second)
            #expect(isConflict(await storeError { () throws(StoreError) in _ = try await store.amend(opened) }))
            #expect(try await store.purchase(second.id)?.status == .pending)
            #expect(try await shop.bench.funds() == [5_500_000, 0, 0])
            try await shop.bench.expectCleanBooks()
        },
        StoreCheck("money that went back takes the unused credits of its purchase, and not what is reserved") { store in
            var shop = Shop(store, seed: 83)
            var bench = shop.bench
            bench.now.milliseconds += 1
            shop.bench = bench
            let bought = try await shop.bought()
            var used = try await bench.accept(bench.acceptance(bench.job(), holds: [500_000], credit: 10_000))
            used = try #require(try await store.finish(bench.end(used, charge: 500_000)))
            _ = try await bench.accept(bench.acceptance(bench.job(), holds: [1_000_000], credit: 10_000))
            let (unused, lines) = try await shop.unused(bought)
            #expect(unused == MicroUSD(micros: 4_000_000))
            let back = bought.returning(
                bought.price,
                as: "refunds",
                unused: unused,
                credit: Shop.credit,
                lines: lines,
                at: bench.now
            )
            let amendment = try #require(back)
            var stale = amendment
            stale.lines = lines - 1
            #expect(try await !store.amend(stale))
            #expect(try await store.amend(amendment))
            #expect(try await !store.amend(amendment))
            #expect(try await bench.funds() == [1_000_000, 1_000_000, 0])
            let after = try #require(try await store.purchase(bought.id))
            #expect(after.status == .refunded && after.taken == MicroUSD(micros: 4_000_000))
            #expect(after == amendment.purchase.revised)
            let totals = try await store.purchaseTotals()
            #expect(totals.count == 1 && totals.paid == bought.price && totals.revenue == .zero)
            try await bench.expectCleanBooks()
        },
        StoreCheck("purchases are listed newest first, of one user or of all") { store in
            var shop = Shop(store, seed: 84)
            let mine = [shop.purchase(), shop.purchase(), shop.purchase()]
            shop.bench.user = shop.bench.generator.id()
            let other = shop.purchase()
            for purchase in mine + [other] { try await store.addPurchase(purchase) }
            let all = try await store.purchases(of: nil, after: nil, limit: 9)
            #expect(all.map(\.id) == all.map(\.id).sorted(by: >) && all.count == 4)
            let some = try await store.purchases(of: mine[0].user, after: nil, limit: 2)
            let rest = try await store.purchases(of: mine[0].user, after: some.last?.id, limit: 9)
            #expect((some + rest).map(\.id) == mine.map(\.id).sorted(by: >))
        },
        StoreCheck("a vendor's product is kept under its name") { store in
            #expect(try await store.paymentProduct("a") == nil)
            try await store.setPaymentProduct("prod_1", for: "a")
            try await store.setPaymentProduct("prod_2", for: "a")
            #expect(try await store.paymentProduct("a") == "prod_2")
        },
    ]

    // MARK: - Grants

    private static func gift(_ bench: StoreBench, _ kind: CreditGrant.Kind, id: String, expires: Timestamp?)
        -> CreditGrant
    {
        CreditGrant(
            user: bench.user,
            kind: kind,
            period: kind == .monthly ? "2027-01" : "",
            id: id,
            amount: MicroUSD(micros: 1_000_000),
            granted: bench.now,
            expires: expires
        )
    }

    static let gifts = [
        StoreCheck("a grant is given once to a user, and once under its id") { store in
            var bench = StoreBench(store, seed: 85)
            let grant = gift(bench, .welcome, id: "gift:welcome:1", expires: nil)
            let given = try await StoreCheck.together(Array(repeating: grant, count: 10)) { try await store.give($0) }
            #expect(given.filter { $0 }.count == 1)
            #expect(try await bench.lines() == ["bonus 1000000"])
            bench.user = bench.generator.id()
            #expect(try await !store.give(gift(bench, .welcome, id: "gift:welcome:1", expires: bench.now)))
            #expect(try await bench.funds() == [0, 0, 0])
            #expect(try await store.dueGrants(now: bench.now + .seconds(9), limit: 9).isEmpty)
            #expect(try await store.give(gift(bench, .monthly, id: "gift:monthly:1", expires: nil)))
            #expect(try await bench.lines() == ["grant 1000000"])
            try await bench.expectCleanBooks()
        },
        StoreCheck("what is unused of a grant runs out, once, and what is held later") { store in
            var bench = StoreBench(store, seed: 86)
            let end = bench.now + .seconds(60)
            let grant = gift(bench, .monthly, id: "gift:monthly:2", expires: end)
            #expect(try await store.give(grant))
            #expect(try await store.expiringGrants(of: bench.user) == [grant])
            let job = try await bench.accept(bench.acceptance(bench.job(), holds: [300_000], credit: 10_000))
            #expect(try await store.dueGrants(now: bench.now, limit: 9).isEmpty)
            var due = try #require(try await store.dueGrants(now: end, limit: 9).first)
            #expect(due == grant)
            var lots = try await store.creditLots(of: bench.user)
            #expect(lots.left(of: grant.id) == MicroUSD(micros: 700_000))
            #expect(lots.held(of: grant.id) == MicroUSD(micros: 300_000))
            let first = due.expiry(of: lots.left(of: grant.id), lines: lots.lines, at: end)
            let later = end + .seconds(60)
            #expect(try await !store.expire(due, transfer: first, lines: lots.lines - 1, next: later))
            #expect(try await store.expire(due, transfer: first, lines: lots.lines, next: later))
            #expect(try await !store.expire(due, transfer: first, lines: lots.lines, next: later))
            #expect(try await bench.funds() == [300_000, 300_000, 0])
            _ = try await store.finish(bench.end(job, .failed))
            due = try #require(try await store.dueGrants(now: later, limit: 9).first)
            #expect(due.expired == MicroUSD(micros: 700_000))
            lots = try await store.creditLots(of: bench.user)
            let rest = due.expiry(of: lots.left(of: grant.id), lines: lots.lines, at: later)
            #expect(try await store.expire(due, transfer: rest, lines: lots.lines, next: nil))
            #expect(try await bench.funds() == [0, 0, 0])
            #expect(try await store.dueGrants(now: later + .seconds(9999), limit: 9).isEmpty)
            try await bench.expectCleanBooks()
        },
        StoreCheck("those who are still to be given something are found, buyers or those who are new") { store in
            var shop = Shop(store, seed: 87)
            var users: [UserID] = []
            for number in 0..<3 {
                let created = shop.bench.now + .seconds(number * 100)
                let id = UserID(time: created, random: (1, UInt64(number)))
                let user = UserRecord(id: id, email: "u\(number)@example.test", isAdmin: false, created: created)
                try await store.addUser(user, passwordHash: "x")
                users.append(id)
            }
            shop.bench.user = users[1]
            _ = try await shop.bought()
            func found(_ since: Timestamp, buyersOnly: Bool) async throws -> [UserID] {
                let found = try await store.usersWithoutGrant(
                    .monthly,
                    period: "2027-01",
                    since: since,
                    buyersOnly: buyersOnly,
                    limit: 9
                )
                return found.map(\.id)
            }
            let start = Timestamp(milliseconds: 0)
            #expect(try await found(start, buyersOnly: false) == users)
            #expect(try await found(shop.bench.now + .seconds(50), buyersOnly: false) == Array(users[1...]))
            #expect(try await found(start, buyersOnly: true) == [users[1]])
            #expect(try await store.give(gift(shop.bench, .monthly, id: "gift:monthly:3", expires: nil)))
            #expect(try await found(start, buyersOnly: true).isEmpty)
            #expect(try await found(start, buyersOnly: false) == [users[0], users[2]])
        },
    ]

    static let told = [
        StoreCheck("open alerts are kept with their stage, and forgotten") { store in
            let key = AlertKey(.providerDown, "openai")
            var alert = OpenAlert(key: key, since: Timestamp(milliseconds: 5), stage: .fresh)
            try await store.keepAlert(alert)
            alert.stage = .told
            try await store.keepAlert(alert)
            let other = OpenAlert(key: AlertKey(.lowDisk, "data"), since: Timestamp(milliseconds: 9), stage: .over)
            try await store.keepAlert(other)
            #expect(try await store.openAlerts() == [alert, other])
            try await store.forgetAlert(key)
            #expect(try await store.openAlerts() == [other])
        }
    ]
}

extension Purchase {
    /// As the record has it after the change.
    fileprivate var revised: Purchase {
        var purchase = self
        purchase.revision += 1
        return purchase
    }
}
