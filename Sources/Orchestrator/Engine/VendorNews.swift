/// Who waits for which vendor's work, so that the vendor's own news of its end wakes them.
///
/// News is a hint and nothing more: who is woken asks the vendor, as it would have done later without it. So news that is
/// forged, repeated, early or lost changes when a question is asked, and never what the answer is.
package final class VendorNews: Sendable {
    /// A vendor's work, by the provider that has it made.
    private struct Work: Hashable, Sendable {
        var provider: String
        var id: String
    }

    /// One who waits, by identity.
    package final class Listener: Sendable {
        fileprivate let bell = Doorbell()
    }

    /// Where a provider may send its news; nil: it could not reach us, or we could not tell its news from anybody's.
    package let address: @Sendable (Provider) -> String?
    private let state = Lock(State())

    private struct State: Sendable {
        var listeners: [Work: [Listener]] = [:]
        /// What nobody was waiting for, the newest last: a fast vendor's news may come before the answer that names the work.
        var unheard: [Work] = []
    }

    /// Beyond these, the oldest is forgotten, and found out by asking.
    private static let mostUnheard = 256

    package init(address: @escaping @Sendable (Provider) -> String? = { _ in nil }) {
        self.address = address
    }

    /// Wakes who waits for the work, or lets their next wait be none; false where nobody does.
    @discardableResult
    package func arrived(about id: String, from provider: String) -> Bool {
        let work = Work(provider: provider, id: id)
        let found = state.withLock { state in
            let found = state.listeners[work] ?? []
            if found.isEmpty, !state.unheard.contains(work) {
                if state.unheard.count == Self.mostUnheard { state.unheard.removeFirst() }
                state.unheard.append(work)
            }
            return found
        }
        for listener in found { listener.bell.ring() }
        return !found.isEmpty
    }

    /// Begins to listen; ends with `end`.
    func listen(for id: String, of provider: String) -> Listener {
        let (listener, work) = (Listener(), Work(provider: provider, id: id))
        let isLate = state.withLock { state in
            state.listeners[work, default: []].append(listener)
            guard let place = state.unheard.firstIndex(of: work) else { return false }
            state.unheard.remove(at: place)
            return true
        }
        if isLate { listener.bell.ring() }
        return listener
    }

    func end(_ listener: Listener, for id: String, of provider: String) {
        let work = Work(provider: provider, id: id)
        state.withLock { state in
            state.listeners[work]?.removeAll { $0 === listener }
            if state.listeners[work]?.isEmpty == true { state.listeners[work] = nil }
        }
    }

    /// Works that somebody waits for.
    var count: Int { state.withLock { $0.listeners.count } }
}

extension VendorNews.Listener {
    /// Waits for news, for at most `pause`; what came since the last wait counts.
    func wait(atMost pause: Duration, _ time: any TimeSource) async {
        await bell.wait(atMost: pause, time)
    }
}
