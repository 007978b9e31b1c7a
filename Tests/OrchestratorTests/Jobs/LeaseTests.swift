import Testing

@testable import Orchestrator

/// Two processes, and one job.
@Suite struct LeaseTests {
    @Test func `who has lost a job writes nothing, and tells its callers the end that the other recorded`() async throws
    {
        let first = EngineScene()
        let gate = Watched(false)
        first.upstream.script("a", .hold(gate), .pictures())
        let (runner, running) = try await first.start(first.order(.two()))
        await first.upstream.world.wait { !$0.calls.isEmpty }
        let (scene, other) = first.next()
        await scene.claim(other)
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
        let (runner, running) = try await first.start(first.order(.two()))
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
        let (runner, running) = try await scene.start(scene.order(.two()))
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
        let (runner, running) = try await scene.start(scene.order(.two()))
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
        let (_, running) = try await first.start(first.order(.two()))
        _ = await running.value()
        let (scene, runner) = first.next(stands: true)
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
}
