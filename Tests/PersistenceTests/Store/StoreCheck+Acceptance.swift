import Orchestrator
import Testing

// MARK: - Letting in

extension StoreCheck {
    static let letIn = [
        StoreCheck("a job comes back as it was let in, and its attempts' costs are in the counters") { store in
            var bench = StoreBench(store, seed: 40)
            for number in 0..<50 {
                let job = try await bench.accept(bench.acceptance(bench.job(costs: number % 2 == 0 ? [] : [5, 7])))
                #expect(try await store.job(job.id)?.fields == job.fields)
            }
            #expect(try await bench.spent()["all"] == 25 * 12)
            try await bench.expectCleanBooks()
        },
        StoreCheck("a key that is known gives what is known, before any limit, and takes nothing") { store in
            var bench = StoreBench(store, seed: 41)
            try await bench.give(1000)
            var first = bench.acceptance(bench.job(costs: [9]), holds: [300])
            first.rates = [RateClaim(subject: "global", rate: Rate(count: 1, window: .seconds(60)))]
            first.repeats = IdempotencyClaim(
                owner: bench.user,
                key: "k",
                fingerprint: "f",
                expires: bench.now + .seconds(100)
            )
            try await bench.accept(first)
            var second = first
            second.job = bench.job(costs: [9])
            for _ in 0..<2 {
                guard case .repeated(let known) = try await store.accept(second) else {
                    Issue.record("not repeated")
                    return
                }
                #expect(known == IdempotencyRecord(fingerprint: "f", job: first.job.id, answer: nil))
                // It has run out now, but its job has not ended.
                second.now = bench.now + .seconds(200)
            }
            let none = try await store.job(second.job.id)
            #expect(none == nil)
            #expect(try await bench.funds() == [1000, 300, 0])
            #expect(try await bench.spent()["all"] == 9)
            _ = try await store.finish(bench.end(first.job))
            second.now = bench.now + .seconds(99)
            #expect(try await store.accept(second).word == "repeated")
            second.now = bench.now + .seconds(100)
            #expect(try await store.accept(second).word == "accepted")
            #expect(try await store.repeats(of: bench.user, key: "k", now: bench.now)?.job == second.job.id)
            try await bench.expectCleanBooks()
        },
        StoreCheck("a rate counts what is let in, per subject and window, and a clock put back begins anew") { store in
            var bench = StoreBench(store, seed: 42)
            let start = bench.now
            let rate = Rate(count: 2, window: .seconds(60))
            // Seconds after the start; what comes out; what the first rate has left; until when.
            let steps: [(Int64, String, Int, Int64)] = [
                (0, "accepted", 1, 60), (10, "accepted", 0, 50), (20, "rate 0", 0, 40), (59, "rate 0", 0, 1),
                (60, "accepted", 1, 60), (61, "accepted", 0, 59), (62, "rate 0", 0, 58), (-5, "accepted", 1, 60),
            ]
            for (offset, word, remaining, reset) in steps {
                bench.now = start + .seconds(offset)
                var acceptance = bench.acceptance(bench.job())
                acceptance.rates = [RateClaim(subject: "key:a", rate: rate)]
                let outcome = try await store.accept(acceptance)
                #expect(outcome.word == word, "after \(offset) s")
                let expected = RateVerdict(limit: 2, remaining: remaining, reset: .seconds(reset))
                switch outcome {
                case .accepted(_, let verdicts): #expect(verdicts.first == expected, "after \(offset) s")
                case .rateLimited(_, let verdict): #expect(verdict == expected, "after \(offset) s")
                default: Issue.record("after \(offset) s")
                }
            }
        },
        StoreCheck("who is refused by one rate is counted at none") { store in
            var bench = StoreBench(store, seed: 38)
            let key = RateClaim(subject: "key:a", rate: Rate(count: 1, window: .seconds(60)))
            let all = RateClaim(subject: "global", rate: Rate(count: 2, window: .seconds(60)))
            var words: [String] = []
            for rates in [[all, key], [all, key], [all, key], [all], [all]] {
                var acceptance = bench.acceptance(bench.job())
                acceptance.rates = rates
                words.append(try await store.accept(acceptance).word)
            }
            #expect(words == ["accepted", "rate 1", "rate 1", "accepted", "rate 0"])
        },
        StoreCheck("a cap lets in what stays within it, by subject and day, and not what a caller's key pays") {
            store in
            var bench = StoreBench(store, seed: 43)
            let key: KeyID = bench.generator.id()
            func admit(_ bench: inout StoreBench, _ cost: Int64, _ caps: [SpendCap], own: Bool = false) async throws
                -> String
            {
                var job = bench.job(costs: [cost], provider: "stability", key: key)
                job.attempts[0].isPaidByCaller = own
                var acceptance = bench.acceptance(job)
                acceptance.caps = caps
                return try await store.accept(acceptance).word
            }
            func cap(_ subject: SpendSubject, _ limit: Int64) -> SpendCap {
                SpendCap(subject, limit: MicroUSD(micros: limit))
            }
            let loose = cap(.all, 1_000_000)
            for subject in [SpendSubject.all, .provider("stability"), .key(key)] {
                bench.now.milliseconds += 86_400_000
                #expect(try await admit(&bench, 60, [loose, cap(subject, 100)]) == "accepted")
                #expect(try await admit(&bench, 41, [loose, cap(subject, 100)]) == "capped \(subject.text)")
                #expect(try await admit(&bench, 40, [loose, cap(subject, 100)]) == "accepted")
                #expect(try await admit(&bench, 1, [loose, cap(subject, 100)]) == "capped \(subject.text)")
                #expect(try await admit(&bench, 1, [loose, cap(subject, 100)], own: true) == "accepted")
                #expect(try await admit(&bench, 1, [cap(.provider("openai"), 0)]) == "accepted")
                #expect(try await bench.spent() == ["all": 101, "provider:stability": 101, "key:\(key)": 101])
            }
            try await bench.expectCleanBooks()
        },
        StoreCheck("parallel requests never take more than a cap has") { store in
            var bench = StoreBench(store, seed: 44)
            let acceptances = (0..<60).map { number in
                var acceptance = bench.acceptance(bench.job(costs: [Int64(number % 7 + 1)]))
                acceptance.caps = [SpendCap(.all, limit: MicroUSD(micros: 50))]
                return acceptance
            }
            let accepted = try await StoreCheck.together(acceptances) { try await store.accept($0).word }
                .filter { $0 == "accepted" }.count
            let spent = try await bench.spent()["all"] ?? 0
            #expect(spent <= 50 && spent > 43)
            var query = JobQuery()
            query.limit = 100
            #expect(try await store.jobs(query).count == accepted)
            try await bench.expectCleanBooks()
        },
        StoreCheck("parallel requests never pass a rate") { store in
            var bench = StoreBench(store, seed: 45)
            let acceptances = (0..<50).map { _ in
                var acceptance = bench.acceptance(bench.job())
                acceptance.rates = [RateClaim(subject: "g", rate: Rate(count: 7, window: .seconds(1)))]
                return acceptance
            }
            let words = try await StoreCheck.together(acceptances) { try await store.accept($0).word }
            #expect(words.filter { $0 == "accepted" }.count == 7)
            #expect(words.filter { $0 == "rate 0" }.count == 43)
        },
    ]

    /// Runs an operation for each input at once.
    static func together<Input: Sendable, Output: Sendable>(
        _ inputs: [Input],
        _ operation: @escaping @Sendable (Input) async throws -> Output
    ) async throws -> [Output] {
        try await withThrowingTaskGroup(of: Output.self) { group in
            for input in inputs { group.addTask { try await operation(input) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

// MARK: - Credits

extension StoreCheck {
    static let credits = [
        StoreCheck("free uses are taken first, as many as the day still has, and the rest is held") { store in
            var bench = StoreBench(store, seed: 46)
            try await bench.give(1000)
            // What is wanted with 0, 1, 2 free uses; credits reserved, free uses, then posted, held, free taken.
            let steps: [([Int64], Int, Int, [Int64])] = [
                ([400, 200, 0], 0, 2, [1000, 0, 2]),
                ([400, 200, 0], 2, 1, [1000, 200, 3]),
                ([400, 200, 0], 4, 0, [1000, 600, 3]),
            ]
            for (holds, reserved, free, funds) in steps {
                let accepted = try await bench.accept(bench.acceptance(bench.job(), holds: holds, freePerDay: 3))
                #expect(accepted.credits.reserved == reserved)
                #expect(accepted.credits.freeReserved == free)
                if free > 0 { #expect(accepted.credits.freeDay == bench.now.day) }
                #expect(try await store.job(accepted.id)?.fields == accepted.fields)
                #expect(try await bench.funds() == funds)
            }
            #expect(try await bench.lines() == ["grant 1000", "reserve -200", "reserve -400"])
            bench.now.milliseconds += 86_400_000
            try await bench.accept(bench.acceptance(bench.job(), holds: [500, 0], freePerDay: 3))
            #expect(try await bench.funds() == [1000, 600, 1])
            #expect(try await store.verifyLedger().openHolds == 2)
            try await bench.expectCleanBooks()
        },
        StoreCheck("who has too little is told what is needed, and nothing is written") { store in
            var bench = StoreBench(store, seed: 47)
            func refused(_ bench: inout StoreBench) async throws -> String {
                var acceptance = bench.acceptance(bench.job(costs: [5]), holds: [300, 250], freePerDay: 1)
                acceptance.rates = [RateClaim(subject: "g", rate: Rate(count: 1, window: .seconds(1)))]
                acceptance.repeats = IdempotencyClaim(
                    owner: bench.user,
                    key: "k",
                    fingerprint: "f",
                    expires: bench.now
                )
                let outcome = try await store.accept(acceptance)
                let none = try await store.job(acceptance.job.id)
                #expect(none == nil)
                return outcome.word
            }
            #expect(try await refused(&bench) == "needs 250 of 0")
            try await bench.give(500)
            try await bench.accept(bench.acceptance(bench.job(), holds: [251]))
            #expect(try await refused(&bench) == "needs 250 of 249")
            #expect(try await bench.funds() == [500, 251, 0])
            #expect(try await bench.spent().isEmpty)
            let key = try await store.repeats(of: bench.user, key: "k", now: bench.now)
            #expect(key == nil)
            #expect(try await bench.lines() == ["grant 500", "reserve -251"])
            try await bench.expectCleanBooks()
        },
        StoreCheck("of 50 parallel requests against a balance for one, one is let in") { store in
            var bench = StoreBench(store, seed: 48)
            try await bench.give(199)
            let acceptances = (0..<50).map { _ in bench.acceptance(bench.job(), holds: [100]) }
            let words = try await StoreCheck.together(acceptances) { try await store.accept($0).word }
            #expect(words.filter { $0 == "accepted" }.count == 1)
            #expect(words.filter { $0 == "needs 100 of 99" }.count == 49)
            #expect(try await bench.funds() == [199, 100, 0])
            try await bench.expectCleanBooks()
        },
        StoreCheck("a job under a taken id holds nothing") { store in
            var bench = StoreBench(store, seed: 49)
            try await bench.give(1000)
            let first = try await bench.accept(bench.acceptance(bench.job(), holds: [100]))
            var second = bench.job(costs: [3])
            second.id = first.id
            let acceptance = bench.acceptance(second, holds: [100, 0], freePerDay: 1)
            #expect(isConflict(await storeError { () throws(StoreError) in _ = try await store.accept(acceptance) }))
            #expect(try await bench.funds() == [1000, 100, 0])
            #expect(try await store.job(first.id)?.fields == first.fields)
            try await bench.expectCleanBooks()
        },
    ]
}
