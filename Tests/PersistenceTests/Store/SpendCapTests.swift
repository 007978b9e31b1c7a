import Orchestrator
import Randomness
import Testing

@testable import Persistence

/// What a cap promises however many ask at once, and on which day.
@Suite struct SpendCapTests {
    let directory = TemporaryDirectory()

    private static let cap: Int64 = 1000

    /// One request of a round, and what became of it.
    private struct Request: Sendable {
        var acceptance: Acceptance
        var cost: Int64
    }

    /// 50 at once, each with a first attempt that takes up to a tenth of the cap; then those that were let in fail, half
    /// of them for nothing and half with an outcome that is never known, and all try elsewhere at once.
    private func round(_ number: Int, _ store: SQLiteStore, _ bench: inout StoreBench) async throws {
        var random = SeededRandom(seed: number)
        let key: KeyID = bench.generator.id()
        let subject: SpendSubject = [.all, .provider("openai"), .key(key)][number % 3]
        let caps = [SpendCap(subject, limit: MicroUSD(micros: Self.cap))]
        let requests = (0..<50).map { _ in
            let cost = Int64.random(in: 1...100, using: &random)
            var acceptance = bench.acceptance(bench.job(costs: [cost], key: key))
            acceptance.caps = caps
            return Request(acceptance: acceptance, cost: cost)
        }
        let answers = try await StoreCheck.together(requests) { request in
            (request: request, isIn: try await store.accept(request.acceptance).word == "accepted")
        }
        let spent = try await bench.spent()[subject.text] ?? 0
        let failing = answers.filter(\.isIn).map(\.request).enumerated().map { ($0.offset, $0.element) }
        #expect(spent <= Self.cap && spent == failing.reduce(0) { $0 + $1.1.cost }, "round \(number)")
        // Nobody was refused who would have fitted to the last.
        #expect(answers.allSatisfy { $0.isIn || spent + $0.request.cost > Self.cap }, "round \(number)")

        let (bench, now) = (bench, bench.now)
        let further = try await StoreCheck.together(failing) { index, request -> Int64 in
            let lease = JobLease.first(of: request.acceptance.job.id)
            var first = request.acceptance.job.attempts[0]
            (first.outcome, first.ended) = (index % 2 == 0 ? .unavailable : .unknown, now)
            if index % 2 == 0 { first.cost = .zero }
            _ = try await store.update(first, of: lease)
            let second = bench.attempt(2, cost: request.cost, provider: "openai")
            guard try await store.begin(second, of: lease, caps: caps) == .begun else { return 0 }
            return request.cost
        }
        let unknown = failing.reduce(0) { $0 + ($1.0 % 2 == 0 ? 0 : $1.1.cost) }
        let total = try await bench.spent()[subject.text] ?? 0
        #expect(total <= Self.cap && total == unknown + further.reduce(0, +), "round \(number)")
    }

    @Test func `a cap is never passed, however many ask at once`() async throws {
        let store = try SQLiteStore(directory: directory.path)
        var bench = StoreBench(store, seed: 90)
        for number in 0..<1000 {
            // Each round has a day of its own, and with it a cap that nothing was taken from.
            bench.now = bench.now + .seconds(86_400)
            try await round(number, store, &bench)
        }
        try await bench.expectCleanBooks()
        await store.close()
    }

    /// Milliseconds from midnight; what a request that takes half the cap meets there, and what is spent that day then.
    static let moments: [(Int64, String, Int64)] = [
        (-3_600_000, "accepted", 500), (-1, "accepted", 1000), (-1, "capped all", 1000), (0, "accepted", 500),
        (1, "accepted", 1000), (1, "capped all", 1000), (86_399_999, "capped all", 1000), (86_400_000, "accepted", 500),
        // A clock that is put back finds the day as it was left.
        (2, "capped all", 1000), (-1, "capped all", 1000),
    ]

    @Test func `a cap that was reached opens again at midnight UTC, and what began before counts before`() async throws
    {
        let store = try SQLiteStore(directory: directory.path)
        var bench = StoreBench(store, seed: 91)
        let midnight = Timestamp(milliseconds: (bench.now.milliseconds / 86_400_000 + 1) * 86_400_000)
        var jobs: [JobRecord] = []
        for (offset, word, spent) in Self.moments {
            bench.now = midnight + .milliseconds(offset)
            let job = bench.job(costs: [500])
            var acceptance = bench.acceptance(job)
            acceptance.caps = [SpendCap(.all, limit: MicroUSD(micros: 1000))]
            let outcome = try await store.accept(acceptance)
            #expect(outcome.word == word, "\(offset) ms from midnight")
            #expect(try await bench.spent()["all"] == spent, "\(offset) ms from midnight")
            if case .accepted(let job, _) = outcome { jobs.append(job) }
        }
        // What began before midnight and came to nothing after it frees the day before.
        bench.now = midnight + .seconds(60)
        jobs[0].attempts[0].cost = .zero
        #expect(try await store.update(jobs[0].attempts[0], of: .first(of: jobs[0].id)))
        #expect(try await bench.spent()["all"] == 1000)
        bench.now = midnight + .milliseconds(-1)
        #expect(try await bench.spent()["all"] == 500)
        try await bench.expectCleanBooks()
        await store.close()
    }
}
