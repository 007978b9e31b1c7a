import Orchestrator

/// Hands early pictures from the engine to the connection: the vendor's stream waits until the client has read.
final class PartialChannel: Sendable {
    struct Item: Sendable {
        var sink: any ArtifactSink
        var index: Int
    }

    private struct State: Sendable {
        var senders: [(item: Item, continuation: CheckedContinuation<Void, Never>)] = []
        var receiver: CheckedContinuation<Item?, Never>?
        var isClosed = false
    }

    private let state = Lock(State())

    /// Returns once the picture has been taken, or at once when nobody will take it any more.
    func send(_ sink: any ArtifactSink, index: Int) async {
        let item = Item(sink: sink, index: index)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let (isDone, receiver) = state.withLock { state -> (Bool, CheckedContinuation<Item?, Never>?) in
                if state.isClosed { return (true, nil) }
                if let receiver = state.receiver {
                    state.receiver = nil
                    return (true, receiver)
                }
                state.senders.append((item, continuation))
                return (false, nil)
            }
            receiver?.resume(returning: item)
            if isDone { continuation.resume() }
        }
    }

    /// The next picture; nil once the channel is closed.
    func next() async -> Item? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Item?, Never>) in
            let (isDone, sender) = state.withLock { state in
                if !state.senders.isEmpty { return (true, Optional(state.senders.removeFirst())) }
                if !state.isClosed { state.receiver = continuation }
                return (state.isClosed, nil)
            }
            guard isDone else { return }
            continuation.resume(returning: sender?.item)
            sender?.continuation.resume()
        }
    }

    /// Ends the channel from either side; what is under way is dropped.
    func close() {
        let (senders, receiver) = state.withLock { state in
            state.isClosed = true
            defer {
                state.senders = []
                state.receiver = nil
            }
            return (state.senders, state.receiver)
        }
        for sender in senders { sender.continuation.resume() }
        receiver?.resume(returning: nil)
    }
}
