import Testing

@testable import Orchestrator

@Suite struct JobExecutionTests {
    private let scene = EngineScene()

    private func outcomes(_ job: JobRecord) -> [String] {
        job.attempts.map { "\($0.provider) \($0.outcome?.rawValue ?? "-") \($0.label ?? "-") \($0.cost)" }
    }

    // MARK: Fan-out

    @Test func `a count over a call's becomes several calls and one answer`() async throws {
        let job = try await scene.run(.two(), .sample { $0.count = 4 })
        #expect(job.status == .succeeded && job.error == nil)
        #expect(scene.upstream.places == ["a", "a", "a", "a"])
        #expect(job.images.map(\.index) == [0, 1, 2, 3])
        #expect(Set(job.images.map(\.digest)).count == 4 && Set(job.images.map(\.id)).count == 4)
        #expect(Set(scene.storage.published) == Set(job.images.map(\.digest)))
        #expect(job.cost == usd("0.04") && job.images.allSatisfy { $0.cost == usd("0.01") })
        #expect(job.attempts.map(\.n) == [1, 2, 3, 4] && job.attempts.allSatisfy { $0.outcome == .ok })
    }

    @Test func `each call gets a seed of its own, the asked one among them`() async throws {
        _ = try await scene.run(
            .two(),
            .sample {
                $0.count = 3; $0.seed = 7
            }
        )
        #expect(Set(scene.upstream.calls.compactMap { $0.body?["seed"]?.int }) == [7, 8, 9])
    }

    @Test func `one of four that fails everywhere leaves three, and an entry that says so`() async throws {
        scene.upstream.script("a", .pictures(), .fail("server_once"), .pictures())
        scene.upstream.script("b", .fail("server_once"))
        let job = try await scene.run(.two(), .sample { $0.count = 4 })
        #expect(job.status == .succeeded && job.images.map(\.index) == [0, 1, 2])
        #expect(job.cost == usd("0.03"))
        #expect(job.adapted.map(\.field) == ["n"] && job.adapted.map(\.given) == ["3"])
        #expect(job.answer.missing.map(\.label) == ["server_error"])
        #expect((0..<4).contains(job.answer.missing[0].slot))
    }

    @Test func `a picture's seed is the vendor's word or, of a call for one, what was asked`() async throws {
        let wish = ImageRequest.sample {
            $0.count = 2
            $0.seed = 7
        }
        #expect(Set(try await scene.run(.two(), wish).images.map(\.seed)) == [7, 8])
        #expect(try await scene.run(.two(most: 2), wish).images.map(\.seed) == [nil, nil])
    }

    @Test func `where fidelity is strict, pictures come from one call or from another`() async throws {
        scene.upstream.script("a", .pictures(count: 2))
        let wish = ImageRequest.sample {
            $0.count = 3
            $0.routing.fidelity = .strict
        }
        let job = try await scene.run(.two(most: 3), wish)
        #expect(job.status == .succeeded && job.images.map(\.provider) == ["b", "b", "b"])
        // Two were billed at a, and are nobody's.
        #expect(outcomes(job) == ["a unusable unusable 0.03", "b ok - 0.06"])
        scene.upstream.script("b", .pictures(count: 2))
        scene.upstream.script("a", .pictures(count: 2))
        let none = try await scene.run(.two(most: 3), wish)
        #expect(none.status == .failed && none.images.isEmpty && none.answer.missing.isEmpty)
    }

    @Test func `what pictures were said to cost stands beside what they were billed`() async throws {
        var registry = Registry.two(most: 10)
        registry.providers[0].models[0].tokenPrices = TokenPrices(
            textInput: 0,
            imageInput: 0,
            imageOutput: 1_000_000,
            textOutput: 0
        )
        let wish = ImageRequest.sample { $0.count = 2 }
        scene.upstream.script("a", .pictures(tokens: 100), .pictures(tokens: 90_000), .pictures(count: 1))
        func reckoning() async throws -> Reckoning? { try await scene.run(registry, wish).attempts.first?.reckoning }
        #expect(try await reckoning() == Reckoning(quoted: usd("0.02"), billed: usd("0.0001")))
        // Beyond what was held, which is all that anybody pays here.
        let dear = try await scene.run(registry, wish)
        #expect(dear.attempts[0].reckoning == Reckoning(quoted: usd("0.02"), billed: usd("0.09")))
        #expect(dear.attempts[0].cost == usd("0.02"))
        #expect(try await reckoning() == Reckoning(quoted: usd("0.01"), billed: usd("0.01")))
        scene.upstream.script("a", .fail("server_once"))
        #expect(try await reckoning() == nil)
    }

    @Test func `where partial results are off, fewer pictures than asked are none`() async throws {
        scene.upstream.script("a", .pictures(), .fail("server_once"), .pictures())
        scene.upstream.script("b", .fail("server_once"))
        let job = try await scene.run(.two { $0.routing.partialResults = false }, .sample { $0.count = 4 })
        #expect(job.status == .failed && job.error?.status == 502 && job.images.isEmpty && job.cost == .zero)
    }

    // MARK: Fallback

    static let failing: [(Step, String)] = [
        (.fail("server_once"), "unavailable server_error 0"), (.fail("server"), "unavailable server_error 0"),
        (.fail("quota"), "unavailable quota 0"), (.fail("credential"), "unavailable credential 0"),
        (.fail("model"), "unavailable model_unavailable 0"), (.fail("unsupported"), "unavailable unsupported 0"),
        (.fail("connection"), "unavailable connection 0"), (.fail("rate_limited"), "unavailable rate_limited 0"),
        (.fail("unusable"), "unusable unusable 0.01"), (.pictures(count: 0), "unusable unusable 0.01"),
        (.pictures(broken: [0]), "unusable unusable 0.01"), (.fail("timeout"), "unknown timeout 0.01"),
        (.error(.notConnected), "unavailable connection 0"), (.error(.forbiddenAddress), "unavailable connection 0"),
        (.error(.timeout(sent: false)), "unavailable connection 0"),
        (.error(.timeout(sent: true)), "unknown timeout 0.01"),
        (.error(.cut(status: nil)), "unknown connection_cut 0.01"),
        (.error(.cut(status: 200)), "unknown connection_cut 0.01"),
        (.error(.cut(status: 503)), "unavailable server_error 0"),
        (.error(.malformed(status: 200)), "unusable unusable 0.01"),
        (.error(.malformed(status: 500)), "unavailable server_error 0"),
        (.error(.tooLarge(status: 200)), "unusable unusable 0.01"),
    ]

    @Test(arguments: failing)
    func `whatever fails at the first vendor is served by the second, and one success is answered`(
        step: Step,
        outcome: String
    ) async throws {
        scene.upstream.script("a", step)
        let job = try await scene.run(.two())
        #expect(job.status == .succeeded && job.images.map(\.provider) == ["b"] && job.cost == usd("0.02"))
        #expect(outcomes(job) == ["a \(outcome)", "b ok - 0.02"])
        #expect(scene.upstream.places == ["a", "b"])
    }

    static let final: [(String, Int, String)] = [
        ("rejected", 400, "invalid_value"), ("refused", 400, "moderation_blocked"),
    ]

    @Test(arguments: final)
    func `the caller's own fault ends with one call made`(word: String, status: Int, code: String) async throws {
        scene.upstream.script("a", .fail(word))
        let job = try await scene.run(.two())
        #expect(job.status == .failed && job.error?.status == status && job.error?.code == code)
        #expect(scene.upstream.places == ["a"] && job.cost == .zero && scene.storage.published.isEmpty)
    }

    @Test func `a refusal moves on where the operator says so`() async throws {
        scene.upstream.script("a", .fail("refused"))
        let job = try await scene.run(.two { $0.routing.onRefusal = .fallback })
        #expect(job.status == .succeeded && scene.upstream.places == ["a", "b"])
    }

    @Test func `after an unknown outcome there is one further attempt and no more`() async throws {
        for place in ["dear", "middle", "cheap"] { scene.upstream.script(place, .error(.cut(status: nil))) }
        let job = try await scene.run(.three)
        #expect(scene.upstream.places == ["cheap", "middle"])
        #expect(job.error?.status == 502 && job.attempts.map(\.cost) == [usd("0.003"), usd("0.02")])
    }

    @Test func `after an unknown outcome a vendor that is only busy ends the job too`() async throws {
        scene.upstream.script("cheap", .error(.timeout(sent: true)))
        scene.upstream.script("middle", .fail("server"))
        _ = try await scene.run(.three)
        #expect(scene.upstream.places == ["cheap", "middle"])
    }

    @Test func `where unknown outcomes fail, nothing is paid twice`() async throws {
        scene.upstream.script("a", .error(.timeout(sent: true)))
        let job = try await scene.run(.two { $0.routing.onUnknownOutcome = .fail })
        #expect(scene.upstream.places == ["a"] && job.error?.status == 504)
    }

    @Test func `without fallback the first candidate alone is tried`() async throws {
        scene.upstream.script("a", .fail("server_once"))
        let job = try await scene.run(.two(), .sample { $0.routing.fallback = false })
        #expect(scene.upstream.places == ["a"] && job.error?.code == "all_providers_failed")
    }

    @Test func `attempts are counted for each picture`() async throws {
        scene.upstream.script("a", .fail("server_once"))
        scene.upstream.script("b", .fail("server_once"))
        let job = try await scene.run(
            .two(),
            .sample {
                $0.count = 2; $0.routing.maxAttempts = 1
            }
        )
        #expect(scene.upstream.places == ["a", "a"] && job.attempts.count == 2)
    }

    // MARK: What stands in the way

    /// Opens the breaker of a vendor.
    private func shut(_ provider: String) {
        for _ in 0..<CircuitBreaker.threshold {
            _ = scene.health.begin(isRetry: false)
            let reference = ModelReference(provider: provider, model: "m")
            scene.health.end(reference, isRetry: false, success: false, took: .zero, at: scene.time.monotonic())
        }
    }

    @Test func `a vendor whose breaker opened meanwhile is no attempt, and the next takes its place`() async throws {
        let (execution, job) = try scene.prepare(
            .two(),
            .sample {
                $0.count = 2; $0.routing.maxAttempts = 1
            }
        )
        shut("a")
        let end = await scene.serve(execution, job)
        #expect(end.status == .succeeded && scene.upstream.places == ["b", "b"])
        #expect(outcomes(end) == ["b ok - 0.02", "b ok - 0.02"] && end.attempts.map(\.n) == [1, 2])
        #expect(scene.store.recordedAttempts.map(\.provider) == ["b", "b"])
        #expect(Set(scene.store.recordedAttempts.map(\.n)) == [1, 2])
    }

    @Test func `several calls in place of one that was not made have records of their own`() async throws {
        var registry = Registry.two()
        registry.providers[0].models[0].capabilities.maxImages = 10
        let (execution, job) = try scene.prepare(registry, .sample { $0.count = 3 })
        shut("a")
        let end = await scene.serve(execution, job)
        #expect(end.images.count == 3 && end.attempts.map(\.n) == [1, 2, 3])
        #expect(end.attempts.allSatisfy { $0.provider == "b" && $0.count == 1 && $0.outcome == .ok })
    }

    @Test func `what stopped an attempt still counts in the verdict`() async throws {
        scene.upstream.script("b", .fail("rate_limited"))
        let (execution, job) = try scene.prepare(.two())
        shut("a")
        let end = await scene.serve(execution, job)
        #expect(outcomes(end) == ["b unavailable rate_limited 0"])
        #expect(end.error?.status == 502 && end.error?.message.contains("a/m: server_error") == true)
    }

    @Test func `the cap over all providers, used up meanwhile, leaves no attempt and ends the day`() async throws {
        let registry = Registry.two { $0.limits.spendPerDay = usd("0.01") }
        let (execution, job) = try scene.prepare(registry)
        let day = scene.time.now().day
        scene.store.state.withLock { $0.spent[day] = [.all: usd("0.01")] }
        // Accepted as queued, since its breaker has opened: the cap is asked when it begins.
        shut("a")
        let end = await scene.serve(execution, job)
        #expect(end.attempts.isEmpty && end.error?.code == "daily_budget_exceeded" && scene.upstream.calls.isEmpty)
    }

    // MARK: Retries

    @Test func `a vendor that says when to come back is asked again then`() async throws {
        scene.upstream.script("a", .fail("rate_limited_2s"), .pictures())
        let job = try await scene.run(.two(retries: 1))
        #expect(scene.upstream.places == ["a", "a"] && scene.time.pauses.value == [.seconds(2)])
        #expect(outcomes(job) == ["a unavailable rate_limited 0", "a ok - 0.01"])
    }

    @Test func `a vendor that wants a long pause is left for the next`() async throws {
        scene.upstream.script("a", .fail("rate_limited_9s"))
        _ = try await scene.run(.two(retries: 2))
        #expect(scene.upstream.places == ["a", "b"] && scene.time.pauses.value.isEmpty)
    }

    @Test func `every vendor limiting its rate is told with the shortest pause`() async throws {
        scene.upstream.script("a", .fail("rate_limited_9s"))
        scene.upstream.script("b", .fail("rate_limited_2s"))
        let job = try await scene.run(.two())
        #expect(job.error?.status == 429 && job.error?.code == "provider_rate_limited")
        #expect(job.error?.retryAfter == .seconds(2))
    }

    @Test(arguments: 0...2)
    func `a vendor is asked once and then as often again as its entry says`(retries: Int) async throws {
        scene.upstream.script("a", .fail("server"))
        _ = try await scene.run(.two(retries: retries))
        #expect(scene.upstream.places == Array(repeating: "a", count: retries + 1) + ["b"])
    }

    // MARK: Time

    @Test func `no answer until the deadline is a timeout, inside the deadline`() async throws {
        scene.upstream.script("a", .hang)
        let began = scene.time.monotonic()
        let job = try await scene.run(.two { $0.routing.deadline = .seconds(60) })
        #expect(job.status == .failed && job.error?.status == 504 && job.error?.code == "timeout")
        #expect(scene.time.monotonic() - began == .seconds(60) && scene.upstream.places == ["a"])
    }

    @Test func `an attempt ends with its vendor's own time, and the next has what is left`() async throws {
        scene.upstream.script("a", .hang)
        var registry = Registry.two { $0.routing.deadline = .seconds(50) }
        registry.providers[0].timeout = .seconds(30)
        let job = try await scene.run(registry)
        #expect(job.status == .succeeded && scene.upstream.calls.map(\.timeLimit) == [.seconds(30), .seconds(20)])
    }

    @Test func `a place that does not come free in time is an overload, and nothing was sent`() async throws {
        let gate = scene.health.gate(of: Registry.two().providers[0])
        gate.setLimit(0)
        let job = try await scene.run(.two(), .sample { $0.model = "a/m" })
        #expect(job.error?.status == 503 && job.error?.code == "overloaded" && scene.upstream.calls.isEmpty)
        #expect(job.attempts.isEmpty && gate.waiting == 0 && gate.inFlight == 0)
        #expect(scene.store.spentNow(.all, on: scene.time.now().day) == .zero)
    }

    @Test func `waiting for a place takes nothing from the vendor's time`() async throws {
        let scene = EngineScene(time: ManualTime(stands: true))
        var registry = Registry.two()
        registry.providers[0].timeout = .seconds(10)
        registry.providers[0].maxInFlight = 1
        let gate = scene.health.gate(of: registry.providers[0])
        _ = await gate.enter(UserID(trusted: "usr_2"))
        let (execution, job) = try scene.prepare(registry)
        let running = Task { await scene.serve(execution, job) }
        while gate.waiting < 1 { await Task.yield() }
        scene.time.advance(by: .seconds(60))
        gate.leave()
        #expect(await running.value.status == .succeeded)
        #expect(scene.upstream.calls.map(\.timeLimit) == [.seconds(10)])
    }

    // MARK: Pictures that are no good

    @Test func `pictures that are no good are made anew elsewhere, and were billed`() async throws {
        scene.upstream.script("a", .pictures(broken: [1]))
        let job = try await scene.run(.two(most: 10), .sample { $0.count = 3 })
        #expect(job.status == .succeeded && job.images.map(\.provider) == ["a", "a", "b"])
        #expect(scene.upstream.calls.map { $0.body?["n"]?.int } == [3, 1])
        // Three were billed at a; the caller pays for the two that were good, and for the one of b.
        #expect(job.attempts.map(\.cost) == [usd("0.03"), usd("0.02")] && job.attempts.map(\.delivered) == [2, 1])
        #expect(job.cost == usd("0.04"))
    }

    @Test func `a vendor that makes more than asked delivers what was asked`() async throws {
        scene.upstream.script("a", .pictures(count: 3))
        let job = try await scene.run(.two(most: 10), .sample { $0.count = 2 })
        #expect(job.images.count == 2 && job.attempts.map(\.cost) == [usd("0.02")])
        #expect(job.cost <= usd("0.02"))
    }

    @Test(arguments: [1, 2, 3, 7, 10])
    func `the shares of the pictures add up to the cost of their call`(count: Int) async throws {
        var registry = Registry.two(most: 10)
        registry.providers[0].models[0].tokenPrices = TokenPrices(
            textInput: 0,
            imageInput: 0,
            imageOutput: 1_000_000,
            textOutput: 0
        )
        scene.upstream.script("a", .pictures(tokens: 100))
        let job = try await scene.run(registry, .sample { $0.count = count })
        #expect(job.cost == MicroUSD(micros: 100) && job.attempts.map(\.cost) == [job.cost])
        let shares = job.images.map(\.cost.micros)
        #expect(shares.reduce(0, +) == 100 && (shares.max() ?? 0) - (shares.min() ?? 0) <= 1)
        #expect(job.answer.usage == TokenUsage(imageOutput: 100) && job.answer.tier == .medium)
    }

    // MARK: The record

    @Test func `what is intended is on record before it is done, at its worst cost`() async throws {
        scene.upstream.script("a", .fail("server_once"))
        let (execution, job) = try scene.prepare(.two(), .sample { $0.count = 2 })
        let end = await scene.serve(execution, job)
        guard case .accept(let accepted)? = scene.store.entries.first else {
            Issue.record("nothing was accepted")
            return
        }
        #expect(accepted.attempts.map(\.provider) == ["a", "a"] && accepted.attempts.map(\.n) == [1, 2])
        #expect(accepted.attempts.allSatisfy { $0.cost == usd("0.01") && $0.outcome == nil && $0.count == 1 })
        // The first attempts were recorded with the job; those at b before they were sent.
        let recorded = scene.store.recordedAttempts
        #expect(recorded.filter { $0.provider == "a" }.allSatisfy { $0.outcome == .unavailable && $0.cost == .zero })
        let later = recorded.filter { $0.provider == "b" }
        #expect(later.map(\.provider) == ["b", "b"] && Set(later.map(\.n)) == [3, 4])
        #expect(later.allSatisfy { $0.outcome == nil && $0.cost == usd("0.02") })
        #expect(
            end.attempts.map(\.n) == [1, 2, 3, 4] && end.attempts.allSatisfy { $0.ended != nil && $0.tier == .medium }
        )
    }

    @Test func `an attempt that cannot be recorded is not made`() async throws {
        scene.upstream.script("a", .fail("server_once"))
        scene.store.state.withLock { $0.failsToRecord = true }
        let job = try await scene.run(.two())
        #expect(scene.upstream.places == ["a"] && job.error?.code == "internal_error")
        #expect(breaker("b") == .closed)
    }

    @Test func `a disk that is full is our failure, asks nobody else and counts as billed`() async throws {
        scene.storage.state.withLock { $0.failsToPublish = true }
        for _ in 0..<6 {
            let job = try await scene.run(.two())
            #expect(job.status == .failed && job.error?.code == "internal_error" && job.images.isEmpty)
            #expect(job.attempts.map(\.cost) == [usd("0.01")])
        }
        #expect(scene.upstream.places.allSatisfy { $0 == "a" } && breaker("a") == .closed)
    }

    @Test func `changes are told of whoever served, not of who failed`() async throws {
        var registry = Registry.two()
        registry.providers[0].models[0].capabilities.formats = [.png]
        scene.upstream.script("a", .fail("server_once"))
        var picture = ScriptedPicture()
        picture.format = .jpeg
        scene.upstream.script("b", .pictures(of: picture))
        let native = try await scene.run(registry, .sample { $0.format = .jpeg })
        #expect(native.images.map(\.format) == [.jpeg] && native.adapted.isEmpty)
        scene.upstream.script("a", .pictures())
        let converted = try await scene.run(registry, .sample { $0.format = .jpeg })
        #expect(converted.images.map(\.format) == [.jpeg] && converted.adapted.map(\.field) == ["output_format"])
    }

    func breaker(_ id: String) -> CircuitBreaker.State? {
        let provider = Registry.two().providers.first { $0.id == id }
        return provider.flatMap { scene.health.report(of: $0).breakers.first?.state }
    }
}
