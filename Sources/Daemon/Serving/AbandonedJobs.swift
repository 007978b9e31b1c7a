import Orchestrator

/// Ends jobs that an earlier process left unfinished: what was sent and not answered stays on record as unknown.
struct AbandonedJobs {
    let store: any Store
    let time: any TimeSource
    let log: any EventLog

    func end() async throws(StoreError) {
        for abandoned in try await store.unfinishedJobs() {
            var job = abandoned
            job.status = .failed
            job.finished = time.now()
            for index in job.attempts.indices where job.attempts[index].outcome == nil {
                job.attempts[index].outcome = .unknown
                job.attempts[index].label = FailureKind.unknown(.crash).label
                job.attempts[index].ended = job.finished
            }
            job.error = APIError(
                502,
                .server,
                "all_providers_failed",
                "the server stopped while the request was running"
            )
            try await store.finish(job)
            log.log(.warning, "a job of an earlier run was ended", [("job.id", job.id.text)])
        }
    }
}
