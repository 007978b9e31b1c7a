internal import Orchestrator

/// The one thread that writes: whatever waits goes into one transaction, so that all of it shares one fsync.
///
/// Operations are performed without savepoints. Where one fails, which is rare, the transaction is undone and each is
/// performed again in one of its own, so that a failure is nobody else's.
final class GroupCommitWriter: Sendable {
    /// What has happened since the start.
    struct Counts: Sendable {
        var commits = 0
        var operations = 0
    }

    private struct State {
        var counts = Counts()
        /// Why nothing is written any more; never taken back, the process has to start anew.
        var failure: StoreError?
        /// Whether the last transaction failed, for lack of space or otherwise.
        var isSuspect = false
    }

    /// The most that share a transaction: bounds the time until the first is answered.
    static let largestBatch = 512
    /// Log pages after which it is moved into the database file: 16 MiB, far apart enough to cost little per commit.
    static let checkpointPages = 4096

    let queue: Mailbox<any PendingCall>
    private let wakeups: Wakeups
    private let state = Lock(State())

    init(queueLimit: Int, wakeups: Wakeups = Wakeups()) {
        self.wakeups = wakeups
        queue = Mailbox(limit: queueLimit, wakeups: wakeups)
    }

    var counts: Counts { state.withLock { $0.counts } }
    var failure: StoreError? { state.withLock { $0.failure } }
    var isSuspect: Bool { state.withLock { $0.isSuspect } }

    /// Works until the queue is closed and empty, then leaves an empty log; the body of the thread.
    func run(on connection: Connection) {
        while true {
            let batch = queue.take(most: GroupCommitWriter.largestBatch)
            if batch.isEmpty { break }
            commit(batch, on: connection)
            checkpointIfDue(connection)
        }
        guard failure == nil else { return }
        // The log holds all that the file lacks: a failure here costs the next start some time, and nothing else.
        try? connection.checkpoint(emptying: true)
    }

    private func commit(_ batch: [any PendingCall], on connection: Connection) {
        do throws(DatabaseError) {
            if let failure {
                for call in batch { call.fail(failure) }
                return
            }
            try transact(batch, on: connection)
            wakeups.together { for call in batch { call.succeed() } }
        } catch {
            if batch.count > 1, failure == nil, !error.isFull {
                for call in batch { commit([call], on: connection) }
            } else {
                for call in batch { call.fail(failure ?? error.storeError) }
            }
        }
    }

    /// Performs a batch and commits it; after a throw nothing of it has happened.
    private func transact(_ batch: [any PendingCall], on connection: Connection) throws(DatabaseError) {
        var isCommitting = false
        do throws(DatabaseError) {
            try connection.statement("BEGIN IMMEDIATE").run()
            for call in batch { try call.perform(on: connection) }
            isCommitting = true
            try connection.statement("COMMIT").run()
        } catch {
            connection.undo()
            note(error, isCommitting: isCommitting)
            throw error
        }
        state.withLock { state in
            state.counts.commits += 1
            state.counts.operations += batch.count
            state.isSuspect = false
        }
    }

    private func checkpointIfDue(_ connection: Connection) {
        guard connection.logPageCount >= GroupCommitWriter.checkpointPages else { return }
        do throws(DatabaseError) {
            try connection.checkpoint()
        } catch {
            note(error, isCommitting: error.leavesCommitInDoubt)
        }
    }

    /// Stops all writing after failures that leave in doubt what is on the disk.
    private func note(_ error: DatabaseError, isCommitting: Bool) {
        let isFinal = error.endsWriting || (isCommitting && error.leavesCommitInDoubt)
        state.withLock { state in
            if !error.isContradiction { state.isSuspect = true }
            if isFinal, state.failure == nil { state.failure = error.storeError.stopped }
        }
    }
}

extension StoreError {
    /// The same, saying that it is for good.
    fileprivate var stopped: StoreError {
        switch self {
        case .unavailable(let why), .conflict(let why): .unavailable("writing has stopped until a restart: \(why)")
        case .corrupt(let why): .corrupt("writing has stopped until a restart: \(why)")
        }
    }
}
