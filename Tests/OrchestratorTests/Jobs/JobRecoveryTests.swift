import Testing

@testable import Orchestrator

/// A process dies; the next one on the same record goes on.
@Suite struct JobRecoveryTests {
    /// The next process, when the leases of the one before have run out.
    private func next(after scene: EngineScene, stands: Bool = false) -> (EngineScene, JobRunner) {
        let next = EngineScene(
            time: ManualTime(stands: stands, seed: 7),
            store: MemoryStore(after: scene.store),
            storage: scene.storage
        )
        next.time.advance(by: scene.time.monotonic() + .seconds(3600))
        return (next, JobRunner(services: next.services))
    }

    private func claim(_ scene: EngineScene, _ runner: JobRunner, _ registry: Registry = .two()) async {
        await JobRecovery(services: scene.services, runner: runner) { registry }.claim()
        while runner.count > 0 { await Task.yield() }
        await scene.settle()
    }

    private func start(_ scene: EngineScene, _ order: JobOrder) async throws -> (JobRunner, RunningJob) {
        let runner = JobRunner(services: scene.services)
        guard case .started(let running, _) = try await runner.accept(order) else {
            throw APIError.internalError("repeated")
        }
        return (runner, running)
    }

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
        let (_, running) = try await start(first, first.order(.two()))
        _ = await running.value()
        let (scene, runner) = next(after: first)
        scene.upstream.script("a/poll", .pending("w1"), .pictures())
        await claim(scene, runner)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == crash.status && job.attempts.map(\.outcome) == [crash.outcome])
        #expect(scene.upstream.places == crash.calls && scene.store.finishedJobs.count == 1)
        #expect(job.images.count == (crash.status == .succeeded ? 1 : 0))
        #expect(scene.store.spentNow(.all, on: first.time.now().day) == usd("0.01"))
        if crash.status == .failed { #expect(job.error?.code == "all_providers_failed" && job.error?.status == 502) }
        await claim(scene, runner)
        #expect(scene.store.finishedJobs.count == 1)
    }

    @Test func `of several calls, those with a handle are gone on with and the others lost`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await start(first, first.order(.two(), .sample { $0.count = 2 }))
        _ = await running.value()
        let (scene, runner) = next(after: first)
        await claim(scene, runner)
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
        let (runner, running) = try await start(first, first.order(.two(), request))
        #expect(running.job.status == .queued && running.job.attempts.isEmpty)
        await runner.drain()
        let end = await running.value()
        #expect(end.job.status == .queued && end.isLeft && first.upstream.calls.isEmpty)
        first.storage.state.withLock { $0.published.append("png 64x64 opaque #1") }
        let (scene, other) = next(after: first)
        await claim(scene, other)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == .succeeded && job.started != nil && scene.upstream.places == ["a"])
        #expect(scene.upstream.calls.first?.body?["seed"]?.int == 5)
    }

    // MARK: - Going on with somebody else

    @Test func `work found again that then fails is made by the next candidate`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await start(first, first.order(.two()))
        _ = await running.value()
        let (scene, runner) = next(after: first)
        scene.upstream.script("a/poll", .pending("w1"), .fail("quota"))
        await claim(scene, runner)
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
        let (_, running) = try await start(first, first.order(.two(limit.change)))
        _ = await running.value()
        let (scene, runner) = next(after: first)
        scene.upstream.script("a/poll", .fail(limit.failure))
        await claim(scene, runner, .two(limit.change))
        #expect(scene.store.allJobs.map(\.status) == [.failed] && scene.upstream.places == ["a/poll"])
    }

    @Test func `while another call's outcome is in doubt, nobody else is asked`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await start(first, first.order(.two(), .sample { $0.count = 2 }))
        _ = await running.value()
        let (scene, runner) = next(after: first)
        scene.upstream.script("a/poll", .fail("quota"))
        await claim(scene, runner)
        #expect(scene.store.allJobs.map(\.status) == [.failed] && scene.upstream.places == ["a/poll"])
    }

    @Test func `a request whose pictures were not kept is not asked of anybody else`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let request = ImageRequest.sample(.edit) { $0.references = [.sample("png 64x64 opaque #77")] }
        let (_, running) = try await start(first, first.order(.two(), request))
        _ = await running.value()
        let (scene, runner) = next(after: first)
        scene.upstream.script("a/poll", .fail("quota"))
        await claim(scene, runner)
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
        let (_, running) = try await start(first, first.order(.two()))
        _ = await running.value()
        #expect(first.upstream.places == ["a"])
        let (scene, runner) = next(after: first)
        await claim(scene, runner)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == story.status && scene.upstream.places == story.places)
        #expect(job.attempts.map(\.provider) == ["a", "b"] && job.attempts.map(\.n) == [1, 2])
        await claim(scene, runner)
        #expect(scene.store.finishedJobs.count == 1)
    }

    @Test func `pictures between two attempts are made beside those under way`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 3))
        let gate = Watched(false)
        first.upstream.script("a", .pending("w1"), .hold(gate), .fail("quota"))
        let (_, running) = try await start(first, first.order(.two(), .sample { $0.count = 2 }))
        await first.upstream.world.wait { $0.calls.contains { $0.place == "a/poll" } }
        gate.update { $0 = true }
        _ = await running.value()
        let (scene, runner) = next(after: first)
        await claim(scene, runner)
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
        let (starter, running) = try await start(first, first.order(.two(), .sample { $0.model = "a/m" }))
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
        let (_, running) = try await start(first, first.order(.two(), ownKeys: ["a": Secret("own")]))
        _ = await running.value()
        let (scene, runner) = next(after: first)
        await claim(scene, runner)
        let job = try #require(scene.store.allJobs.first)
        #expect(job.status == .failed && job.attempts.map(\.outcome) == [.unknown] && scene.upstream.calls.isEmpty)
        #expect(scene.store.spentNow(.all, on: first.time.now().day) == .zero)
    }

    @Test func `a job that was to be cancelled is, and its vendor told`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 2))
        first.upstream.script("a", .pending("w1"))
        let (_, running) = try await start(first, first.order(.two()))
        _ = await running.value()
        let (scene, runner) = next(after: first)
        #expect(try await scene.store.requestCancel(running.job.id))
        await claim(scene, runner)
        #expect(scene.store.allJobs.map(\.status) == [.canceled] && scene.upstream.places == ["a/cancel"])
        #expect(scene.store.allJobs.first?.error?.code == "job_canceled")
    }

    // MARK: - Two processes

    @Test func `who has lost a job writes nothing, and tells its callers the end that the other recorded`() async throws
    {
        let first = EngineScene()
        let gate = Watched(false)
        first.upstream.script("a", .hold(gate), .pictures())
        let (runner, running) = try await start(first, first.order(.two()))
        await first.upstream.world.wait { !$0.calls.isEmpty }
        let (scene, other) = next(after: first)
        await claim(scene, other)
        #expect(scene.store.allJobs.map(\.status) == [.failed])
        gate.update { $0 = true }
        let end = await running.value()
        #expect(end.job.status == .failed && end.job.images.isEmpty && end.sources.isEmpty)
        #expect(scene.store.finishedJobs.count == 1)
        await runner.drain()
    }

    @Test func `renewing stops what is another's, and cancels what somebody wants cancelled`() async throws {
        let first = EngineScene()
        let gate = Watched(false)
        first.upstream.script("a", .hold(gate), .pictures())
        let (runner, running) = try await start(first, first.order(.two()))
        await first.upstream.world.wait { !$0.calls.isEmpty }
        #expect(try await first.store.requestCancel(running.job.id))
        await JobRecovery(services: first.services, runner: runner) { .two() }.renew()
        gate.update { $0 = true }
        #expect(await running.value().job.status == .canceled)
        await runner.drain()
    }

    @Test func `a lease that ran out is taken up again without losing the work`() async throws {
        let scene = EngineScene()
        let gate = Watched(false)
        scene.upstream.script("a", .hold(gate), .pictures())
        let (runner, running) = try await start(scene, scene.order(.two()))
        await scene.upstream.world.wait { !$0.calls.isEmpty }
        scene.time.advance(by: .seconds(60))
        await JobRecovery(services: scene.services, runner: runner) { .two() }.claim()
        #expect(running.lease?.fence == 2)
        gate.update { $0 = true }
        #expect(await running.value().job.status == .succeeded && scene.upstream.places == ["a"])
        await runner.drain()
    }

    @Test(arguments: [86_400, -3600, 31_536_000])
    func `a step of the wall clock is no reason to take up what is one's own`(seconds: Int64) async throws {
        let scene = EngineScene()
        let gate = Watched(false)
        scene.upstream.script("a", .hold(gate), .pictures())
        let (runner, running) = try await start(scene, scene.order(.two()))
        await scene.upstream.world.wait { !$0.calls.isEmpty }
        let recovery = JobRecovery(services: scene.services, runner: runner) { .two() }
        scene.time.step(by: .seconds(seconds))
        await recovery.look()
        #expect(running.lease?.fence == 1)
        // The lease follows the new time: another daemon by the same clock does not find it run out.
        let others = try await scene.store.claimJobs(
            by: DaemonID(trusted: "dmn_2"),
            for: JobRunner.lease,
            now: scene.time.now() + .seconds(29),
            limit: 9
        )
        #expect(others.isEmpty)
        gate.update { $0 = true }
        #expect(await running.value().job.status == .succeeded)
        await runner.drain()
    }

    @Test func `a job whose end could not be written when it was taken over is ended later`() async throws {
        let first = EngineScene(store: MemoryStore(writes: 1))
        let (_, running) = try await start(first, first.order(.two()))
        _ = await running.value()
        let (scene, runner) = next(after: first, stands: true)
        scene.store.state.withLock { $0.failuresToFinish = 1 }
        let recovery = JobRecovery(services: scene.services, runner: runner) { .two() }
        await recovery.look()
        // Two renewals tell that nobody here works on it.
        for _ in 0..<2 {
            scene.time.advance(by: .seconds(10))
            await recovery.look()
        }
        #expect(scene.store.allJobs.map(\.status) == [.failed] && runner.count == 0)
    }

    // MARK: - Repeats and caps

    @Test func `the same key again is the same job`() async throws {
        let scene = EngineScene()
        let runner = JobRunner(services: scene.services)
        var order = scene.order(.two())
        order.repeats = IdempotencyClaim(owner: order.owner, key: "k", fingerprint: "f", expires: scene.time.now())
        guard case .started(let running, _) = try await runner.accept(order),
            case .repeated(let record) = try await runner.accept(order)
        else {
            Issue.record("not begun once and repeated once")
            return
        }
        #expect(record.job == running.job.id && record.fingerprint == "f")
        _ = await running.value()
        await runner.drain()
        #expect(scene.upstream.places == ["a"])
        #expect(scene.health.gate(of: Registry.two().providers[0]).inFlight == 0)
    }

    @Test func `a fallback that would pass a cap is left out`() async throws {
        let scene = EngineScene()
        var registry = Registry.three
        registry.providers[1].spendPerDay = usd("0.01")
        registry.providers[1].models[0].tokenPrices = TokenPrices(
            textInput: 0,
            imageInput: 0,
            imageOutput: 1_000_000,
            textOutput: 0
        )
        registry.providers[1].models[0].tiers[0].price = PriceTable(flat: usd("0.005"))
        registry.providers[1].adapter = StubAdapter(
            base: "https://middle.example",
            bound: TokenUsage(imageOutput: 50_000)
        )
        scene.upstream.script("cheap", .fail("server_once"))
        let (runner, running) = try await start(scene, scene.order(registry))
        let job = await running.value().job
        #expect(job.status == .succeeded && scene.upstream.places == ["cheap", "dear"])
        #expect(job.attempts.map(\.provider) == ["cheap", "dear"] && job.attempts.map(\.n) == [1, 2])
        await runner.drain()
    }

    @Test func `a limit refuses by its own verdict, and credits by what is missing`() async throws {
        let scene = EngineScene()
        let runner = JobRunner(services: scene.services)
        var limited = scene.order(.two())
        limited.rates = [RateClaim(subject: "ip:a", rate: Rate(count: 1, window: .seconds(60)))]
        _ = try await runner.accept(limited)
        let tooMany = await error { _ = try await runner.accept(limited) }
        #expect(tooMany?.status == 429 && tooMany?.code == "rate_limit_exceeded" && tooMany?.headers.count == 3)
        var poor = scene.order(.two())
        poor.credits = { _ in
            (
                CreditQuote(credit: usd("0.01"), basis: .metered(markupMillionths: 1_000_000), freePerDay: 0),
                CreditClaim(holds: [usd("0.04")], freePerDay: 0, credit: usd("0.01"))
            )
        }
        let broke = await error { _ = try await runner.accept(poor) }
        #expect(broke?.status == 402 && broke?.facts["needed"]?.int == 4 && broke?.facts["available"]?.int == 0)
        await runner.drain()
        #expect(scene.store.allJobs.count == 1)
    }

    private func error(_ operation: () async throws -> Void) async -> APIError? {
        do {
            try await operation()
            return nil
        } catch {
            return error as? APIError
        }
    }

    // MARK: - The decision

    private func claimed(_ change: (inout ClaimedJob) -> Void) throws -> ClaimedJob {
        let scene = EngineScene()
        let (execution, job) = try scene.prepare(.two(), .sample { $0.count = 2 })
        var claimed = ClaimedJob(job: job, lease: execution.lease, claims: 1, isCancelRequested: false)
        _ = execution.enterAtOnce()
        claimed.job.attempts = execution.intents
        change(&claimed)
        return claimed
    }

    private func step(_ change: (inout ClaimedJob) -> Void, isLocal: Bool = false) throws -> RecoveryStep {
        RecoveryStep(for: try claimed(change)) { _ in isLocal }
    }

    @Test func `what was done decides what can be gone on with`() throws {
        let handle = VendorHandle(id: "w", pollURL: "https://a.example/poll/w")
        #expect(try step { $0.job.attempts = [] } == .run)
        #expect(try step { _ in } == .giveUp)
        #expect(try step({ _ in }, isLocal: true) == .resume([1, 2]))
        #expect(try step { $0.job.attempts[1].handle = handle } == .resume([2]))
        #expect(try step { $0.isCancelRequested = true } == .cancel)
        let ended: (inout ClaimedJob) -> Void = { claimed in
            for index in claimed.job.attempts.indices { claimed.job.attempts[index].outcome = .unavailable }
        }
        #expect(try step(ended) == .resume([]))
        #expect(
            try step {
                ended(&$0)
                JobWork(isForGallery: false, ownKeys: ["a"]).write(to: &$0.job.request)
            } == .giveUp
        )
        #expect(
            try step {
                ended(&$0)
                $0.job.attempts[0].outcome = .ok
            } == .giveUp
        )
        #expect(
            try step {
                $0.job.attempts[1].handle = handle
                $0.claims = 6
            } == .giveUp
        )
        #expect(
            try step {
                $0.job.attempts[1].handle = handle
                $0.job.attempts[1].outcome = .unusable
            } == .giveUp
        )
        #expect(
            try step {
                $0.job.attempts = []
                JobWork(isForGallery: false, ownKeys: ["a"]).write(to: &$0.job.request)
            } == .giveUp
        )
    }
}
