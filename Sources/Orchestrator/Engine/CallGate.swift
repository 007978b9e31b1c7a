/// Holds the work at one provider to a number of attempts at a time, and its calls to a pace; who waits for a place is
/// let in fairly by owner.
package final class CallGate: Sendable {
    private struct Waiter: Sendable {
        var ticket: Int
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State: Sendable {
        var limit: Int
        var inFlight = 0
        var nextTicket = 0
        var queue = FairQueue<UserID, Waiter>()
        var pace: CallPace?
    }

    private let state: Lock<State>

    package init(limit: Int, pace: Rate? = nil) {
        state = Lock(State(limit: limit, pace: pace.map { CallPace($0) }))
    }

    package var inFlight: Int { state.withLock { $0.inFlight } }

    /// Calls that wait for a place.
    package var waiting: Int { state.withLock { $0.queue.count } }

    /// Takes a new limit from a reloaded registry; calls in flight stay.
    package func setLimit(_ limit: Int) {
        let admitted = state.withLock { state in
            state.limit = limit
            var admitted: [Waiter] = []
            while state.inFlight < state.limit, let next = state.queue.popFirst() {
                state.inFlight += 1
                admitted.append(next)
            }
            return admitted
        }
        for waiter in admitted { waiter.continuation.resume(returning: true) }
    }

    /// Takes a new pace from a reloaded registry; an unchanged one remembers its calls.
    package func setPace(_ rate: Rate?) {
        state.withLock { state in
            guard state.pace?.rate != rate else { return }
            state.pace = rate.map { CallPace($0) }
        }
    }

    /// Waits for the next call's turn; false when it comes after `deadline` on the monotonic clock, or the task was
    /// cancelled meanwhile.
    package func turn(until deadline: Duration, _ time: any TimeSource) async -> Bool {
        let now = time.monotonic()
        guard let turn = state.withLock({ $0.pace == nil ? now : $0.pace?.take(at: now, latest: deadline) }) else {
            return false
        }
        guard turn > now else { return true }
        do throws(CancellationError) {
            try await time.sleep(for: turn - now)
            return true
        } catch {
            return false
        }
    }

    /// Takes so many places, all or none, if they are free and nobody waits for them.
    package func enterAtOnce(_ count: Int = 1) -> Bool {
        state.withLock { state in
            guard state.inFlight + count <= state.limit, state.queue.count == 0 else { return false }
            state.inFlight += count
            return true
        }
    }

    /// Takes a place whether one is free or not, for work that goes on at the provider already.
    package func enterRegardless() {
        state.withLock { $0.inFlight += 1 }
    }

    /// Takes a place, waiting for one while there is none; false when the task was cancelled meanwhile.
    package func enter(_ owner: UserID) async -> Bool {
        let ticket: Int? = state.withLock { state in
            if state.inFlight < state.limit, state.queue.count == 0 {
                state.inFlight += 1
                return nil
            }
            state.nextTicket += 1
            return state.nextTicket
        }
        guard let ticket else { return true }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    // The handler below takes the same lock, so a cancellation is seen either here or there.
                    if Task.isCancelled { return false }
                    if state.inFlight < state.limit, state.queue.count == 0 {
                        state.inFlight += 1
                        return true
                    }
                    state.queue.append(Waiter(ticket: ticket, continuation: continuation), for: owner)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.queue.remove(for: owner) { $0.ticket == ticket } }
            waiter?.continuation.resume(returning: false)
        }
    }

    /// As `enter`, but gives up at `deadline` on the monotonic clock.
    package func enter(_ owner: UserID, until deadline: Duration, _ time: any TimeSource) async -> Bool {
        let left = deadline - time.monotonic()
        guard left > .zero else { return false }
        if enterAtOnce() { return true }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.enter(owner) }
            group.addTask {
                try? await time.sleep(for: left)
                return false
            }
            // A place that comes free at the last moment counts, since somebody has to give it back.
            var isIn = false
            for await part in group {
                isIn = isIn || part
                group.cancelAll()
            }
            return isIn
        }
    }

    /// Gives a place back.
    package func leave() {
        let next = state.withLock { state in
            guard state.inFlight <= state.limit, let next = state.queue.popFirst() else {
                state.inFlight -= 1
                return Waiter?.none
            }
            return next
        }
        next?.continuation.resume(returning: true)
    }
}
