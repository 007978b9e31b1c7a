import Testing

@testable import Orchestrator

/// A process dies; the next one on the same record goes on.
@Suite struct JobRecoveryTests {
    // MARK: - After a crash

    static let crashes: [(writes: Int, status: JobStatus, outcome: AttemptOutcome, calls: [String])] = [
        // The intent is on record and no handle: it may have been sent.
        (1, .failed, .unknown, []),
        // The handle is on record: the work is found again, and nothing is asked for twice.
        (2, .succeeded, .ok, ["a/poll", "a/poll"]),
        // The end is on record.
        (3, .succeeded, .ok, []),
    ]

    @Test(arguments: crashes)
    func `whatever was written last, the next process ends the job once and creates nothing`(
        crash: (writes: Int, status: JobStatus, outcome: AttemptOutcome, calls: [String])
    ) async throws {
        let first = EngineScene(store: MemoryStore(writes: crash.writes))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await first.start(first.order(.two()))
        _ = await running.value()
        let (scene, runner) = first.next()
        scene.upstream.script("a/poll", .pending("w1"), .pictures())
        await scene.claim(runner)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == crash.status && job.attempts.map(\.outcome) == [crash.outcome])
        #expect(scene.upstream.places == crash.calls && scene.store.finishedJobs.count == 1)
        #expect(job.images.count == (crash.status == .succeeded ? 1 : 0))
        #expect(scene.store.spentNow(.all, on: first.time.now().day) == usd("0.01"))
        if crash.status == .failed { #expect(job.error?.code == "all_providers_failed" && job.error?.status == 502) }
        await scene.claim(runner)
        #expect(scene.store.finishedJobs.count == 1)
    }

    @Test func `of several calls, those with a handle are gone on with and the others lost`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await first.start(first.order(.two(), .sample { $0.count = 2 }))
        _ = await running.value()
        let (scene, runner) = first.next()
        await scene.claim(runner)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == .succeeded && job.images.count == 1 && scene.upstream.places == ["a/poll"])
        #expect(Set(job.attempts.map(\.outcome)) == [.ok, .unknown] && job.adapted.map(\.field) == ["n"])
    }

    @Test func `a job that had not begun is served from its beginning`() async throws {
        let first = EngineScene(time: ManualTime(stands: true))
        first.health.gate(of: Registry.two().providers[0]).setLimit(0)
        let request = ImageRequest.sample(.edit) {
            $0.references = [.sample("png 64x64 opaque #1")]
            $0.model = "a/m"
            $0.seed = 5
            $0.routing.fidelity = .strict
        }
        let (runner, running) = try await first.start(first.order(.two(), request))
        #expect(running.job.status == .queued && running.job.attempts.isEmpty)
        await runner.drain()
        let end = await running.value()
        #expect(end.job.status == .queued && end.isLeft && first.upstream.calls.isEmpty)
        first.storage.state.withLock { $0.published.append("png 64x64 opaque #1") }
        let (scene, other) = first.next()
        await scene.claim(other)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == .succeeded && job.started != nil && scene.upstream.places == ["a"])
        #expect(scene.upstream.calls.first?.body?["seed"]?.int == 5)
    }

    // MARK: - Going on with somebody else

    @Test func `work found again that then fails is made by the next candidate`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await first.start(first.order(.two()))
        _ = await running.value()
        let (scene, runner) = first.next()
        scene.upstream.script("a/poll", .pending("w1"), .fail("quota"))
        await scene.claim(runner)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == .succeeded && job.images.map(\.provider) == ["b"])
        #expect(scene.upstream.places == ["a/poll", "a/poll", "b"])
        #expect(job.attempts.map(\.outcome) == [.unavailable, .ok] && job.attempts.map(\.n) == [1, 2])
        #expect(scene.store.spentNow(.all, on: scene.time.now().day) == usd("0.02"))
    }

    static let limits: [(String, @Sendable (inout Registry) -> Void, String)] = [
        ("as many attempts as are allowed", { $0.routing.maxAttempts = 1 }, "quota"),
        ("nobody else in the file", { $0.providers.removeLast() }, "quota"),
        ("a failure that ends the job", { _ in }, "rejected"),
    ]

    @Test(arguments: limits)
    func `after work that was found again the rules are those of any job`(
        limit: (name: String, change: @Sendable (inout Registry) -> Void, failure: String)
    ) async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await first.start(first.order(.two(limit.change)))
        _ = await running.value()
        let (scene, runner) = first.next()
        scene.upstream.script("a/poll", .fail(limit.failure))
        await scene.claim(runner, .two(limit.change))
        #expect(scene.store.allJobs.map(\.status) == [.failed] && scene.upstream.places == ["a/poll"])
    }

    @Test func `while another call's outcome is in doubt, nobody else is asked`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await first.start(first.order(.two(), .sample { $0.count = 2 }))
        _ = await running.value()
        let (scene, runner) = first.next()
        scene.upstream.script("a/poll", .fail("quota"))
        await scene.claim(runner)
        #expect(scene.store.allJobs.map(\.status) == [.failed] && scene.upstream.places == ["a/poll"])
    }

    @Test func `a request whose pictures were not kept is not asked of anybody else`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let request = ImageRequest.sample(.edit) { $0.references = [.sample("png 64x64 opaque #77")] }
        let (_, running) = try await first.start(first.order(.two(), request))
        _ = await running.value()
        let (scene, runner) = first.next()
        scene.upstream.script("a/poll", .fail("quota"))
        await scene.claim(runner)
        #expect(scene.store.allJobs.map(\.status) == [.failed] && scene.upstream.places == ["a/poll"])
    }

    static let between: [(failure: String, places: [String], status: JobStatus)] = [
        ("quota", ["b"], .succeeded), ("server_once", ["b"], .succeeded), ("unusable", ["b"], .succeeded),
    ]

    @Test(arguments: between)
    func `a process that died between two attempts is followed by one that makes the second`(
        story: (failure: String, places: [String], status: JobStatus)
    ) async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .fail(story.failure))
        let (_, running) = try await first.start(first.order(.two()))
        _ = await running.value()
        #expect(first.upstream.places == ["a"])
        let (scene, runner) = first.next()
        await scene.claim(runner)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == story.status && scene.upstream.places == story.places)
        #expect(job.attempts.map(\.provider) == ["a", "b"] && job.attempts.map(\.n) == [1, 2])
        await scene.claim(runner)
        #expect(scene.store.finishedJobs.count == 1)
    }

    @Test func `pictures between two attempts are made beside those under way`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 3))
        let gate = Watched(false)
        first.upstream.script("a", .pending("w1"), .hold(gate), .fail("quota"))
        let (_, running) = try await first.start(first.order(.two(), .sample { $0.count = 2 }))
        await first.upstream.world.wait { $0.calls.contains { $0.place == "a/poll" } }
        gate.update { $0 = true }
        _ = await running.value()
        let (scene, runner) = first.next()
        await scene.claim(runner)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == .succeeded && Set(scene.upstream.places) == ["a/poll", "b"])
        #expect(job.images.count == 2 && Set(job.images.map(\.provider)) == ["a", "b"])
    }

    @Test(arguments: FailureKind.scripted.values)
    func `a failure on record is read as what it was, but for what a vendor asked to wait`(kind: FailureKind) throws {
        var attempt = AttemptRecord(n: 1, provider: "a", model: "m", tier: .low, count: 1, started: ManualTime().now())
        #expect(FailureKind(of: attempt) == nil)
        (attempt.outcome, attempt.label) = (kind.outcome, kind.label)
        let read = try #require(FailureKind(of: attempt))
        #expect(read.outcome == kind.outcome && read.label == kind.label)
    }

    // MARK: - What cannot be gone on with

    @Test func `a job of ours that nobody works on is gone on with at the second look`() async throws {
        let first = EngineScene(time: ManualTime(stands: true))
        first.health.gate(of: Registry.two().providers[0]).setLimit(0)
        let (starter, running) = try await first.start(first.order(.two(), .sample { $0.model = "a/m" }))
        await starter.drain()
        _ = await running.value()
        let scene = EngineScene()
        let runner = JobRunner(services: scene.services)
        let acceptance = Acceptance(
            job: try #require(first.store.allJobs.first),
            daemon: runner.daemon,
            lease: JobRunner.lease,
            now: scene.time.now()
        )
        _ = try await scene.store.accept(acceptance)
        let recovery = JobRecovery(services: scene.services, runner: runner) { .two() }
        await recovery.renew()
        #expect(runner.count == 0 && scene.upstream.calls.isEmpty)
        await recovery.renew()
        while runner.count > 0 { await Task.yield() }
        await scene.settle()
        #expect(scene.store.allJobs.first?.status == .succeeded && scene.upstream.places == ["a"])
    }

    @Test func `a job whose caller paid by a key of its own is lost with the key`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await first.start(first.order(.two(), ownKeys: ["a": Secret("own")]))
        _ = await running.value()
        let (scene, runner) = first.next()
        await scene.claim(runner)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == .failed && job.attempts.map(\.outcome) == [.unknown] && scene.upstream.calls.isEmpty)
        #expect(scene.store.spentNow(.all, on: first.time.now().day) == .zero)
    }

    @Test func `a job that was to be cancelled is, and its vendor told`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await first.start(first.order(.two()))
        _ = await running.value()
        let (scene, runner) = first.next()
        #expect(try await scene.store.requestCancel(running.job.id))
        await scene.claim(runner)
        #expect(scene.store.allJobs.map(\.status) == [.canceled] && scene.upstream.places == ["a/cancel"])
        #expect(scene.store.allJobs.first?.error?.code == "job_canceled")
    }
}
