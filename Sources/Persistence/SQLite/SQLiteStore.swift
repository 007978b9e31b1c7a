internal import CSQLite
internal import Glibc
package import Orchestrator

/// The durable record in one SQLite file, owned by this process alone.
///
/// One thread writes, with group commit; a few read beside it. No caller's thread ever waits for the disk. After an I/O
/// error that leaves a commit in doubt every operation throws `.unavailable` until the process starts anew; a full disk is
/// no such error, writing goes on when there is space again.
package final class SQLiteStore: Store {
    /// Sizes of the parts.
    package struct Options: Sendable {
        /// Threads that read.
        package var readers = 2
        /// Operations that may wait for the writer, and as many again for the readers; more are refused.
        package var queueLimit = 16_384
        /// The most pages of 4 KiB that the file may have; nil: no bound but the disk's.
        package var maxPages: Int?
        /// How the callers' loops and the writer wake each other.
        package var wakeups = Wakeups()

        package init() {}
    }

    private let writer: GroupCommitWriter
    private let writerThread: WorkerThread
    private let readers: ReaderPool

    /// Opens `orchestrator.sqlite` in a directory, which must exist, and brings its schema up to date.
    ///
    /// Blocks on the disk: call it at start. Throws `.unavailable` when another process owns the file, `.conflict` when a
    /// newer release wrote it.
    package convenience init(directory: String, options: Options = Options()) throws(StoreError) {
        try self.init(directory: directory, options: options, migrations: Migration.released, rewriting: { $0 })
    }

    /// `rewriting` is for tests that plant faults in statements.
    init(
        directory: String,
        options: Options,
        migrations: [Migration] = Migration.released,
        rewriting: @escaping @Sendable (String) -> String = { $0 }
    ) throws(StoreError) {
        _ = SQLiteStore.configureLibrary
        let lock = try DirectoryLock(path: directory + "/orchestrator.lock")
        let path = directory + "/orchestrator.sqlite"
        try SQLiteStore.createPrivately(path)
        do throws(DatabaseError) {
            let connection = try Connection(path: path, access: .readWrite, lock: lock, rewriting: rewriting)
            try Migration.apply(migrations, to: connection)
            try connection.endLeases()
            if let pages = options.maxPages { try connection.execute("PRAGMA max_page_count = \(pages)") }
            var reading: [Connection] = []
            for _ in 0..<max(1, options.readers) {
                reading.append(try Connection(path: path, access: .readOnly, rewriting: rewriting))
            }
            let writer = GroupCommitWriter(queueLimit: options.queueLimit, wakeups: options.wakeups)
            self.writer = writer
            readers = ReaderPool(reading, queueLimit: options.queueLimit)
            writerThread = WorkerThread("sqlite-write") { writer.run(on: connection) }
        } catch {
            throw error.storeError
        }
    }

    deinit {
        readers.queue.close()
        writer.queue.close()
    }

    /// Finishes what waits, empties the write-ahead log and gives the file free; later operations are refused.
    package func close() async {
        readers.queue.close()
        await readers.ended()
        writer.queue.close()
        await writerThread.ended()
    }

    /// Why nothing is written any more, once that is so: the process should end, and start anew.
    package var failure: StoreError? { writer.failure }

    /// Transactions committed and operations in them since the start; the second over the first is the size of a group.
    package var commitCounts: (commits: Int, operations: Int) {
        let counts = writer.counts
        return (counts.commits, counts.operations)
    }

    /// Operations that wait for the writer now.
    package var waitingWrites: Int { writer.queue.count }

    /// The value kept under a name, which is `value` if there was none: for what has to stay the same over restarts, such
    /// as the secret that signs links.
    package func constant(_ name: String, orElse value: String) async throws(StoreError) -> String {
        try await write { db throws(DatabaseError) in try db.constant(name, orElse: value) }
    }

    func write<Value: Sendable>(_ body: @escaping TypedCall<Value>.Body) async throws(StoreError) -> Value {
        try await writer.queue.call(body)
    }

    func read<Value: Sendable>(_ body: @escaping TypedCall<Value>.Body) async throws(StoreError) -> Value {
        try await readers.queue.call(body)
    }

    private static let configureLibrary: Void = csqlite_disable_memory_statistics()

    /// Makes the file readable by its owner alone; SQLite gives its companions the same rights.
    private static func createPrivately(_ path: String) throws(StoreError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("cannot open '\(path)': \(SystemError.text(errno))") }
        Glibc.close(descriptor)
    }
}

// MARK: - Pictures

extension SQLiteStore {
    package func image(_ id: ImageID) async throws(StoreError) -> StoredImage? {
        try await read { db throws(DatabaseError) in try db.image(id) }
    }

    package func images(_ query: ImageQuery) async throws(StoreError) -> [StoredImage] {
        try await read { db throws(DatabaseError) in try db.images(query) }
    }

    package func imageCount(_ query: ImageQuery) async throws(StoreError) -> Int {
        try await read { db throws(DatabaseError) in try db.imageCount(query) }
    }

    package func setVisibility(_ id: ImageID, isPublic: Bool) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.setVisibility(id, isPublic: isPublic) }
    }

    package func deleteImage(_ id: ImageID) async throws(StoreError) -> Bool {
        try await write { db throws(DatabaseError) in try db.deleteImage(id) }
    }

    package func deleteImages(createdBefore time: Timestamp, limit: Int) async throws(StoreError) -> [String] {
        try await write { db throws(DatabaseError) in try db.deleteImages(createdBefore: time, limit: limit) }
    }

    package func unreferenced(_ digests: [String]) async throws(StoreError) -> [String] {
        try await read { db throws(DatabaseError) in try db.unreferenced(digests) }
    }
}

// MARK: - Gallery

extension SQLiteStore {
    package func gallery(before time: Timestamp?, limit: Int) async throws(StoreError) -> [GalleryEntry] {
        try await read { db throws(DatabaseError) in try db.gallery(before: time, limit: limit) }
    }

    package func galleryEntry(at time: Timestamp) async throws(StoreError) -> GalleryEntry? {
        try await read { db throws(DatabaseError) in try db.galleryEntry(at: time) }
    }

    package func galleryEntry(of image: ImageID) async throws(StoreError) -> GalleryEntry? {
        try await read { db throws(DatabaseError) in try db.galleryEntry(of: image) }
    }
}

// MARK: - Life

extension SQLiteStore {
    /// Goes through the writer's queue; writes only where the last transaction failed, to learn whether that is over.
    package func ping() async throws(StoreError) {
        let probes = writer.isSuspect
        try await write { db throws(DatabaseError) in
            if probes { try db.execute("INSERT OR REPLACE INTO constants VALUES ('probe', hex(randomblob(4)))") }
        }
    }

    package func sweep(now: Timestamp) async throws(StoreError) {
        try await write { db throws(DatabaseError) in try db.sweep(now: now) }
    }
}
