import Orchestrator
internal import Glibc
import Synchronization

/// A temporary file that one thread fills in the background, and that goes when nobody holds it any more.
final class SpoolFile: Sendable {
    typealias Queue = Mailbox<@Sendable () -> Void>

    private struct State {
        /// -1 until the first bytes are written.
        var descriptor: CInt = -1
        var failure: SystemError?
        var isDropped = false
    }

    let path: String
    private let scratch: ScratchDirectory
    private let disk: Disk
    private let queue: Queue
    private let state = Lock(State())
    private let pending = Atomic<Int>(0)

    init(in scratch: ScratchDirectory, disk: Disk, queue: Queue) {
        self.scratch = scratch
        self.disk = disk
        self.queue = queue
        path = scratch.freshPath()
    }

    deinit {
        let descriptor = state.withLock { $0.descriptor }
        guard descriptor >= 0 else { return }
        let remove: @Sendable () -> Void = { [path, scratch] in
            close(descriptor)
            unsafe _ = unlink(path)
            withExtendedLifetime(scratch) {}
        }
        // Freeing the blocks of a large file takes its time; only at shutdown is there no other thread for it.
        if queue.put(remove) != .accepted { remove() }
    }

    /// Bytes taken and not written yet.
    var pendingBytes: Int { pending.load(ordering: .relaxed) }

    /// Open for reading and writing; -1 before the first bytes are written.
    var descriptor: CInt { state.withLock { $0.descriptor } }

    /// Has bytes written after those of earlier calls.
    func append(_ bytes: [UInt8]) {
        pending.wrappingAdd(bytes.count, ordering: .relaxed)
        let answer = queue.put { [self] in
            write(bytes)
            pending.wrappingSubtract(bytes.count, ordering: .relaxed)
        }
        if answer != .accepted { fail(SystemError(operation: "write", code: ESHUTDOWN)) }
    }

    /// Waits until all bytes have been written; an error of any of them is thrown.
    func written() async throws(SystemError) {
        await withCheckedContinuation { continuation in
            if queue.put({ continuation.resume() }) != .accepted { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Says that the bytes are of no use, so that those that wait need not be written.
    func drop() {
        state.withLock { $0.isDropped = true }
    }

    /// Keeps the file from being published: after a failed fsync nobody knows what of it is on the disk, and a second
    /// fsync would succeed.
    func fail(_ error: SystemError) {
        state.withLock { $0.failure = $0.failure ?? error }
    }

    var failure: SystemError? { state.withLock { $0.failure } }

    /// Runs on the queue's thread alone, so the lock is not held while the disk works.
    private func write(_ bytes: [UInt8]) {
        let (isOver, opened) = state.withLock { ($0.isDropped || $0.failure != nil, $0.descriptor) }
        if isOver { return }
        do throws(SystemError) {
            let descriptor = opened >= 0 ? opened : try disk.create(path)
            state.withLock { $0.descriptor = descriptor }
            try disk.write(bytes, to: descriptor)
            disk.startWriting(descriptor)
        } catch {
            fail(error)
        }
    }
}
