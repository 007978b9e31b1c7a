/// What has been spent on a day, as the record knew it a moment ago: good for planning and for people to look at. What
/// may be spent is decided by the record alone.
package final class SpendView: Sendable {
    private struct State: Sendable {
        var day = Day(number: 0)
        var spent: [SpendSubject: MicroUSD] = [:]
        /// On the monotonic clock; nil: to be read anew.
        var readAt: Duration?
    }

    /// How old it may be when nothing was changed from here.
    private static let age = Duration.seconds(1)

    private let store: any Store
    private let time: any TimeSource
    private let state = Lock(State())

    init(store: any Store, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    /// Notes that this process has changed what is spent.
    package func forget() {
        state.withLock { $0.readAt = nil }
    }

    /// What is spent today; what was known before where the record cannot be read.
    package func today() async -> [SpendSubject: MicroUSD] {
        let (day, now) = (time.now().day, time.monotonic())
        let known = state.withLock { state -> [SpendSubject: MicroUSD]? in
            guard state.day == day, let readAt = state.readAt, now - readAt < Self.age else { return nil }
            return state.spent
        }
        if let known { return known }
        // A change while it is read makes it old again at once, so the mark is set first.
        state.withLock { $0.readAt = now }
        do throws(StoreError) {
            let spent = try await store.spent(on: day)
            state.withLock { ($0.day, $0.spent) = (day, spent) }
            return spent
        } catch {
            return state.withLock { state in
                state.readAt = nil
                return state.day == day ? state.spent : [:]
            }
        }
    }
}
