/// Runs accepted jobs to their end, whoever still listens, and lets callers wait for, watch and cancel them.
package final class JobRunner: Sendable {
    private struct State: Sendable {
        var running: [JobID: RunningJob] = [:]
        var isDraining = false
        var idle: [CheckedContinuation<Void, Never>] = []
    }

    private let services: EngineServices
    private let state = Lock(State())

    package init(services: EngineServices) {
        self.services = services
    }

    /// Jobs accepted and not ended.
    package var count: Int { state.withLock { $0.running.count } }

    package var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Records a job with its first intents and starts it. Throws `overloaded` over `limit` jobs, `draining` while stopping.
    ///
    /// `uploads` are whatever owns the temporary files of the request's pictures; they are kept until the job has ended.
    package func start(
        _ job: JobRecord,
        _ execution: JobExecution,
        uploads: [any Sendable],
        limit: Int
    ) async throws(APIError) -> RunningJob {
        let running = RunningJob(job)
        let refusal: APIError? = state.withLock { state in
            if state.isDraining { return .draining }
            if state.running.count >= limit { return .overloaded("too many jobs are waiting; try again") }
            state.running[job.id] = running
            return nil
        }
        if let refusal { throw refusal }
        var accepted = job
        accepted.status = .running
        accepted.started = services.time.now()
        accepted.attempts = execution.intents
        do throws(StoreError) {
            try await services.store.accept(accepted)
        } catch {
            remove(job.id)
            throw .internalError("accept: \(error)")
        }
        running.begin(accepted)
        // Not a child of the caller's task: who hangs up must not end a job that may be billed. `drain` waits for it.
        let task = Task(executorPreference: services.executor()) { [self, accepted] in
            let end = await execution.run(accepted)
            withExtendedLifetime(uploads) {}
            await finish(end.job, sources: end.sources, running, inGallery: execution.isForGallery)
        }
        running.adopt(task)
        return running
    }

    package func running(_ id: JobID) -> RunningJob? {
        state.withLock { $0.running[id] }
    }

    /// Refuses new jobs from now on and returns when the last one has ended.
    package func drain() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isDraining = true
                guard !state.running.isEmpty else { return true }
                state.idle.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }

    private func finish(
        _ job: JobRecord,
        sources: [ByteSource],
        _ running: RunningJob,
        inGallery: Bool
    ) async {
        var job = job
        var sources = sources
        do throws(StoreError) {
            try await services.store.finish(job, inGallery: inGallery)
        } catch {
            // What is not on record was not delivered: the answer must not say otherwise.
            services.log.log(
                .error,
                "a job's end could not be recorded",
                [("job.id", job.id.text), ("why", "\(error)")]
            )
            job.status = .failed
            job.images = []
            job.cost = .zero
            job.error = .internalError("finish: \(error)")
            sources = []
        }
        running.end(job, sources: sources)
        remove(job.id)
        services.ended(job.id)
    }

    private func remove(_ id: JobID) {
        let waiting = state.withLock { state in
            state.running[id] = nil
            guard state.isDraining, state.running.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            defer { state.idle = [] }
            return state.idle
        }
        for continuation in waiting { continuation.resume() }
    }
}
