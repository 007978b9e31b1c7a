internal import Orchestrator

// TEMPORARY: jobs without leases and credits, until nobody writes them so any more.
extension Connection {
    func acceptLegacy(_ job: JobRecord) throws(DatabaseError) {
        try insert(job, lease: nil)
    }

    func recordLegacy(_ attempt: AttemptRecord, of job: JobID) throws(DatabaseError) {
        let key = try requireJob(job)
        try put(attempt, of: job, key: key)
        try setRunning(job, from: attempt.started)
    }

    func finishLegacy(_ job: JobRecord, inGallery: Bool) throws(DatabaseError) {
        var end = JobEnd(job: job, lease: .first(of: job.id))
        end.inGallery = inGallery
        if try finish(end, fence: nil) == nil { _ = try requireJob(job.id) }
    }

    func unfinishedJobs() throws(DatabaseError) -> [JobRecord] {
        let ids = try statement("SELECT id FROM jobs WHERE status IN ('queued', 'running') ORDER BY id")
            .all { row in row.id(0) as JobID }
        return try ids.map { id throws(DatabaseError) in try job(id) }.compactMap { $0 }
    }

    private func requireJob(_ id: JobID) throws(DatabaseError) -> KeyID? {
        let found = try statement("SELECT key_id FROM jobs WHERE id = ?").bind(id).all { $0.optionalID(0) as KeyID? }
        guard let key = found.first else { throw .conflict("no job '\(id)' was accepted") }
        return key
    }
}
