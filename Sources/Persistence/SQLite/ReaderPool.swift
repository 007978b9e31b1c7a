/// A few threads that read, each over a connection of its own, beside the one that writes.
final class ReaderPool: Sendable {
    let queue: Mailbox<any PendingCall>
    private let threads: [WorkerThread]

    init(_ connections: [Connection], queueLimit: Int) {
        let queue = Mailbox<any PendingCall>(limit: queueLimit)
        self.queue = queue
        threads = connections.enumerated().map { number, connection in
            WorkerThread("sqlite-read-\(number)") { ReaderPool.run(queue, connection) }
        }
    }

    /// Returns when every reader has closed its connection.
    func ended() async {
        for thread in threads { await thread.ended() }
    }

    private static func run(_ queue: Mailbox<any PendingCall>, _ connection: Connection) {
        while let call = queue.take(most: 1).first {
            do throws(DatabaseError) {
                try connection.reading { connection throws(DatabaseError) in try call.perform(on: connection) }
                call.succeed()
            } catch {
                call.fail(error.storeError)
            }
        }
    }
}
