import Foundation
import Orchestrator
import Testing

@testable import Persistence

@Suite struct SQLiteStoreTests {
    let directory = TemporaryDirectory()

    private func open(_ options: SQLiteStore.Options = .init()) throws(StoreError) -> SQLiteStore {
        try SQLiteStore(directory: directory.path, options: options)
    }

    private func message(_ error: StoreError?) -> String {
        switch error {
        case .unavailable(let text), .corrupt(let text), .conflict(let text): text
        case nil: ""
        }
    }

    @Test(arguments: StoreCheck.all)
    func `the store keeps its promises`(check: StoreCheck) async throws {
        let store = try open()
        try await check.run(store)
        await store.close()
    }

    @Test func `64 tasks share commits, and everything they wrote is there after a restart`() async throws {
        var store = try open()
        let jobs = (0..<64).map { task in
            var generator = JobGenerator(seed: 1000 + task)
            return (0..<50).map { _ in generator.job() }
        }
        let writing = store
        try await withThrowingTaskGroup { group in
            for jobs in jobs {
                group.addTask { for job in jobs { try await writing.accept(job) } }
            }
            try await group.waitForAll()
        }
        let (commits, operations) = store.commitCounts
        #expect(operations == 3200)
        #expect(commits < 3200 / 4, "\(commits) commits")
        await store.close()
        store = try open()
        for job in jobs.joined() { #expect(try await store.job(job.id)?.fields == job.fields) }
        await store.close()
    }

    @Test func `an operation that contradicts fails alone, in whatever group it is`() async throws {
        let store = try open()
        var generator = JobGenerator(seed: 20)
        let taken = generator.job()
        try await store.accept(taken)
        let jobs = (0..<200).map { number in
            var job = generator.job()
            if number % 10 == 0 { job.id = taken.id }
            return job
        }
        let refused = await withTaskGroup { group in
            for (number, job) in jobs.enumerated() {
                group.addTask {
                    isConflict(await storeError { () throws(StoreError) in try await store.accept(job) }) ? number : nil
                }
            }
            return await group.reduce(into: Set<Int>()) { set, number in if let number { set.insert(number) } }
        }
        #expect(refused == Set(stride(from: 0, to: 200, by: 10)))
        for (number, job) in jobs.enumerated() where number % 10 != 0 {
            #expect(try await store.job(job.id)?.fields == job.fields)
        }
        await store.close()
    }

    @Test func `a copy of the files taken at any moment holds every job whose acceptance had returned`() async throws {
        let store = try open()
        let done = Mailbox<JobID>(limit: .max)
        // While somebody reads the first state, no checkpoint moves later ones, so the two files can be copied in turn.
        let reader = try Connection(path: directory.path + "/orchestrator.sqlite", access: .readOnly)
        try reader.execute("BEGIN; SELECT count(*) FROM jobs")
        let copies = (0..<5).map { _ in TemporaryDirectory() }
        try await withThrowingTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    var generator = JobGenerator(seed: 2000 + task)
                    for _ in 0..<100 {
                        var job = generator.job(status: .queued)
                        job.images = []
                        try await store.accept(job)
                        _ = done.put(job.id)
                        job.status = .succeeded
                        try await store.finish(job)
                    }
                }
            }
            var sure: [JobID] = []
            for copy in copies {
                while sure.count < 50 { sure += done.take(most: 50) }
                for name in ["orchestrator.sqlite", "orchestrator.sqlite-wal"] {
                    let (source, target) = (directory.path + "/" + name, copy.path + "/" + name)
                    try FileManager.default.copyItem(atPath: source, toPath: target)
                }
                let copied = try SQLiteStore(directory: copy.path)
                for id in sure { #expect(try await copied.job(id) != nil) }
                let open = try await copied.claimJobs(
                    by: DaemonID(trusted: "dmn_next"),
                    for: .seconds(1),
                    now: Timestamp(milliseconds: 1_900_000_000_000),
                    limit: 1000
                )
                for claimed in open { #expect(claimed.job.status == .queued) }
                await copied.close()
                sure = []
            }
            try await group.waitForAll()
        }
        try reader.execute("COMMIT")
        await store.close()
    }

    @Test func `a full disk is said clearly, loses nothing, and is over when there is space`() async throws {
        var options = SQLiteStore.Options()
        options.maxPages = 200
        let store = try open(options)
        var generator = JobGenerator(seed: 21)
        var kept: [JobRecord] = []
        var refused: StoreError?
        while refused == nil {
            let job = generator.job()
            refused = await storeError { () throws(StoreError) in try await store.accept(job) }
            if refused == nil { kept.append(job) }
        }
        #expect(message(refused).contains("no space"))
        #expect(store.failure == nil)
        for job in kept { #expect(try await store.job(job.id)?.fields == job.fields) }
        for image in kept.flatMap(\.images) { _ = try await store.deleteImage(image.id) }
        let next = generator.job()
        try await store.accept(next)
        #expect(try await store.job(next.id)?.fields == next.fields)
        try await store.ping()
        await store.close()
    }

    @Test func `a second opener is told who owns the file, until the first has closed it`() async throws {
        let first = try open()
        let error = #expect(throws: StoreError.self) { try open() }
        #expect(message(error).contains("another process owns the SQLite file: process \(getpid()) holds"))
        await first.close()
        let second = try open()
        try await second.ping()
        await second.close()
    }

    @Test func `after closing, operations are refused and the log is empty`() async throws {
        let store = try open()
        try await store.accept(JobGenerator.one(seed: 22))
        await store.close()
        let error = await storeError { () throws(StoreError) in try await store.ping() }
        #expect(message(error).contains("closed"))
        #expect((directory.read("orchestrator.sqlite-wal") ?? []).isEmpty)
    }

    @Test func `a full queue refuses instead of growing`() async throws {
        let queue = Mailbox<any PendingCall>(limit: 1)
        async let waiting = storeError { () throws(StoreError) in try await queue.call { _ in } }
        while queue.count == 0 { await Task.yield() }
        let refused = await storeError { () throws(StoreError) in try await queue.call { _ in } }
        #expect(message(refused).contains("too many operations wait"))
        queue.take(most: 1).first?.fail(.unavailable("over"))
        #expect(message(await waiting) == "over")
    }

    @Test func `the files are for their owner alone`() async throws {
        let store = try open()
        try await store.accept(JobGenerator.one(seed: 23))
        for name in directory.files {
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
        await store.close()
    }

    @Test func `a constant is what it was first`() async throws {
        var store = try open()
        #expect(try await store.constant("secret", orElse: "a") == "a")
        #expect(try await store.constant("secret", orElse: "b") == "a")
        await store.close()
        store = try open()
        #expect(try await store.constant("secret", orElse: "c") == "a")
        await store.close()
    }

    @Test func `a file that is no database is refused as damaged`() throws {
        let path = directory.path + "/orchestrator.sqlite"
        try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: StoreError.self) { try open() }
        guard case .corrupt = error else { return #expect(Bool(false), "\(String(describing: error))") }
    }

    private static let galleryEntries =
        "SELECT * FROM gallery CROSS JOIN images ON images.id = image_id WHERE is_public = 1"

    /// The queries that must not grow with the table, and what they must find their rows by.
    static let plans: [(String, String)] = [
        ("SELECT * FROM jobs WHERE id = 'a'", "USING INDEX sqlite_autoindex_jobs_1 (id=?)"),
        ("SELECT * FROM jobs WHERE status IN ('queued', 'running') ORDER BY id", "USING INDEX jobs_unfinished"),
        (
            "SELECT * FROM jobs WHERE owner = 'a' AND id < 'b' ORDER BY id DESC LIMIT 20",
            "jobs_of_owner (owner=? AND id<?)"
        ),
        ("SELECT * FROM attempts WHERE job_id = 'a' ORDER BY n", "USING PRIMARY KEY (job_id=?)"),
        ("SELECT * FROM images WHERE job_id = 'a' ORDER BY position", "images_of_job (job_id=?)"),
        ("SELECT * FROM images WHERE is_public = 1 ORDER BY id DESC LIMIT 20", "images_public"),
        ("SELECT 1 FROM images WHERE digest = 'a' LIMIT 1", "images_of_digest (digest=?)"),
        ("SELECT 1 FROM images WHERE original_digest = 'a'", "images_of_original (original_digest=?)"),
        (galleryEntries + " AND time_ms < 7 ORDER BY time_ms DESC LIMIT 101", "gallery USING INTEGER PRIMARY KEY"),
        (galleryEntries + " AND time_ms = 7", "gallery USING INTEGER PRIMARY KEY (rowid=?)"),
        (galleryEntries + " AND image_id = 'a'", "sqlite_autoindex_gallery_1 (image_id=?)"),
        ("SELECT max(time_ms) FROM gallery", "SEARCH gallery"),
        ("SELECT * FROM keys WHERE hash = 'a'", "sqlite_autoindex_keys_2 (hash=?)"),
    ]

    @Test(arguments: plans)
    func `hot queries go by an index and sort nothing`(sql: String, expected: String) async throws {
        let store = try open()
        await store.close()
        let connection = try Connection(path: directory.path + "/orchestrator.sqlite", access: .readOnly)
        let plan = try connection.statement(composed: "EXPLAIN QUERY PLAN " + sql).all { $0.text(3) }.joined(
            separator: "; "
        )
        #expect(plan.contains(expected), "\(plan)")
        #expect(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN jobs;"), "\(plan)")
    }
}

extension JobGenerator {
    fileprivate static func one(seed: Int) -> JobRecord {
        var generator = JobGenerator(seed: seed)
        return generator.job()
    }
}
