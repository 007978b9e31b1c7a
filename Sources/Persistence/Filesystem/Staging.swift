internal import Orchestrator

/// Where pictures wait as they arrive, before any storage has them: in memory while small, else in temporary files that one
/// thread writes.
final class Staging: SinkMaker {
    let scratch: ScratchDirectory
    private let disk: Disk
    private let limits: ImageLimits
    private let queue: SpoolFile.Queue
    private let thread: WorkerThread

    /// Makes a directory for temporary files in `parent`, and removes those of processes that have died.
    ///
    /// Blocks on the disk: call it at start.
    init(in parent: String, limits: ImageLimits, disk: Disk) throws(SystemError) {
        self.disk = disk
        self.limits = limits
        scratch = try ScratchDirectory(in: parent, disk: disk)
        let queue = SpoolFile.Queue(limit: .max)  // bounded by its writers, who obey `pendingBytes`
        self.queue = queue
        thread = WorkerThread("spool") {
            while let work = queue.take(most: 1).first { work() }
        }
    }

    deinit { queue.close() }

    func makeSink() -> any ArtifactSink {
        StagingSink(limits: limits) { [scratch, disk, queue] in SpoolFile(in: scratch, disk: disk, queue: queue) }
    }

    /// Has something done by the thread that writes; nil once that has ended.
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Value?, Never>) in
            if queue.put({ continuation.resume(returning: work()) }) != .accepted {
                continuation.resume(returning: nil)
            }
        }
    }

    /// Ends the thread after what waits for it; later pictures are refused.
    func close() async {
        queue.close()
        await thread.ended()
    }
}
