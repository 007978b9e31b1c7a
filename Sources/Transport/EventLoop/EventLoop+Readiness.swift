package import Orchestrator

extension EventLoop: ReadinessLoop {
    package func watch(_ descriptor: Int32, for readiness: Readiness, _ watcher: any ReadinessWatcher) -> Bool {
        register(descriptor, events: EventMask(readiness), source: WatchedDescriptor(watcher))
    }

    package func rewatch(_ descriptor: Int32, for readiness: Readiness) -> Bool {
        update(descriptor, events: EventMask(readiness))
    }

    package func unwatch(_ descriptor: Int32) {
        unregister(descriptor)
    }

    package func call(after delay: Duration, _ action: @escaping () -> Void) -> DelayedCall {
        DelayedCall(rawValue: schedule(after: delay, action).rawValue)
    }

    package func cancel(_ call: DelayedCall) {
        cancel(TimerToken(rawValue: call.rawValue))
    }
}

/// Translates the loop's events for an owner that knows nothing of epoll.
private final class WatchedDescriptor: EventSource {
    private let watcher: any ReadinessWatcher

    init(_ watcher: any ReadinessWatcher) { self.watcher = watcher }

    func ready(_ descriptor: Int32, _ events: EventMask) {
        var readiness: Readiness = []
        if events.contains(.readable) { readiness.insert(.reading) }
        if events.contains(.writable) { readiness.insert(.writing) }
        if events.contains(.hungUp) || events.contains(.failed) { readiness = [.reading, .writing] }
        watcher.ready(readiness)
    }
}

extension EventMask {
    fileprivate init(_ readiness: Readiness) {
        self = []
        if readiness.contains(.reading) { insert(.readable) }
        if readiness.contains(.writing) { insert(.writable) }
    }
}
