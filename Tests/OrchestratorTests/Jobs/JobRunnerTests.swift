import Testing

@testable import Orchestrator

@Suite struct JobRunnerTests {
    private let scene = EngineScene()
    private let runner: JobRunner

    init() {
        runner = JobRunner(services: scene.services)
    }

    private func start(_ limit: Int = 100, uploads: [any Sendable] = []) async throws -> RunningJob {
        var order = scene.order(.two { $0.limits.queue = limit })
        order.uploads = uploads
        guard case .started(let running, _) = try await runner.accept(order) else {
            throw APIError.internalError("repeated")
        }
        return running
    }

    /// Makes calls at a wait until the gate is opened.
    private func hold() -> Watched<Bool> {
        let gate = Watched(false)
        scene.upstream.script("a", .hold(gate), .pictures())
        return gate
    }

    @Test func `a job is on record before it runs, and its end before anybody hears of it`() async throws {
        let gate = hold()
        let running = try await start()
        guard case .accept(let accepted)? = scene.store.entries.first else {
            Issue.record("nothing was accepted")
            return
        }
        #expect(accepted.status == .running && accepted.started != nil && accepted.attempts.map(\.provider) == ["a"])
        #expect(running.job.status == .running && runner.count == 1 && runner.running(accepted.id) === running)
        gate.update { $0 = true }
        let end = await running.value()
        #expect(end.job.status == .succeeded && end.job.finished != nil && end.sources.count == 1)
        #expect(scene.store.finishedJobs.map(\.id) == [accepted.id])
        await runner.drain()
        #expect(runner.count == 0 && runner.running(accepted.id) == nil)
    }

    @Test func `a job that has ended leaves nothing in memory`() async throws {
        weak var ended: RunningJob?
        do {
            let running = try await start()
            ended = running
            _ = await running.value()
        }
        await runner.drain()
        // The task that served it may be about to return.
        for _ in 0..<10_000 where ended != nil { await Task.yield() }
        #expect(ended == nil)
    }

    @Test func `everybody who waits gets the end, also who comes late`() async throws {
        let gate = hold()
        let running = try await start()
        async let first = running.value()
        async let second = running.value()
        gate.update { $0 = true }
        let ends = await [first, second, running.value()]
        #expect(Set(ends.map(\.job.id)).count == 1 && ends.allSatisfy { $0.job.status == .succeeded })
    }

    @Test func `who watches sees the states to the last`() async throws {
        let gate = hold()
        let running = try await start()
        let states = running.states()
        gate.update { $0 = true }
        var seen: [JobStatus] = []
        for await job in states { seen.append(job.status) }
        #expect(seen == [.running, .succeeded])
        var late: [JobStatus] = []
        for await job in running.states() { late.append(job.status) }
        #expect(late == [.succeeded])
    }

    @Test func `a job that is cancelled ends as such, and stays ended`() async throws {
        let gate = hold()
        let running = try await start()
        await scene.upstream.world.wait { !$0.calls.isEmpty }
        running.cancel()
        gate.update { $0 = true }
        let end = await running.value()
        #expect(end.job.status == .canceled && end.job.images.isEmpty && end.sources.isEmpty)
        #expect(end.job.error?.code == "job_canceled" && !end.isLeft)
        running.cancel()
        #expect(running.job.status == .canceled)
    }

    @Test func `a job that is cancelled while it waits says so, and not that there was no place`() async throws {
        let scene = EngineScene(time: ManualTime(stands: true))
        scene.health.gate(of: Registry.two().providers[0]).setLimit(0)
        let runner = JobRunner(services: scene.services)
        guard case .started(let running, _) = try await runner.accept(scene.order(.two())) else {
            Issue.record("nothing was accepted")
            return
        }
        #expect(running.job.status == .queued)
        running.cancel()
        let end = await running.value()
        #expect(end.job.status == .canceled && end.job.error?.code == "job_canceled" && scene.upstream.calls.isEmpty)
        await runner.drain()
    }

    @Test func `over the limit no job is accepted`() async throws {
        let gate = hold()
        let running = try await start(1)
        let error = await refusal { try await start(1) }
        #expect(error?.status == 503 && error?.code == "overloaded" && error?.retryAfter != nil)
        gate.update { $0 = true }
        _ = await running.value()
        while runner.count > 0 { await Task.yield() }
        #expect(await refusal { try await start(1) } == nil)
    }

    @Test func `while draining no job is accepted, and the last one ends it`() async throws {
        let gate = hold()
        let running = try await start()
        let isDrained = Watched(false)
        let draining = Task { [runner] in
            await runner.drain()
            isDrained.update { $0 = true }
        }
        while !runner.isDraining { await Task.yield() }
        #expect(await refusal { try await start() }?.code == "draining")
        #expect(!isDrained.value)
        gate.update { $0 = true }
        #expect(await running.value().job.status == .succeeded)
        await draining.value
        #expect(runner.count == 0)
        await runner.drain()
    }

    @Test func `a job that cannot be recorded is not begun`() async throws {
        scene.store.state.withLock { $0.failsToAccept = true }
        #expect(await refusal { try await start() }?.code == "overloaded")
        #expect(scene.upstream.calls.isEmpty && runner.count == 0)
        await runner.drain()
    }

    @Test func `an end that cannot be recorded at once is told when it is`() async throws {
        scene.store.state.withLock { $0.failuresToFinish = 8 }
        let end = try await start().value()
        #expect(end.job.status == .succeeded && end.job.images.count == 1 && end.sources.count == 1)
        #expect(scene.store.finishedJobs.count == 1 && scene.store.state.withLock { $0.tries } == 9)
        await runner.drain()
    }

    @Test func `an end is recorded however long the record was away`() async throws {
        // Far more than ten minutes of pauses.
        scene.store.state.withLock { $0.failuresToFinish = 2000 }
        _ = try await start()
        while runner.count > 0 { await Task.yield() }
        #expect(scene.store.finishedJobs.map(\.status) == [.succeeded])
        await runner.drain()
    }

    @Test func `while the record is away nobody hears of an end, and who waits is let go at the deadline`() async throws
    {
        scene.store.state.withLock { $0.failuresToFinish = 1_000_000 }
        let end = try await start().value()
        #expect(end.job.status == .running && end.job.images.isEmpty && end.sources.isEmpty)
        await runner.drain()
        #expect(scene.store.finishedJobs.isEmpty && runner.count == 0)
    }

    @Test func `a request's files are kept until its job has ended`() async throws {
        final class Upload: Sendable {
            let isKept: Watched<Bool>
            init(_ isKept: Watched<Bool>) { self.isKept = isKept }
            deinit { isKept.update { $0 = false } }
        }
        let isKept = Watched(true)
        let gate = hold()
        let running = try await start(uploads: [Upload(isKept)])
        await scene.upstream.world.wait { !$0.calls.isEmpty }
        #expect(isKept.value)
        gate.update { $0 = true }
        _ = await running.value()
        await isKept.wait { !$0 }
    }

    @Test func `many jobs at once all end once`() async throws {
        let ends = try await withThrowingTaskGroup(of: RunningJob.End.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let running = try await start()
                    if number % 5 == 0 { running.cancel() }
                    return await running.value()
                }
            }
            return try await group.reduce(into: [RunningJob.End]()) { $0.append($1) }
        }
        await runner.drain()
        #expect(ends.count == 100 && scene.store.finishedJobs.count == 100)
        #expect(ends.allSatisfy { $0.job.status.isFinal } && Set(ends.map(\.job.id)).count == 100)
        #expect(scene.health.gate(of: Registry.two().providers[0]).inFlight == 0)
    }

    private func refusal(_ operation: () async throws -> RunningJob) async -> APIError? {
        do {
            _ = try await operation()
            return nil
        } catch {
            return error as? APIError
        }
    }
}
