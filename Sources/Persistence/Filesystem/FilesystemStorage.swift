internal import Glibc
package import Orchestrator

/// Keeps pictures as files on local disk, or on a network disk that several daemons share.
///
/// A picture is written and synced under a temporary name on the same file system, then named by its digest, then its
/// directory is synced: what has the name is whole. No name holds text of a caller.
package final class FilesystemStorage: ArtifactStorage {
    private let layout: ArtifactLayout
    private let disk: Disk
    private let staging: Staging
    private let publisher: ArtifactPublisher
    private let publisherThread: WorkerThread

    /// Opens a directory, making it if needed, and removes temporary files of processes that have died.
    ///
    /// Blocks on the disk: call it at start.
    package convenience init(
        directory: String,
        limits: ImageLimits = ImageLimits(),
        wakeups: Wakeups = Wakeups()
    ) throws(ArtifactError) {
        try self.init(directory: directory, limits: limits, disk: Disk(), wakeups: wakeups)
    }

    init(directory: String, limits: ImageLimits, disk: Disk, wakeups: Wakeups = Wakeups()) throws(ArtifactError) {
        layout = ArtifactLayout(root: directory)
        self.disk = disk
        do throws(SystemError) {
            try disk.makeDirectory(directory)
            staging = try Staging(in: directory + "/tmp", limits: limits, disk: disk)
        } catch {
            throw .storage("cannot use '\(directory)': \(error)")
        }
        let publisher = ArtifactPublisher(layout: layout, scratch: staging.scratch, disk: disk, wakeups: wakeups)
        self.publisher = publisher
        publisherThread = WorkerThread("publish") { publisher.run() }
    }

    deinit { publisher.queue.close() }

    package func close() async {
        publisher.queue.close()
        await publisherThread.ended()
        await staging.close()
    }

    /// Why nothing is published any more, once that is so: the process should end, and start anew.
    package var failure: ArtifactError? {
        publisher.failure.map { .storage("keeping pictures has stopped until a restart: \($0)") }
    }

    package func makeSink() -> any ArtifactSink { staging.makeSink() }

    package func publish(_ staged: [StagedArtifact]) async throws(ArtifactError) {
        if staged.isEmpty { return }
        let result = await withCheckedContinuation { continuation in
            let call = ArtifactPublisher.Call(artifacts: staged, continuation: continuation)
            switch publisher.queue.put(.publish(call)) {
            case .accepted: break
            case .full: continuation.resume(returning: .failure(.storage("too many pictures wait to be kept")))
            case .closed: continuation.resume(returning: .failure(.storage("the storage is closed")))
            }
        }
        try result.get()
    }

    /// Looks at the file's entry on the caller's thread, as web servers do: a microsecond, and mostly from memory.
    package func open(_ digest: String) async throws(ArtifactError) -> HeldBytes {
        guard ArtifactLayout.isDigest(digest) else { throw .notFound }
        let path = layout.path(of: digest)
        guard let count = disk.byteCount(of: path) else { throw .notFound }
        return HeldBytes(source: .file(path: path, byteCount: count))
    }

    package func ready() async throws(ArtifactError) {
        if let failure { throw failure }
    }

    package func read(_ digest: String, _ part: Range<Int64>?) async throws(ArtifactError) -> StoredBytes {
        .held(try await open(digest))
    }

    package func contains(_ digest: String) async throws(ArtifactError) -> Bool {
        ArtifactLayout.isDigest(digest) && disk.byteCount(of: layout.path(of: digest)) != nil
    }

    package func renew(_ digest: String) async throws(ArtifactError) -> Bool {
        guard ArtifactLayout.isDigest(digest) else { return false }
        return try await ask { .renew(digest, $0) }
    }

    /// The name may come back after a power cut; then the file is one that nothing refers to, and a sweep finds it.
    package func remove(_ digest: String, ifUnusedSince time: Timestamp) async throws(ArtifactError) -> Bool {
        guard ArtifactLayout.isDigest(digest) else { return false }
        return try await ask { .remove(digest, ifUnusedSince: time, $0) }
    }

    package func digests(onShelf shelf: UInt8) async throws(ArtifactError) -> [String] {
        let path = layout.root + "/" + Hex.text([shelf])
        let found = await staging.run { [disk] in disk.names(in: path).filter(ArtifactLayout.isDigest) }
        guard let found else { throw .storage("the storage is closed") }
        return found
    }

    /// Has something done by the thread that publishes.
    private func ask(
        _ work: (CheckedContinuation<Result<Bool, SystemError>, Never>) -> ArtifactPublisher.Work
    ) async throws(ArtifactError) -> Bool {
        let result = await withCheckedContinuation { continuation in
            if publisher.queue.put(work(continuation)) != .accepted {
                continuation.resume(returning: .failure(SystemError(operation: "upkeep", code: ESHUTDOWN)))
            }
        }
        do throws(SystemError) {
            return try result.get()
        } catch {
            throw .storage("a stored picture could not be kept up: \(error)")
        }
    }
}
