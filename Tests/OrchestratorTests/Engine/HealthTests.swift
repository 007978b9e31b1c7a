import Testing

@testable import Orchestrator

@Suite struct HealthTests {
    private let scene = EngineScene()

    private func capped(_ cap: String) -> Registry {
        var registry = Registry.two()
        registry.providers[0].spendPerDay = usd(cap)
        registry.providers.removeLast()
        return registry
    }

    private func spent(_ registry: Registry) -> MicroUSD {
        scene.store.spentNow(.provider(registry.providers[0].id), on: scene.time.now().day)
    }

    private func runAll(
        _ prepared: [(execution: JobExecution, job: JobRecord)],
        in scene: EngineScene
    ) async -> [JobRecord] {
        await withTaskGroup(of: JobRecord.self) { group in
            for (execution, job) in prepared { group.addTask { await scene.serve(execution, job) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// What came of fifty orders at once: refusals, and jobs that ended.
    private func runFifty(_ registry: Registry) async -> (refused: [APIError], ended: [JobRecord]) {
        let runner = JobRunner(services: scene.services)
        return await withTaskGroup(of: Result<JobRecord, APIError>.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    do throws(APIError) {
                        guard case .started(let running, _) = try await runner.accept(scene.order(registry)) else {
                            return .failure(.internalError("repeated"))
                        }
                        return .success(await running.value().job)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            var (refused, ended): ([APIError], [JobRecord]) = ([], [])
            for await result in group {
                switch result {
                case .success(let job): ended.append(job)
                case .failure(let error): refused.append(error)
                }
            }
            return (refused, ended)
        }
    }

    @Test func `fifty jobs at once never spend more than a provider's cap`() async throws {
        let registry = capped("0.105")
        let (refused, ended) = await runFifty(registry)
        #expect(ended.filter { $0.status == .succeeded }.count == 10 && scene.upstream.calls.count == 10)
        #expect(refused.count + ended.filter { $0.status == .failed }.count == 40)
        #expect((refused + ended.compactMap(\.error)).allSatisfy { $0.status == 429 || $0.status == 502 })
        #expect(spent(registry) == usd("0.1"))
    }

    @Test func `the cap over all providers is never passed, and no other provider is asked for it`() async throws {
        let (refused, ended) = await runFifty(.two { $0.limits.spendPerDay = usd("0.105") })
        #expect(scene.upstream.places == Array(repeating: "a", count: 10))
        let errors = refused + ended.compactMap(\.error)
        #expect(errors.count == 40 && errors.allSatisfy { $0.status == 429 && $0.code == "daily_budget_exceeded" })
        #expect(errors.allSatisfy { ($0.retryAfter ?? .zero) > .zero })
        #expect(scene.store.spentNow(.all, on: scene.time.now().day) == usd("0.1"))
    }

    @Test func `where a provider's cap is full, the next one serves`() async throws {
        var registry = Registry.two()
        registry.providers[0].spendPerDay = usd("0.105")
        let (refused, ended) = await runFifty(registry)
        #expect(refused.isEmpty && ended.allSatisfy { $0.status == .succeeded })
        #expect(scene.upstream.places.filter { $0 == "a" }.count == 10 && spent(registry) == usd("0.1"))
    }

    @Test func `what failed for nothing leaves its place under the cap to others`() async throws {
        let registry = capped("0.05")
        scene.upstream.script("a", .fail("server_once"), .fail("server_once"), .fail("server_once"), .pictures())
        for _ in 0..<3 { _ = await scene.end(registry) }
        scene.time.advance(by: .seconds(2))
        for _ in 0..<5 { #expect(await scene.end(registry)?.status == .succeeded) }
        #expect(spent(registry) == usd("0.05"))
        #expect(apiError { try scene.prepare(registry) }?.code == "daily_budget_exceeded")
    }

    @Test func `an unknown outcome keeps its worst cost under the cap`() async throws {
        let registry = capped("0.02")
        scene.upstream.script("a", .error(.timeout(sent: true)))
        for _ in 0..<2 { _ = await scene.end(registry) }
        #expect(spent(registry) == usd("0.02"))
    }

    @Test func `the cap of a new day is whole, and what was spent before a restart counts`() async throws {
        let registry = capped("0.02")
        let today = scene.time.now().day
        scene.store.state.withLock { $0.spent[today] = [.provider("a"): usd("0.015")] }
        #expect(apiError { try scene.prepare(registry) }?.code == "daily_budget_exceeded")
        scene.time.advance(by: .seconds(86_400))
        #expect(await scene.end(registry)?.status == .succeeded)
        #expect(spent(registry) == usd("0.01"))
    }

    @Test func `no more calls are under way than the entry allows, and none is lost`() async throws {
        let scene = EngineScene(time: ManualTime(stands: true))
        var registry = Registry.two()
        registry.providers[0].maxInFlight = 2
        let gate = Watched(false)
        scene.upstream.script("a", .hold(gate), .hold(gate), .pictures())
        let prepared = try (0..<10).map { number in try scene.prepare(registry, owner: "usr_\(number % 3)") }
        async let jobs = runAll(prepared, in: scene)
        while scene.health.gate(of: registry.providers[0]).waiting < 8 { await Task.yield() }
        #expect(scene.upstream.calls.count == 2)
        gate.update { $0 = true }
        let ended = await jobs
        #expect(
            ended.allSatisfy { $0.status == .succeeded },
            "\(ended.map { ($0.status, $0.error?.code, $0.attempts.map(\.label)) })"
        )
        #expect(scene.upstream.world.value.mostInFlight["a"] == 2)
    }

    // MARK: Breakers

    private func fail(_ word: String, times: Int = 5, ownKeys: [String: Secret] = [:]) async throws {
        scene.upstream.script("a", .fail(word))
        for _ in 0..<times { _ = try await scene.run(.two(), ownKeys: ownKeys) }
    }

    private var isOpen: Bool {
        scene.health.snapshot(of: .two(), at: scene.time.monotonic(), spent: [:]).open
            == [ModelReference(provider: "a", model: "m")]
    }

    @Test(arguments: ["server_once", "quota", "credential", "model", "unusable", "timeout", "cut"])
    func `a model that fails five times in a row is left out`(word: String) async throws {
        try await fail(word)
        #expect(isOpen)
        let before = scene.upstream.places.filter { $0 == "a" }.count
        for _ in 0..<5 { #expect(try await scene.run(.two()).images.map(\.provider) == ["b"]) }
        #expect(scene.upstream.places.filter { $0 == "a" }.count == before)
        scene.time.advance(by: .seconds(1))
        scene.upstream.script("a", .pictures())
        #expect(try await scene.run(.two()).images.map(\.provider) == ["a"])
        #expect(!isOpen)
    }

    @Test(arguments: ["rejected", "refused", "unsupported"])
    func `requests that a model cannot serve do not shut it for others`(word: String) async throws {
        try await fail(word, times: 12)
        #expect(!isOpen)
    }

    @Test(arguments: ["credential", "quota", "rate_limited"])
    func `a caller's own bad key does not shut the model for others`(word: String) async throws {
        try await fail(word, times: 12, ownKeys: ["a": Secret("own")])
        #expect(!isOpen)
    }

    @Test func `callers who hang up do not shut the model for others`() async throws {
        for _ in 0..<12 {
            let gate = Watched(false)
            scene.upstream.script("a", .hold(gate))
            let (execution, job) = try scene.prepare(.two())
            let calls = scene.upstream.calls.count
            let running = Task { await scene.serve(execution, job) }
            await scene.upstream.world.wait { $0.calls.count > calls }
            running.cancel()
            gate.update { $0 = true }
            #expect(await running.value.status == .canceled)
        }
        #expect(!isOpen)
    }

    @Test func `of many jobs at an open breaker one is the probe`() async throws {
        scene.upstream.script("a", .fail("server_once"))
        for _ in 0..<4 { _ = try await scene.run(.two()) }
        // Planned while the breaker was closed, run when it is open.
        let prepared = try (0..<20).map { _ in try scene.prepare(.two()) }
        _ = try await scene.run(.two())
        let before = scene.upstream.places.filter { $0 == "a" }.count
        _ = await runAll(prepared, in: scene)
        #expect(scene.upstream.places.filter { $0 == "a" }.count == before)
        scene.time.advance(by: .seconds(1))
        let more = try (0..<20).map { _ in try scene.prepare(.two()) }
        _ = await runAll(more, in: scene)
        #expect(scene.upstream.places.filter { $0 == "a" }.count == before + 1)
    }

    @Test func `retries stop when too many are under way`() {
        #expect(
            scene.health.begin(isRetry: true) && scene.health.begin(isRetry: true) && scene.health.begin(isRetry: true)
        )
        #expect(!scene.health.begin(isRetry: true) && !scene.health.allowsRetry)
        let reference = ModelReference(provider: "a", model: "m")
        scene.health.end(reference, isRetry: true, success: nil, took: .zero, at: .zero)
        #expect(scene.health.allowsRetry)
    }

    @Test func `answers are timed, failures are not`() async throws {
        try await fail("server_once", times: 1)
        let report = scene.health.report(of: Registry.two().providers[0])
        #expect(report.latency["m"] == nil && report.breakers.map(\.failures) == [1] && report.inFlight == 0)
        scene.upstream.script("a", .pictures())
        _ = try await scene.run(.two())
        let later = scene.health.report(of: Registry.two().providers[0])
        #expect(later.latency["m"] != nil && later.breakers.map(\.failures) == [0])
    }
}
