import Testing

@testable import Orchestrator

/// What may keep a job from being let in.
@Suite struct JobAcceptanceTests {
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
        let (runner, running) = try await scene.start(scene.order(registry))
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
}
