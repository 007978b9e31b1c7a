import Orchestrator
import Testing

// MARK: - Ends

extension StoreCheck {
    static let ends = [
        StoreCheck("an end charges what was delivered, at most what is held, and says so line by line") { store in
            var bench = StoreBench(store, seed: 60)
            // Held, asked to charge, status; the lines after the reservation; credits charged and refunded; money gone.
            let cases: [(Int64, JobStatus, [String], Int, Int, Int64)] = [
                (500, .succeeded, ["release 500", "spend -500"], 5, 0, 500),
                (200, .succeeded, ["refund 300", "release 200", "spend -200"], 2, 3, 200),
                (0, .succeeded, ["refund 500"], 0, 5, 0),
                (9000, .succeeded, ["release 500", "spend -500"], 5, 0, 500),
                (0, .failed, ["refund 500"], 0, 5, 0),
                (0, .canceled, ["refund 500"], 0, 5, 0),
            ]
            var posted: Int64 = 10_000
            try await bench.give(posted)
            for (charge, status, lines, charged, refunded, gone) in cases {
                let job = try await bench.accept(bench.acceptance(bench.job(costs: [8]), holds: [500]))
                #expect(job.credits.reserved == 5)
                bench.now.milliseconds += 1000
                let ended = try #require(try await store.finish(bench.end(job, status, charge: charge)))
                #expect(ended.status == status)
                #expect((ended.credits.charged, ended.credits.refunded) == (charged, refunded))
                #expect(try await store.job(job.id)?.fields == ended.fields)
                #expect(try await bench.lines(of: job) == ["reserve -500"] + lines)
                posted -= gone
                #expect(try await bench.funds() == [posted, 0, 0])
            }
            let newest = try #require(try await store.statement(of: bench.user, offset: 0, limit: 1).first)
            #expect(newest.availableAfter == MicroUSD(micros: posted))
            #expect(newest.at == bench.now)
            #expect(try await store.verifyLedger().openHolds == 0)
            try await bench.expectCleanBooks()
        },
        StoreCheck("of parallel ends one is recorded, and charged once") { store in
            var bench = StoreBench(store, seed: 61)
            try await bench.give(1000)
            let job = try await bench.accept(bench.acceptance(bench.job(), holds: [500]))
            let ends = (1...30).map { number in
                var end = bench.end(job, charge: Int64(number) * 10)
                end.job.images = [bench.generator.image(of: job, 0)]
                return end
            }
            let recorded = try await StoreCheck.together(ends) { try await store.finish($0) }.compactMap { $0 }
            #expect(recorded.count == 1)
            let found = try #require(try await store.job(job.id))
            #expect(found.fields == recorded.first?.fields)
            #expect(found.images.count == 1)
            let charge = Int64(found.credits.charged) * 100
            let posted = try await bench.funds()[0]
            #expect(try await bench.funds() == [posted, 0, 0])
            #expect((1000 - posted) / 100 * 100 == charge)
            let attempt = try await store.begin(bench.attempt(1, cost: 1), of: .first(of: job.id), caps: [])
            #expect(attempt == .lost)
            try await bench.expectCleanBooks()
        },
        StoreCheck("free uses that were not needed go back to the day they came from") { store in
            var bench = StoreBench(store, seed: 62)
            func accept(_ bench: inout StoreBench) async throws -> JobRecord {
                try await bench.accept(bench.acceptance(bench.job(), holds: [300, 200, 100, 0], freePerDay: 10))
            }
            let jobs = [try await accept(&bench), try await accept(&bench), try await accept(&bench)]
            #expect(try await bench.funds() == [0, 0, 9])
            let day = bench.now
            bench.now.milliseconds += 86_400_000
            #expect(try await store.finish(bench.end(jobs[0], freeUsed: 2))?.credits.freeUsed == 2)
            #expect(try await store.finish(bench.end(jobs[1], .failed))?.credits.freeUsed == 0)
            #expect(try await store.finish(bench.end(jobs[2], freeUsed: 3))?.credits.freeUsed == 3)
            #expect(try await bench.funds() == [0, 0, 0])
            bench.now = day
            #expect(try await bench.funds() == [0, 0, 5])
            #expect(try await store.job(jobs[0].id)?.credits.freeUsed == 2)
            try await bench.expectCleanBooks()
        },
        StoreCheck("a partial delivery charges for its part, in money and free uses") { store in
            var bench = StoreBench(store, seed: 63)
            try await bench.give(1000)
            let job = try await bench.accept(
                bench.acceptance(bench.job(costs: [40, 40]), holds: [400, 300, 200], freePerDay: 2)
            )
            var end = bench.end(job, charge: 100, freeUsed: 1)
            end.job.images = (0..<2).map { bench.generator.image(of: job, $0) }
            for index in end.job.images.indices { end.job.images[index].isPublic = true }
            end.job.attempts[1].cost = .zero
            end.inGallery = true
            let ended = try #require(try await store.finish(end))
            #expect(ended.credits.charged == 1 && ended.credits.refunded == 1 && ended.credits.freeUsed == 1)
            #expect(try await bench.lines(of: job) == ["reserve -200", "refund 100", "release 100", "spend -100"])
            #expect(try await bench.funds() == [900, 0, 1])
            #expect(try await bench.spent()["all"] == 40)
            #expect(try await store.job(job.id)?.fields == ended.fields)
            #expect(try await store.gallery(before: nil, limit: 9).count == 2)
            try await bench.expectCleanBooks()
        },
        StoreCheck("a job that is taken over and ends as failed gives everything back") { store in
            var bench = StoreBench(store, seed: 64)
            try await bench.give(1000)
            let job = try await bench.accept(bench.acceptance(bench.job(costs: [9]), holds: [600, 500], freePerDay: 1))
            bench.now.milliseconds += 60_000
            let claimed = try await store.claimJobs(
                by: bench.generator.id(),
                for: .seconds(30),
                now: bench.now,
                limit: 9
            )
            let claim = try #require(claimed.first)
            #expect(claim.job.fields == job.fields)
            #expect(try await store.finish(bench.end(claim.job, .failed, lease: claim.lease)) != nil)
            #expect(try await bench.lines(of: job) == ["reserve -500", "refund 500"])
            #expect(try await bench.funds() == [1000, 0, 0])
            let rest = try await store.claimJobs(
                by: bench.daemon,
                for: .seconds(1),
                now: bench.now + .seconds(60),
                limit: 9
            )
            #expect(rest.isEmpty)
            try await bench.expectCleanBooks()
        },
    ]
}

// MARK: - The books

extension StoreCheck {
    static let ledger = [
        StoreCheck("a transfer is made once; its repeat changes nothing, and what differs contradicts it") { store in
            let bench = StoreBench(store, seed: 65)
            let day = bench.now.day
            let none = try await store.balance(of: bench.user, on: day)
            #expect(none == Balance(posted: .zero, held: .zero, freeUsed: 0))
            let transfer = bench.transfer("topup:1", 700, kind: .purchase)
            let balance = Balance(posted: MicroUSD(micros: 700), held: .zero, freeUsed: 0)
            #expect(try await store.transfer(transfer) == .done(balance, isRepeat: false))
            #expect(try await store.transfer(transfer) == .done(balance, isRepeat: true))
            let changes: [(inout LedgerTransfer) -> Void] = [
                { $0.amount = MicroUSD(micros: 701) }, { $0.amount = MicroUSD(micros: -700) },
                { $0.user = UserID(trusted: "usr_other") }, { $0.kind = .refund }, { $0.note = "" },
                { $0.reference = nil },
            ]
            for (number, change) in changes.enumerated() {
                var other = transfer
                change(&other)
                #expect(try await store.transfer(other) == .contradicts, "change \(number)")
            }
            #expect(try await store.balance(of: bench.user, on: day) == balance)
            let lines = try await store.statement(of: bench.user, offset: 0, limit: 100)
            let line = LedgerEntry(
                id: LedgerEntryID(number: 1),
                user: bench.user,
                kind: .purchase,
                amount: MicroUSD(micros: 700),
                availableAfter: MicroUSD(micros: 700),
                note: transfer.note,
                reference: "ref",
                at: bench.now
            )
            #expect(lines == [line])
            try await bench.expectCleanBooks()
        },
        StoreCheck("nothing is taken that is held or not there, whoever tries at once") { store in
            var bench = StoreBench(store, seed: 66)
            let taking = bench.transfer("adjust:1", -1, kind: .adminAdjustment)
            #expect(
                try await store.transfer(taking) == .insufficient(Balance(posted: .zero, held: .zero, freeUsed: 0))
            )
            try await bench.give(1000)
            try await bench.accept(bench.acceptance(bench.job(), holds: [400]))
            let available = Balance(posted: MicroUSD(micros: 1000), held: MicroUSD(micros: 400), freeUsed: 0)
            #expect(try await store.transfer(bench.transfer("adjust:2", -601)) == .insufficient(available))
            #expect(try await bench.lines() == ["grant 1000", "reserve -400"])
            let transfers = (0..<20).map { bench.transfer("adjust:p\($0)", -100, kind: .adminAdjustment) }
            let outcomes = try await StoreCheck.together(transfers) { try await store.transfer($0) }
            let done = outcomes.filter { if case .done(_, false) = $0 { true } else { false } }
            #expect(done.count == 6)
            #expect(try await bench.funds() == [400, 400, 0])
            try await bench.expectCleanBooks()
        },
        StoreCheck("parallel repeats of one transfer pay once") { store in
            let bench = StoreBench(store, seed: 67)
            let transfer = bench.transfer("topup:same", 50)
            let outcomes = try await StoreCheck.together(Array(repeating: transfer, count: 30)) {
                try await store.transfer($0)
            }
            let balance = Balance(posted: MicroUSD(micros: 50), held: .zero, freeUsed: 0)
            #expect(outcomes.filter { $0 == .done(balance, isRepeat: false) }.count == 1)
            #expect(outcomes.filter { $0 == .done(balance, isRepeat: true) }.count == 29)
            try await bench.expectCleanBooks()
        },
        StoreCheck("a transfer of nothing is refused") { store in
            let bench = StoreBench(store, seed: 68)
            let transfer = bench.transfer("topup:0", 0)
            #expect(isConflict(await storeError { () throws(StoreError) in _ = try await store.transfer(transfer) }))
        },
        StoreCheck("a statement is numbered from 1 in each account and read newest first in pages") { store in
            let bench = StoreBench(store, seed: 69)
            for number in 1...25 {
                _ = try await store.transfer(bench.transfer("a:\(number)", Int64(number)))
                _ = try await store.transfer(
                    bench.transfer("b:\(number)", 1, user: UserID(trusted: "usr_other"))
                )
            }
            var seen: [LedgerEntry] = []
            for offset in stride(from: 0, through: 30, by: 10) {
                seen += try await store.statement(of: bench.user, offset: offset, limit: 10)
            }
            #expect(seen.map(\.id.number) == (1...25).reversed())
            #expect(seen.map(\.amount.micros) == (1...25).reversed())
            let sums: [Int64] = (1...25).reversed().map { (n: Int64) in n * (n + 1) / 2 }
            #expect(seen.map(\.availableAfter.micros) == sums)
        },
        StoreCheck("the sealer numbers every transfer once, as many as it is let") { store in
            var bench = StoreBench(store, seed: 70)
            #expect(try await store.seal(limit: 10) == 0)
            for number in 0..<7 {
                // Later ones that happened earlier, and some at once.
                bench.now.milliseconds += number % 2 == 0 ? -5 : 0
                _ = try await store.transfer(bench.transfer("t:\(number)", 10))
            }
            #expect(try await store.seal(limit: 3) == 3)
            #expect(try await store.verifyLedger().sealed == 3)
            let sealed = try await StoreCheck.together([1, 2, 3]) { _ in try await store.seal(limit: 100) }
            #expect(sealed.reduce(0, +) == 4)
            #expect(try await store.seal(limit: 100) == 0)
            _ = try await store.transfer(bench.transfer("t:late", 10))
            #expect(try await store.seal(limit: 100) == 1)
            let report = try await store.verifyLedger()
            #expect((report.sealed, report.transfers, report.problems) == (8, 8, []))
        },
        StoreCheck("the books agree after whatever happened at once") { store in
            var bench = StoreBench(store, seed: 71)
            let users = (0..<4).map { _ in bench.generator.id(UserID.self) }
            for user in users { try await bench.give(3000, to: user) }
            var runs: [(Acceptance, JobEnd)] = []
            for number in 0..<120 {
                bench.user = users[number % 4]
                bench.now.milliseconds += 3_000_000
                let job = bench.job(costs: [Int64(number)], provider: "p\(number % 3)", key: bench.generator.id())
                let holds = [Int64(number % 9) * 100, Int64(number % 9) * 50].map { max($0, 10) }
                let acceptance = bench.acceptance(job, holds: holds, freePerDay: 2, credit: 10)
                bench.now.milliseconds += 40_000_000
                let status: JobStatus = number % 5 == 0 ? .failed : .succeeded
                runs.append((acceptance, bench.end(job, status, charge: Int64(number % 4) * 30, freeUsed: number % 2)))
            }
            let ended = try await StoreCheck.together(runs) { acceptance, end in
                guard case .accepted = try await store.accept(acceptance) else { return false }
                _ = try await store.seal(limit: 5)
                return try await store.finish(end) != nil
            }
            #expect(ended.contains(true))
            _ = try await store.seal(limit: 1000)
            let report = try await store.verifyLedger()
            #expect(report.problems == [])
            #expect(report.accounts >= 6 && report.sealed == report.transfers && report.jobs > 20)
        },
    ]
}
