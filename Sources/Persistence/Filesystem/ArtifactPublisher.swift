internal import Glibc
internal import Orchestrator

/// The one thread that makes staged pictures durable: what waits is done together, so that each directory is synced once.
///
/// Per batch: all files are written, then synced, then named, then their directories are synced; only then is anybody told.
final class ArtifactPublisher: Sendable {
    /// What one caller waits for.
    struct Call: Sendable {
        var artifacts: [StagedArtifact]
        var continuation: CheckedContinuation<Result<Void, ArtifactError>, Never>
    }

    /// What is done on the thread, so that no picture is taken up and removed at the same time.
    enum Work: Sendable {
        case publish(Call)
        case renew(String, CheckedContinuation<Result<Bool, SystemError>, Never>)
        case remove(String, ifUnusedSince: Timestamp, CheckedContinuation<Result<Bool, SystemError>, Never>)
    }

    /// One picture on its way to its name.
    private struct Item {
        /// Which call of the batch it belongs to.
        var call: Int
        var digest: String
        var byteCount: Int64
        var path: String
        var descriptor: CInt
        /// Nil: the file at `path` is the publisher's own and may be moved.
        var spool: SpoolFile?
    }

    let queue: Mailbox<Work>
    private let wakeups: Wakeups
    private let layout: ArtifactLayout
    private let scratch: ScratchDirectory
    private let disk: Disk
    /// Why nothing is published any more: a directory could not be synced, so what is in it is in doubt.
    private let stopped = Lock<SystemError?>(nil)

    init(layout: ArtifactLayout, scratch: ScratchDirectory, disk: Disk, wakeups: Wakeups) {
        queue = Mailbox(limit: 16_384, wakeups: wakeups)
        self.wakeups = wakeups
        self.layout = layout
        self.scratch = scratch
        self.disk = disk
    }

    var failure: SystemError? { stopped.withLock { $0 } }

    /// Works until the queue is closed and empty; the body of the thread.
    func run() {
        let directories = KnownDirectories(layout: layout, disk: disk)
        while true {
            let batch = queue.take(most: 256)
            if batch.isEmpty { return }
            // Removals go first: what one of them has removed is written anew by a publication behind it.
            var calls: [Call] = []
            for work in batch {
                switch work {
                case .publish(let call): calls.append(call)
                case .renew(let digest, let continuation):
                    continuation.resume(
                        returning: Result { () throws(SystemError) in try disk.touch(layout.path(of: digest)) }
                    )
                case .remove(let digest, let time, let continuation):
                    continuation.resume(
                        returning: Result { () throws(SystemError) in try remove(digest, ifUnusedSince: time) }
                    )
                }
            }
            if !calls.isEmpty { publish(calls, directories) }
        }
    }

    /// Takes the file out of its place before it looks again, as another daemon on the same directory may be about to use
    /// it: that one either has touched it, and then it is put back, or does not find it, and writes it anew.
    private func remove(_ digest: String, ifUnusedSince time: Timestamp) throws(SystemError) -> Bool {
        let path = layout.path(of: digest)
        guard let modified = disk.modified(path), modified < time else { return false }
        let aside = scratch.freshPath()
        try disk.rename(path, to: aside)
        let isUnused = disk.modified(aside).map { $0 < time } ?? true
        if !isUnused {
            do throws(SystemError) {
                try disk.link(aside, as: path)
            } catch {
                guard error.code == EEXIST else { throw error }
            }
        }
        try disk.remove(aside)
        return isUnused
    }

    private func publish(_ batch: [Call], _ directories: KnownDirectories) {
        var failures = [SystemError?](repeating: failure, count: batch.count)
        var items: [Item] = []
        for (index, call) in batch.enumerated() where failures[index] == nil {
            each(call.artifacts.map { (index, $0) }, call: \.0, &failures) { pair throws(SystemError) in
                if let item = try prepare(pair.1, call: index, directories) { items.append(item) }
            }
        }
        if items.count > 1 {
            for item in items { disk.startWriting(item.descriptor) }
        }
        each(items, call: \.call, &failures) { item throws(SystemError) in try sync(item) }
        each(items, call: \.call, &failures) { item throws(SystemError) in try install(item, directories) }
        for item in items where item.spool == nil {
            close(item.descriptor)
            // Still there only where it was not moved.
            if failures[item.call] != nil { try? disk.remove(item.path) }
        }
        do throws(SystemError) {
            try directories.sync()
        } catch {
            stopped.withLock { $0 = error }
            failures = failures.map { $0 ?? error }
        }
        wakeups.together {
            for (call, failure) in zip(batch, failures) {
                call.continuation.resume(
                    returning: failure.map { .failure(.storage("pictures could not be kept: \($0)")) } ?? .success(())
                )
            }
        }
    }

    /// Does one step for each, leaving out those of calls that have failed already.
    private func each<Element>(
        _ elements: [Element],
        call: (Element) -> Int,
        _ failures: inout [SystemError?],
        _ step: (Element) throws(SystemError) -> Void
    ) {
        for element in elements where failures[call(element)] == nil {
            do throws(SystemError) {
                try step(element)
            } catch {
                failures[call(element)] = error
            }
        }
    }

    /// Puts a picture's bytes into a file; nil when they are stored already.
    private func prepare(
        _ artifact: StagedArtifact,
        call: Int,
        _ directories: KnownDirectories
    ) throws(SystemError) -> Item? {
        let count = artifact.source.byteCount
        let path = layout.path(of: artifact.digest)
        if disk.byteCount(of: path) == count, try disk.touch(path) {
            // Another daemon on the same directory may have named it and not synced yet.
            directories.touch(artifact.digest)
            return nil
        }
        switch artifact.source {
        case .bytes(let bytes):
            let path = scratch.freshPath()
            let descriptor = try disk.create(path)
            do throws(SystemError) {
                try disk.write(bytes, to: descriptor)
            } catch {
                close(descriptor)
                try? disk.remove(path)
                throw error
            }
            return Item(
                call: call,
                digest: artifact.digest,
                byteCount: count,
                path: path,
                descriptor: descriptor,
                spool: nil
            )
        case .file(let path, _):
            guard let spool = artifact.keeper?.object as? SpoolFile, spool.path == path else {
                throw SystemError(operation: "publish of another storage's file", code: EINVAL)
            }
            if let failure = spool.failure { throw failure }
            return Item(
                call: call,
                digest: artifact.digest,
                byteCount: count,
                path: path,
                descriptor: spool.descriptor,
                spool: spool
            )
        }
    }

    private func sync(_ item: Item) throws(SystemError) {
        do throws(SystemError) {
            try disk.sync(item.descriptor)
        } catch {
            item.spool?.fail(error)
            throw error
        }
    }

    /// Gives a synced file its name.
    private func install(_ item: Item, _ directories: KnownDirectories) throws(SystemError) {
        try directories.require(item.digest)
        do throws(SystemError) {
            try name(item)
        } catch {
            // Somebody removed the directory since we made it.
            guard error.code == ENOENT else { throw error }
            directories.forget(item.digest)
            try directories.require(item.digest)
            try name(item)
        }
        directories.touch(item.digest)
    }

    private func name(_ item: Item) throws(SystemError) {
        let target = layout.path(of: item.digest)
        guard item.spool != nil else { return try disk.rename(item.path, to: target) }
        // A second name, not a new one: whoever staged the picture may still read it where it was.
        do throws(SystemError) {
            try disk.link(item.path, as: target)
        } catch {
            guard error.code == EEXIST else { throw error }
            if disk.byteCount(of: target) == item.byteCount { return }
            let whole = item.path + ".whole"
            try disk.link(item.path, as: whole)
            try disk.rename(whole, to: target)
        }
    }
}
