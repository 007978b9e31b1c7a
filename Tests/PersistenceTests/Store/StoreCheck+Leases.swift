import Orchestrator
import Testing

// MARK: - Leases

extension StoreCheck {
    static let leases = [
        StoreCheck("a job is taken over when its lease has run out, oldest first, with a higher fence each time") {
            store in
            var bench = StoreBench(store, seed: 50)
            var jobs: [JobRecord] = []
            for _ in 0..<5 { jobs.append(try await bench.accept(bench.acceptance(bench.job(costs: [1])))) }
            let ended = try await bench.accept(bench.acceptance(bench.job()))
            _ = try await store.finish(bench.end(ended, .failed))
            let other: DaemonID = bench.generator.id()
            func claim(after seconds: Int64, _ limit: Int = 10) async throws -> [ClaimedJob] {
                try await store.claimJobs(
                    by: other,
                    for: StoreBench.lease,
                    now: bench.now + .seconds(seconds),
                    limit: limit
                )
            }
            #expect(try await claim(after: 29).isEmpty)
            _ = try await store.requestCancel(jobs[1].id)
            let first = try await claim(after: 31, 2)
            #expect(first.map(\.job.fields) == jobs.prefix(2).map(\.fields))
            #expect(first.map(\.lease) == jobs.prefix(2).map { JobLease(job: $0.id, fence: 2) })
            #expect(first.map(\.claims) == [1, 1])
            #expect(first.map(\.isCancelRequested) == [false, true])
            #expect(try await claim(after: 32).map(\.job.id) == jobs.dropFirst(2).map(\.id))
            #expect(try await claim(after: 33).isEmpty)
            let again = try await claim(after: 61, 1)
            #expect(again.map(\.lease.fence) == [3])
            #expect(again.map(\.claims) == [2])
        },
        StoreCheck("parallel claims share the jobs, none twice") { store in
            var bench = StoreBench(store, seed: 51)
            for _ in 0..<40 { try await bench.accept(bench.acceptance(bench.job())) }
            let daemons = (0..<10).map { _ in bench.generator.id(DaemonID.self) }
            let later = bench.now + .seconds(60)
            let claimed = try await StoreCheck.together(daemons) { daemon in
                try await store.claimJobs(by: daemon, for: StoreBench.lease, now: later, limit: 7).map(\.job.id)
            }
            #expect(claimed.joined().count == 40)
            #expect(Set(claimed.joined()).count == 40)
        },
        StoreCheck("a daemon renews its own leases, and learns what it holds and what shall be cancelled") { store in
            var bench = StoreBench(store, seed: 52)
            var jobs: [JobRecord] = []
            for _ in 0..<3 { jobs.append(try await bench.accept(bench.acceptance(bench.job()))) }
            var foreign = bench.acceptance(bench.job())
            foreign.daemon = bench.generator.id()
            try await bench.accept(foreign)
            _ = try await store.finish(bench.end(jobs[0], .canceled))
            #expect(try await store.requestCancel(jobs[2].id))
            #expect(try await !store.requestCancel(jobs[0].id))
            #expect(try await !store.requestCancel(JobID(trusted: "job_none")))
            let held = try await store.renewLeases(of: bench.daemon, for: .seconds(30), now: bench.now + .seconds(20))
            #expect(
                Set(held) == [
                    HeldJob(lease: .first(of: jobs[1].id), isCancelRequested: false),
                    HeldJob(lease: .first(of: jobs[2].id), isCancelRequested: true),
                ]
            )
            let taken = try await store.claimJobs(
                by: foreign.daemon,
                for: .seconds(30),
                now: bench.now + .seconds(40),
                limit: 9
            )
            #expect(taken.map(\.job.id) == [foreign.job.id])
            let rest = try await store.claimJobs(
                by: foreign.daemon,
                for: .seconds(30),
                now: bench.now + .seconds(50),
                limit: 9
            )
            #expect(rest.map(\.job.id) == [jobs[1].id, jobs[2].id])
            #expect(try await store.renewLeases(of: bench.daemon, for: .seconds(30), now: bench.now).isEmpty)
        },
        StoreCheck("who has lost the lease writes nothing") { store in
            var bench = StoreBench(store, seed: 53)
            try await bench.give(1000)
            var acceptance = bench.acceptance(bench.job(costs: [10]), holds: [500, 400], freePerDay: 1)
            acceptance.webhook = WebhookTarget(id: bench.generator.id(), url: "https://a", secret: "s")
            let job = try await bench.accept(acceptance)
            let claimed = try await store.claimJobs(
                by: bench.generator.id(),
                for: .seconds(30),
                now: bench.now + .seconds(31),
                limit: 1
            )
            let lease = try #require(claimed.first?.lease)
            let late = JobLease.first(of: job.id)
            #expect(try await store.begin(bench.attempt(2, cost: 7), of: late, caps: []) == .lost)
            #expect(try await !store.update(bench.attempt(1, cost: 99), of: late))
            var end = bench.end(job, charge: 300)
            end.job.images = [bench.generator.image(of: job, 0)]
            let lost = try await store.finish(end)
            #expect(lost == nil)
            #expect(try await store.job(job.id)?.fields == job.fields)
            #expect(try await bench.funds() == [1000, 400, 1])
            #expect(try await bench.spent()["all"] == 10)
            let due = try await store.nextWebhook()
            #expect(due == nil)
            try await bench.expectCleanBooks()
            #expect(try await store.begin(bench.attempt(2, cost: 7), of: lease, caps: []) == .begun)
            #expect(try await store.finish(bench.end(job, .failed, lease: lease))?.status == .failed)
            #expect(try await bench.funds() == [1000, 0, 0])
            try await bench.expectCleanBooks()
        },
        StoreCheck("neither attempt nor end is written for a job that is not there") { store in
            var bench = StoreBench(store, seed: 54)
            let job = bench.job()
            #expect(try await store.begin(bench.attempt(1, cost: 7), of: .first(of: job.id), caps: []) == .lost)
            #expect(try await !store.update(bench.attempt(1, cost: 7), of: .first(of: job.id)))
            let end = try await store.finish(bench.end(job))
            #expect(end == nil)
            #expect(try await bench.spent().isEmpty)
        },
    ]

    static let attempts = [
        StoreCheck("an attempt that begins sets its job running, and replaces the one of its number") { store in
            var bench = StoreBench(store, seed: 55)
            var job = try await bench.accept(bench.acceptance(bench.job()))
            let lease = JobLease.first(of: job.id)
            job.status = .running
            job.started = bench.now
            for cost in [30, 50] as [Int64] {
                #expect(try await store.begin(bench.attempt(1, cost: cost), of: lease, caps: []) == .begun)
                job.attempts = [bench.attempt(1, cost: cost)]
                #expect(try await store.job(job.id)?.fields == job.fields)
                #expect(try await bench.spent()["all"] == cost)
            }
            bench.now.milliseconds += 86_400_000
            #expect(try await store.begin(bench.attempt(1, cost: 5), of: lease, caps: []) == .begun)
            #expect(try await bench.spent()["all"] == 5)
            bench.now.milliseconds -= 86_400_000
            #expect(try await bench.spent().isEmpty)
            try await bench.expectCleanBooks()
        },
        StoreCheck("an attempt that would pass a cap is not begun, and one that replaces another needs only the rest") {
            store in
            var bench = StoreBench(store, seed: 56)
            let job = try await bench.accept(bench.acceptance(bench.job()))
            let lease = JobLease.first(of: job.id)
            let caps = [
                SpendCap(.all, limit: MicroUSD(micros: 1000)),
                SpendCap(.provider("openai"), limit: MicroUSD(micros: 100)),
            ]
            func begin(_ n: Int, _ cost: Int64, own: Bool = false) async throws -> AttemptAdmission {
                var attempt = bench.attempt(n, cost: cost)
                attempt.isPaidByCaller = own
                return try await store.begin(attempt, of: lease, caps: caps)
            }
            #expect(try await begin(1, 101) == .capped(.provider("openai")))
            #expect(try await store.job(job.id)?.fields == job.fields)
            #expect(try await begin(1, 80) == .begun)
            #expect(try await begin(2, 21) == .capped(.provider("openai")))
            #expect(try await begin(1, 101) == .capped(.provider("openai")))
            #expect(try await begin(1, 100) == .begun)
            #expect(try await begin(2, 5000, own: true) == .begun)
            #expect(try await bench.spent() == ["all": 100, "provider:openai": 100])
            #expect(try await begin(1, 5000, own: true) == .begun)
            #expect(try await bench.spent().isEmpty)
            try await bench.expectCleanBooks()
        },
        StoreCheck("an attempt that its job's end does not have counts no more") { store in
            var bench = StoreBench(store, seed: 58)
            let job = try await bench.accept(bench.acceptance(bench.job(costs: [3, 4, 5])))
            var end = bench.end(job, .failed)
            end.job.attempts = [job.attempts[1]]
            let ended = try #require(try await store.finish(end))
            #expect(try await store.job(job.id)?.fields == ended.fields)
            #expect(try await bench.spent()["all"] == 4)
            try await bench.expectCleanBooks()
        },
        StoreCheck("the counters are the sums of the attempts' costs, whatever is written in whatever order") { store in
            var bench = StoreBench(store, seed: 57)
            let start = bench.now
            let keys: [KeyID?] = [nil, bench.generator.id(), bench.generator.id()]
            var jobs: [JobRecord] = []
            for number in 0..<12 {
                let job = bench.job(costs: [3, 4], provider: "p\(number % 2)", key: keys[number % 3])
                jobs.append(try await bench.accept(bench.acceptance(job)))
            }
            for step in 0..<150 {
                let index = Int.random(in: 0..<jobs.count, using: &bench.generator.random)
                let n = Int.random(in: 1...4, using: &bench.generator.random)
                bench.now.milliseconds = start.milliseconds + Int64(step % 3) * 86_400_000
                var attempt = bench.attempt(n, cost: Int64(step * 17 % 101), provider: "p\(step % 3)")
                attempt.isPaidByCaller = step % 5 == 0
                let lease = JobLease.first(of: jobs[index].id)
                if step % 2 == 0 {
                    #expect(try await store.update(attempt, of: lease))
                } else {
                    #expect(try await store.begin(attempt, of: lease, caps: []) == .begun)
                }
                jobs[index].attempts.removeAll { $0.n == n }
                jobs[index].attempts.append(attempt)
                if step == 100 { _ = try await store.finish(bench.end(jobs[11], .failed)) }
                if step == 100 { jobs.removeLast() }
            }
            try await bench.expectCleanBooks()
            for day in 0..<3 {
                bench.now.milliseconds = start.milliseconds + Int64(day) * 86_400_000
                var expected: [String: Int64] = [:]
                var query = JobQuery()
                query.limit = 100
                for job in try await store.jobs(query) {
                    for attempt in job.attempts where !attempt.isPaidByCaller && attempt.started.day == bench.now.day {
                        expected["all", default: 0] += attempt.cost.micros
                        expected["provider:\(attempt.provider)", default: 0] += attempt.cost.micros
                        if let key = job.key { expected["key:\(key)", default: 0] += attempt.cost.micros }
                    }
                }
                #expect(try await bench.spent() == expected.filter { $0.value != 0 })
            }
        },
    ]
}
