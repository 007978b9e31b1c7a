import Synchronization

/// What one loop has done, or the sum over all loops.
package struct ServerCounters: Sendable, Equatable {
    package var connectionsAccepted = 0
    package var connectionsOpen = 0
    package var connectionsRefused = 0
    package var requests = 0
    /// Requests answered by the server itself because they broke the protocol, a limit or a deadline.
    package var rejected = 0
    package var bytesReceived = 0
    package var bytesSent = 0

    package init() {}

    static func += (sum: inout ServerCounters, part: ServerCounters) {
        sum.connectionsAccepted += part.connectionsAccepted
        sum.connectionsOpen += part.connectionsOpen
        sum.connectionsRefused += part.connectionsRefused
        sum.requests += part.requests
        sum.rejected += part.rejected
        sum.bytesReceived += part.bytesReceived
        sum.bytesSent += part.bytesSent
    }
}

/// A number that one thread writes and any may read: atomic for the readers, without the cost of an atomic addition.
struct SingleWriterCounter: ~Copyable {
    private let storage = Atomic(0)

    var value: Int { storage.load(ordering: .relaxed) }

    borrowing func add(_ amount: Int) {
        storage.store(storage.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}
