package import Orchestrator

// TEMPORARY: jobs without leases and credits, as callers have them until the engine uses the operations above.
extension PostgresStore {
    package func accept(_ job: JobRecord) async throws(StoreError) {
        let daemon = DaemonID(trusted: "dmn_none")
        _ = try await accept(Acceptance(job: job, daemon: daemon, lease: .zero, now: job.created))
    }

    package func record(_ attempt: AttemptRecord, of job: JobID) async throws(StoreError) {
        if try await begin(attempt, of: .first(of: job), caps: []) == .begun { return }
        guard try await update(attempt, of: .first(of: job)) else { throw .conflict("no job '\(job)' was accepted") }
    }

    package func finish(_ job: JobRecord, inGallery: Bool) async throws(StoreError) {
        var end = JobEnd(job: job, lease: .first(of: job.id))
        end.inGallery = inGallery
        if try await finish(end) != nil { return }
        guard try await self.job(job.id) != nil else { throw .conflict("no job '\(job.id)' was accepted") }
    }

    package func unfinishedJobs() async throws(StoreError) -> [JobRecord] {
        let statement = PostgresStatement(
            "unfinished",
            isRepeatable: true,
            JobRecord.query + " WHERE status IN ('queued', 'running') ORDER BY id"
        )
        return try await ask(statement, []) { result throws(PostgresError) in
            try result.all { row throws(PostgresError) in try JobRecord(row) }
        }
    }
}
