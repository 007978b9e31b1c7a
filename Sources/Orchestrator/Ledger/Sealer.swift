/// Gives transfers their number and their link in the chain of hashes, soon after they were made.
///
/// Any number of daemons may seal one record; it lets one at a time work.
package final class Sealer: Sendable {
    private let store: any LedgerStore & Sendable
    private let time: any TimeSource
    private let log: any EventLog
    private let isHinted = Lock(false)

    private static let pace = Duration.seconds(1)
    /// Others may have made transfers, and a hint may be lost with its process.
    private static let idleTurns = 5
    private static let batch = 1000

    package init(store: any LedgerStore & Sendable, time: any TimeSource, log: any EventLog) {
        self.store = store
        self.time = time
        self.log = log
    }

    /// Says that there is something to seal; costs nothing.
    package func hint() {
        isHinted.withLock { $0 = true }
    }

    /// Seals until cancelled: every second while there is something, else now and then.
    package func run() async {
        var idle = 0
        while !Task.isCancelled {
            do throws(CancellationError) {
                try await time.sleep(for: Self.pace)
            } catch {
                return
            }
            let isHinted = isHinted.withLock { hint in
                defer { hint = false }
                return hint
            }
            guard isHinted || idle == 0 || idle >= Self.idleTurns else {
                idle += 1
                continue
            }
            idle = await seal() ? 0 : 1
        }
    }

    /// Seals all that there is now; false when there was nothing.
    @discardableResult
    package func seal() async -> Bool {
        var count = 0
        do throws(StoreError) {
            while true {
                let sealed = try await store.seal(limit: Self.batch)
                count += sealed
                if sealed < Self.batch { break }
            }
        } catch {
            log.log(.warning, "transfers were not sealed", [("why", "\(error)")])
        }
        return count > 0
    }
}
