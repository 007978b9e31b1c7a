import Orchestrator
import Testing

/// One promise of `Store`, checked on an empty one; every backend runs all of them.
struct StoreCheck: Sendable, CustomTestStringConvertible {
    let name: String
    let run: @Sendable (any Store) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (any Store) async throws -> Void) {
        self.name = name
        self.run = run
    }

    var testDescription: String { name }

    static let all =
        jobs + lists + search + pictures + gallery + accounts + spending + letIn + credits + leases + attempts + ends
        + ledger
        + repeats + announcements + people + devices + identities + usage + sales + gifts + told + [
            StoreCheck("a transaction can be made") { try await $0.ping() }
        ]
}

/// What the error of `operation` was; nil when there was none.
func storeError(_ operation: () async throws(StoreError) -> Void) async -> StoreError? {
    do throws(StoreError) {
        try await operation()
        return nil
    } catch {
        return error
    }
}

func isConflict(_ error: StoreError?) -> Bool {
    if case .conflict = error { true } else { false }
}

extension Store {
    /// Lets a job in just as it is, whatever it says.
    func accept(_ job: JobRecord) async throws(StoreError) {
        let daemon = DaemonID(trusted: "dmn_test")
        _ = try await accept(Acceptance(job: job, daemon: daemon, lease: .seconds(30), now: job.created))
    }

    /// Ends a job under its first lease.
    func finish(_ job: JobRecord, inGallery: Bool = false) async throws(StoreError) {
        var end = JobEnd(job: job, lease: .first(of: job.id))
        end.inGallery = inGallery
        _ = try await finish(end)
    }
}

// MARK: - Jobs

extension StoreCheck {
    static let jobs = [
        StoreCheck("a job comes back exactly as it was accepted") { store in
            var generator = JobGenerator(seed: 1)
            for _ in 0..<300 {
                let job = generator.job()
                try await store.accept(job)
                let found = try await store.job(job.id)
                #expect(found?.fields == job.fields)
            }
        },
        StoreCheck("a job comes back exactly as it was finished") { store in
            var generator = JobGenerator(seed: 2)
            for _ in 0..<200 {
                let accepted = generator.job(status: .queued)
                var bare = accepted
                bare.images = []
                try await store.accept(bare)
                var ended = generator.job(owner: accepted.owner, status: .succeeded)
                ended.id = accepted.id
                ended.key = accepted.key
                ended.requestID = accepted.requestID
                ended.operation = accepted.operation
                ended.created = accepted.created
                ended.request = accepted.request
                ended.attempts = accepted.attempts
                ended.quote = accepted.quote
                ended.images = ended.images.map { image in
                    var image = image
                    image.job = accepted.id
                    return image
                }
                try await store.finish(ended)
                let found = try await store.job(ended.id)
                #expect(found?.fields == ended.fields)
            }
        },
        StoreCheck("a job that has ended is left as it is") { store in
            var generator = JobGenerator(seed: 3)
            for status in [JobStatus.succeeded, .failed, .canceled] {
                var job = generator.job(status: .queued)
                job.images = []
                try await store.accept(job)
                job.status = status
                try await store.finish(job)
                var late = job
                late.status = .failed
                late.cost = MicroUSD(micros: 1)
                late.attempts = [generator.attempt(9)]
                late.images = [generator.image(of: job, 0)]
                try await store.finish(late)
                #expect(try await store.job(job.id)?.fields == job.fields)
            }
        },
        StoreCheck("what was intended and is missing at the job's end is forgotten") { store in
            var generator = JobGenerator(seed: 18)
            var job = generator.job(status: .queued)
            (job.images, job.attempts) = ([], (1...3).map { generator.attempt($0) })
            try await store.accept(job)
            (job.status, job.attempts) = (.failed, [job.attempts[1]])
            try await store.finish(job)
            #expect(try await store.job(job.id)?.fields == job.fields)
        },
        StoreCheck("a second job under one id is refused whole") { store in
            var generator = JobGenerator(seed: 4)
            let first = generator.job()
            try await store.accept(first)
            var second = generator.job()
            second.id = first.id
            second.attempts = [generator.attempt(7)]
            #expect(isConflict(await storeError { () throws(StoreError) in try await store.accept(second) }))
            #expect(try await store.job(first.id)?.fields == first.fields)
        },
        StoreCheck("neither an attempt nor an end is written for a job that was never accepted") { store in
            var generator = JobGenerator(seed: 5)
            let (attempt, job) = (generator.attempt(1), generator.job(status: .succeeded))
            #expect(try await !store.update(attempt, of: .first(of: job.id)))
            let ended = try await store.finish(JobEnd(job: job, lease: .first(of: job.id)))
            let found = try await store.job(job.id)
            #expect(ended == nil && found == nil)
        },
        StoreCheck("an attempt replaces what stood under its number, and sets its job running") { store in
            var generator = JobGenerator(seed: 6)
            var job = generator.job(status: .queued)
            (job.attempts, job.images, job.started) = ([], [], nil)
            try await store.accept(job)
            let lease = JobLease.first(of: job.id)
            var attempts = [generator.attempt(1), generator.attempt(2)]
            for attempt in attempts { #expect(try await store.begin(attempt, of: lease, caps: []) == .begun) }
            attempts[0] = generator.attempt(1)
            #expect(try await store.update(attempts[0], of: lease))
            let found = try #require(try await store.job(job.id))
            #expect(found.attempts.map { String(reflecting: $0) } == attempts.map { String(reflecting: $0) })
            #expect(found.status == .running)
            #expect(found.started != nil)
        },
        StoreCheck("an attempt that is settled late does not reopen its job") { store in
            var generator = JobGenerator(seed: 7)
            let job = generator.job(status: .failed)
            try await store.accept(job)
            _ = try await store.update(generator.attempt(1), of: .first(of: job.id))
            #expect(try await store.job(job.id)?.status == .failed)
        },
        StoreCheck("jobs without an end are found, oldest first") { store in
            var generator = JobGenerator(seed: 8)
            var open: [JobID] = []
            for _ in 0..<60 {
                let job = generator.job()
                try await store.accept(job)
                if !job.status.isFinal { open.append(job.id) }
            }
            let later = generator.now + .seconds(86_400)
            let found = try await store.claimJobs(by: generator.id(), for: .seconds(1), now: later, limit: 60)
            #expect(found.map(\.job.id) == open)
        },
    ]

    static let lists = [
        StoreCheck("a list of jobs obeys every filter, newest first") { store in
            var generator = JobGenerator(seed: 9)
            let owners = [generator.id(UserID.self), generator.id(UserID.self)]
            var jobs: [JobRecord] = []
            for number in 0..<80 {
                var job = generator.job(owner: owners[number % 2])
                if number % 3 == 0 { job.request["model"] = "gpt-image-1" }
                for index in job.images.indices where number % 5 == 0 {
                    (job.images[index].provider, job.images[index].model) = ("stability", "core")
                }
                try await store.accept(job)
                jobs.insert(job, at: 0)
            }
            func served(_ job: JobRecord) -> Bool {
                job.images.contains { $0.provider + "/" + $0.model == "stability/core" }
            }
            let (from, to) = (jobs[60].created, jobs[10].created)
            let cases: [((inout JobQuery) -> Void, (JobRecord) -> Bool)] = [
                ({ _ in }, { _ in true }),
                ({ $0.owner = owners[1] }, { $0.owner == owners[1] }),
                ({ $0.status = .failed }, { $0.status == .failed }),
                ({ $0.model = "gpt-image-1" }, { $0.request["model"] == "gpt-image-1" }),
                ({ $0.model = "stability/core" }, served),
                ({ $0.from = from }, { $0.created >= from }),
                ({ $0.to = to }, { $0.created < to }),
                (
                    { ($0.from, $0.to, $0.owner) = (from, to, owners[0]) },
                    {
                        $0.created >= from && $0.created < to && $0.owner == owners[0]
                    }
                ),
                ({ $0.after = jobs[40].id }, { $0.id < jobs[40].id }),
            ]
            for (number, (change, matches)) in cases.enumerated() {
                var query = JobQuery()
                query.limit = 100
                change(&query)
                let found = try await store.jobs(query)
                #expect(found.map(\.id) == jobs.filter(matches).map(\.id), "filter \(number)")
                #expect(found.map(\.fields) == jobs.filter(matches).map(\.fields))
            }
        },
        StoreCheck("pages of jobs follow each other without gap or repeat") { store in
            var generator = JobGenerator(seed: 10)
            let owner = generator.id(UserID.self)
            for _ in 0..<50 { try await store.accept(generator.job(owner: owner)) }
            var (query, seen) = (JobQuery(), [JobID]())
            (query.owner, query.limit) = (owner, 7)
            while true {
                let page = try await store.jobs(query)
                if page.isEmpty { break }
                seen += page.map(\.id)
                query.after = page.last?.id
            }
            #expect(seen.count == 50)
            #expect(seen == seen.sorted(by: >))
        },
    ]
}
