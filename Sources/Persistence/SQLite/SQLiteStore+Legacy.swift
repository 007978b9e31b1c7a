package import Orchestrator

// TEMPORARY: with `JobRows+Legacy.swift`, deleted when the engine uses the operations with leases.
extension SQLiteStore {
    package func accept(_ job: JobRecord) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.acceptLegacy(job) }
    }

    package func record(_ attempt: AttemptRecord, of job: JobID) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.recordLegacy(attempt, of: job) }
    }

    package func finish(_ job: JobRecord, inGallery: Bool) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.finishLegacy(job, inGallery: inGallery) }
    }

    package func unfinishedJobs() async throws(StoreError) -> [JobRecord] {
        try await read { db throws(DatabaseError) in try db.unfinishedJobs() }
    }
}
