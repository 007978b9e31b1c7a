import Orchestrator
import Randomness

@testable import Persistence

/// What a run found that must never be.
struct Violation: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// One seed's world: a record, daemons that die and come back, a vendor that charges, customers, and a clock that is moved.
///
/// Every step is one whole operation on the real record, in a transaction as the writer's thread makes it; a process dies
/// between two of them, before or after the commit whose answer it waits for. What the daemons do is the order of writes
/// that the engine keeps to: intent, call, handle, end.
struct World {
    static let lease = Duration.seconds(30)
    static let price = MicroUSD(micros: 20_000)
    static let credit = MicroUSD(micros: 10_000)
    static let grant = MicroUSD(micros: 60_000)
    static let freePerDay = 2
    static let cap = SpendCap(.all, limit: MicroUSD(micros: 60_000))
    static let unitCost = MicroUSD(micros: 6_000)
    static let rate = Rate(count: 3, window: .seconds(60))
    /// Claims after which a job is given up.
    static let mostClaims = 5

    let record: Connection
    var random: SeededRandom
    var now = Timestamp(milliseconds: 1_780_000_000_000)
    var daemons: [SimulatedDaemon] = []
    var vendor = SimulatedVendor()
    var story = Story()
    private var nextID: UInt64 = 0
    private let users: [UserID]

    init(_ record: Connection, seed: UInt64) throws {
        self.record = record
        random = SeededRandom(seed: seed)
        users = [UserID(trusted: "usr_a"), UserID(trusted: "usr_b")]
        for _ in 0..<2 { daemons.append(SimulatedDaemon(id: makeID())) }
        for user in users { try give(user, id: "adjust:start-\(user)") }
    }

    mutating func makeID<ID: RecordID>() -> ID {
        nextID += 1
        return ID(time: now, random: (0, nextID))
    }

    /// One operation as a transaction of its own.
    func commit<Value>(_ body: (Connection) throws(DatabaseError) -> Value) throws -> Value {
        try record.execute("SAVEPOINT operation")
        do {
            let value = try body(record)
            try record.execute("RELEASE operation")
            return value
        } catch {
            throw Violation("the record refused an operation: \(error)")
        }
    }

    // MARK: - What happens

    /// Lets something happen, as the dice fall.
    mutating func step() throws {
        let index = Int.random(in: daemons.indices, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<22: try order(at: index)
        case 22..<70: try work(at: index)
        case 70..<76: crash(index)
        case 76..<82: try takeOver(at: index)
        case 82..<86: try renew(at: index)
        case 86..<90: try cancel()
        case 90..<93: try give(users[Int.random(in: users.indices, using: &random)], id: "adjust:again")
        case 93..<96: try announce()
        default: passTime()
        }
    }

    /// Brings everything to rest: the vendor answers, leases run out, and whoever is left ends every job.
    mutating func settle() throws {
        crash(0)
        for _ in 0..<200 {
            for index in daemons.indices { while !daemons[index].tasks.isEmpty { try work(at: index) } }
            now = now + .seconds(31)
            try takeOver(at: 0)
            try announce()
            if daemons.allSatisfy(\.tasks.isEmpty), story.openJobs.isEmpty, story.waitingWebhooks.isEmpty { return }
        }
        throw Violation("jobs never ended: \(story.openJobs), announcements never made: \(story.waitingWebhooks)")
    }

    private mutating func passTime() {
        let steps: [Duration] = [
            .milliseconds(200), .seconds(5), .seconds(31), .seconds(61), .seconds(40_000), .seconds(-90),
        ]
        now = now + steps[Int.random(in: steps.indices, using: &random)]
    }

    private mutating func crash(_ index: Int) {
        daemons[index] = SimulatedDaemon(id: makeID())
    }

    private mutating func give(_ user: UserID, id: String) throws {
        let transfer = LedgerTransfer(
            id: "\(id)-\(user)",
            user: user,
            amount: Self.grant,
            kind: .grant,
            note: "",
            reference: nil,
            at: now
        )
        let outcome = try commit { db throws(DatabaseError) in try db.transfer(transfer) }
        guard case .done(_, let isRepeat) = outcome else { throw Violation("a grant was refused: \(outcome)") }
        try story.noteGrant(transfer, isRepeat: isRepeat)
    }

    // MARK: - Orders

    private mutating func order(at index: Int) throws {
        let owner = users[Int.random(in: users.indices, using: &random)]
        // A few keys, so that they come again.
        let key = "key-\(Int.random(in: 0..<8, using: &random))"
        let count = Int.random(in: 1...2, using: &random)
        var job = JobRecord(
            id: makeID(),
            owner: owner,
            requestID: "req",
            operation: .generate,
            created: now,
            request: ["prompt": .string(key)],
            policy: "price",
            answer: AnswerFacts(responseFormat: .url, format: .png, background: .auto)
        )
        let runsAtOnce = random.happens(60)
        if runsAtOnce {
            job.status = .running
            job.started = now
            job.attempts = [attempt(1, count: count)]
        }
        var acceptance = Acceptance(job: job, daemon: daemons[index].id, lease: Self.lease, now: now)
        acceptance.repeats = IdempotencyClaim(owner: owner, key: key, fingerprint: key, expires: now + .seconds(86_400))
        acceptance.rates = [RateClaim(subject: "key:\(owner)", rate: Self.rate)]
        acceptance.caps = [Self.cap]
        let holds = (0...count).map { MicroUSD(micros: Self.price.micros * Int64(count - $0)) }
        acceptance.credits = CreditClaim(holds: holds, freePerDay: Self.freePerDay, credit: Self.credit)
        if random.happens(50) { acceptance.webhook = WebhookTarget(id: makeID(), url: "https://x", secret: "s") }
        let request = acceptance
        switch try commit({ db throws(DatabaseError) in try db.accept(request) }) {
        case .accepted(let accepted, _):
            try story.noteAccepted(accepted, request, count: count, at: now)
            try checkCap(on: now.day)
            // The process may die after the commit and before it does anything.
            guard random.happens(92) else { return crash(index) }
            let phase: SimulatedTask.Phase = runsAtOnce ? .intended(1) : .waiting
            daemons[index].tasks.append(
                SimulatedTask(job: accepted, lease: .first(of: accepted.id), count: count, phase: phase)
            )
        case .repeated(let known): try story.checkRepeat(owner: owner, key: key, known)
        case .rateLimited: try story.checkRateLimit(owner: owner, at: now)
        case .capped: break
        case .insufficientCredits(let needed, let available):
            guard needed > available else { throw Violation("\(needed) refused, though \(available) are there") }
        }
    }

    func attempt(_ n: Int, count: Int) -> AttemptRecord {
        var attempt = AttemptRecord(n: n, provider: "p", model: "m", tier: .low, count: count, started: now)
        attempt.cost = MicroUSD(micros: Self.unitCost.micros * Int64(count))
        return attempt
    }

    // MARK: - Checks

    /// At no moment may more be spent or reserved than the cap.
    func checkCap(on day: Day) throws {
        let spent = try commit { db throws(DatabaseError) in try db.spent(on: day) }[.all] ?? .zero
        guard spent <= Self.cap.limit else { throw Violation("\(spent) spent under a cap of \(Self.cap.limit)") }
    }

    /// What must hold once all is at rest.
    func check() throws {
        for check in BookCheck.all {
            let rows = try record.statement(composed: check.sql).bind(5).all { row in
                check.sentence { row.optionalText(CInt($0)) ?? "NULL" }
            }
            if let first = rows.first { throw Violation("the books: \(first)") }
        }
        for user in users {
            let balance = try commit { db throws(DatabaseError) in try db.balance(of: user, on: now.day) }
            guard balance.held == .zero else { throw Violation("\(user) still has \(balance.held) held") }
            let expected = story.balance(of: user)
            guard balance.posted == expected else {
                throw Violation("\(user) has \(balance.posted), the story says \(expected)")
            }
        }
        try vendor.check(against: story)
        try story.checkEnds()
    }
}
