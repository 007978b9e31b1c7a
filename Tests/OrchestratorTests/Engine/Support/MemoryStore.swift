@testable import Orchestrator

/// A record in memory that notes what was written when, and can be told to fail.
final class MemoryStore: Store {
    enum Entry: Sendable {
        case accept(JobRecord)
        case attempt(AttemptRecord)
        case finish(JobRecord)
    }

    struct State: Sendable {
        var entries: [Entry] = []
        var failsToAccept = false
        var failsToRecord = false
        var failsToFinish = false
    }

    let state = Lock(State())

    var entries: [Entry] { state.withLock { $0.entries } }

    var recordedAttempts: [AttemptRecord] {
        entries.compactMap { if case .attempt(let attempt) = $0 { attempt } else { nil } }
    }

    var finishedJobs: [JobRecord] {
        entries.compactMap { if case .finish(let job) = $0 { job } else { nil } }
    }

    private func write(_ entry: Entry, unless fails: KeyPath<State, Bool>) throws(StoreError) {
        let failed = state.withLock { state in
            if !state[keyPath: fails] { state.entries.append(entry) }
            return state[keyPath: fails]
        }
        if failed { throw .unavailable("disk I/O error") }
    }

    func accept(_ job: JobRecord) async throws(StoreError) { try write(.accept(job), unless: \.failsToAccept) }

    func record(_ attempt: AttemptRecord, of job: JobID) async throws(StoreError) {
        try write(.attempt(attempt), unless: \.failsToRecord)
    }

    func finish(_ job: JobRecord, inGallery: Bool) async throws(StoreError) {
        try write(.finish(job), unless: \.failsToFinish)
    }

    // MARK: What the engine never asks

    func job(_ id: JobID) async throws(StoreError) -> JobRecord? { nil }
    func jobs(_ query: JobQuery) async throws(StoreError) -> [JobRecord] { [] }
    func unfinishedJobs() async throws(StoreError) -> [JobRecord] { [] }
    func image(_ id: ImageID) async throws(StoreError) -> StoredImage? { nil }
    func images(_ query: ImageQuery) async throws(StoreError) -> [StoredImage] { [] }
    func imageCount(_ query: ImageQuery) async throws(StoreError) -> Int { 0 }
    func setVisibility(_ id: ImageID, isPublic: Bool) async throws(StoreError) -> Bool { false }
    func deleteImage(_ id: ImageID) async throws(StoreError) -> Bool { false }
    func gallery(before time: Timestamp?, limit: Int) async throws(StoreError) -> [GalleryEntry] { [] }
    func galleryEntry(at time: Timestamp) async throws(StoreError) -> GalleryEntry? { nil }
    func galleryEntry(of image: ImageID) async throws(StoreError) -> GalleryEntry? { nil }
    func ensureUser(email: String, isAdmin: Bool, now: Timestamp, id: UserID) async throws(StoreError) -> UserRecord {
        UserRecord(id: id, email: email, isAdmin: isAdmin, created: now)
    }
    func user(_ id: UserID) async throws(StoreError) -> UserRecord? { nil }
    func addKey(_ key: KeyRecord) async throws(StoreError) {}
    func key(hash: String) async throws(StoreError) -> KeyRecord? { nil }
    func keys(of owner: UserID) async throws(StoreError) -> [KeyRecord] { [] }
    func revokeKey(_ id: KeyID, owner: UserID, now: Timestamp) async throws(StoreError) -> Bool { false }
    func spend(since: Timestamp, until: Timestamp?, by columns: [SpendColumn]) async throws(StoreError) -> [SpendRow] {
        []
    }
    func ping() async throws(StoreError) {}
}
