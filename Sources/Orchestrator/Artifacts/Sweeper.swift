/// Removes what has run out of the record, and the bytes of pictures that nothing refers to any more: of deleted pictures,
/// of requests that have ended, of jobs that never came to their end.
///
/// Any number of daemons may sweep one record and one storage.
package final class Sweeper: Sendable {
    /// Between steps; a step looks at one of 256 shelves, so that a round takes three quarters of an hour.
    private static let pace = Duration.seconds(10)
    /// Bytes are stored before the row that names them is written: for so long they are nobody's without being in the way.
    static let youth = Duration.seconds(3600)
    private static let lookup = 500
    /// Rows of pictures past their time that are removed in one transaction: other writers wait meanwhile.
    private static let expiryBatch = 200
    /// In one step; the rest is left to the next round.
    private static let mostRemovals = 1000

    private let store: any Store
    private let storage: any ArtifactStorage
    private let time: any TimeSource
    private let log: any EventLog
    /// How long pictures are kept at the moment; nil: until somebody deletes them.
    private let retention: @Sendable () -> Duration?
    /// Told how many pictures were removed.
    private let count: @Sendable (Int) -> Void

    package init(
        store: any Store,
        storage: any ArtifactStorage,
        time: any TimeSource,
        log: any EventLog,
        count: @escaping @Sendable (Int) -> Void = { _ in },
        retention: @escaping @Sendable () -> Duration? = { nil }
    ) {
        self.store = store
        self.storage = storage
        self.time = time
        self.log = log
        self.retention = retention
        self.count = count
    }

    /// Sweeps until the task is cancelled.
    package func run() async {
        // Not all daemons begin at the same end, and one that is restarted often gets everywhere too.
        var shelf = UInt8(truncatingIfNeeded: time.random())
        while (try? await time.sleep(for: Self.pace)) != nil {
            await sweepRecord()
            await expire()
            await sweep(shelf)
            shelf &+= 1
        }
    }

    /// Removes the files of a picture whose row was deleted, if nothing else refers to them and they are old enough; if
    /// not, a later round will.
    package func release(_ digests: [String]) async {
        await remove(digests)
    }

    func sweepRecord() async {
        do throws(StoreError) {
            try await store.sweep(now: time.now())
        } catch {
            log.log(.warning, "the record was not swept", [("why", "\(error)")])
        }
    }

    /// Removes the pictures that are past their time: rows first, so that no link finds them, then bytes.
    func expire() async {
        guard let retention = retention() else { return }
        var removed = 0
        while removed < Self.mostRemovals, !Task.isCancelled {
            let digests: [String]
            do throws(StoreError) {
                digests = try await store.deleteImages(
                    createdBefore: time.now() + (.zero - retention),
                    limit: Self.expiryBatch
                )
            } catch {
                log.log(.warning, "pictures past their time remain", [("why", "\(error)")])
                return
            }
            await remove(Array(Set(digests)))
            removed += digests.count
            if digests.count < Self.expiryBatch { return }
        }
    }

    func sweep(_ shelf: UInt8) async {
        let digests: [String]
        do throws(ArtifactError) {
            digests = try await storage.digests(onShelf: shelf)
        } catch {
            log.log(.warning, "stored pictures could not be listed", [("why", "\(error)")])
            return
        }
        var (start, removed) = (0, 0)
        while start < digests.count, removed < Self.mostRemovals, !Task.isCancelled {
            let end = min(start + Self.lookup, digests.count)
            guard let some = await remove(Array(digests[start..<end])) else { return }
            removed += some
            start = end
        }
    }

    /// Removes those of the digests that nothing refers to; nil where that could not be found out or done.
    ///
    /// The order matters: what is taken up for a new row while this runs counts as young before that row is written.
    @discardableResult
    private func remove(_ digests: [String]) async -> Int? {
        let ripe = time.now() + (.zero - Self.youth)
        var removed = 0
        defer { if removed > 0 { count(removed) } }
        do {
            for digest in try await store.unreferenced(digests) {
                if try await storage.remove(digest, ifUnusedSince: ripe) { removed += 1 }
            }
            return removed
        } catch {
            log.log(.warning, "pictures that nothing refers to remain", [("why", "\(error)")])
            return nil
        }
    }
}
