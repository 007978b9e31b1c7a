@testable import Orchestrator

extension EngineScene {
    /// The next process, when the leases of this one have run out.
    func next(stands: Bool = false) -> (EngineScene, JobRunner) {
        let next = EngineScene(
            time: ManualTime(stands: stands, seed: 7),
            store: MemoryStore(after: store),
            storage: storage
        )
        next.time.advance(by: time.monotonic() + .seconds(3600))
        return (next, JobRunner(services: next.services))
    }

    /// Claims what nobody works on, and waits until it has ended.
    func claim(_ runner: JobRunner, _ registry: Registry = .two()) async {
        await JobRecovery(services: services, runner: runner) { registry }.claim()
        while runner.count > 0 { await Task.yield() }
        await settle()
    }

    func start(_ order: JobOrder) async throws -> (JobRunner, RunningJob) {
        let runner = JobRunner(services: services)
        guard case .started(let running, _) = try await runner.accept(order) else {
            throw APIError.internalError("repeated")
        }
        return (runner, running)
    }
}
