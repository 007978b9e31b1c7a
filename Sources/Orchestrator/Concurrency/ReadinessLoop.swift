/// A thread that watches descriptors and keeps time for code that has none of its own, such as a database's client.
///
/// `isCurrent` and `execute` are for any thread, all else for the loop's own.
package protocol ReadinessLoop: AnyObject, Sendable {
    /// Whether the caller is on the loop's thread.
    var isCurrent: Bool { get }

    /// Runs `action` on the loop's thread, later.
    func execute(_ action: @escaping @Sendable () -> Void)

    /// Tells `watcher`, again and again as long as it lasts, that a descriptor is ready; keeps it alive until `unwatch`.
    ///
    /// False when the kernel refuses. A descriptor has one watcher.
    func watch(_ descriptor: Int32, for readiness: Readiness, _ watcher: any ReadinessWatcher) -> Bool

    /// Changes what a watched descriptor is watched for; false when the kernel refuses.
    func rewatch(_ descriptor: Int32, for readiness: Readiness) -> Bool

    /// Forgets a descriptor, before or after it is closed.
    func unwatch(_ descriptor: Int32)

    /// Runs `action` once `delay` has passed.
    func call(after delay: Duration, _ action: @escaping () -> Void) -> DelayedCall

    /// Forgets a call; nothing happens when it has been made.
    func cancel(_ call: DelayedCall)
}

/// What a descriptor is ready for. One that failed or was closed is ready for both, as either finds that out.
package struct Readiness: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let reading = Readiness(rawValue: 1)
    package static let writing = Readiness(rawValue: 2)
}

/// The owner of a watched descriptor.
package protocol ReadinessWatcher: AnyObject {
    /// On the loop's thread, never after `unwatch`.
    func ready(_ readiness: Readiness)
}

/// Names a call that a loop will make.
package struct DelayedCall: Sendable, Hashable {
    /// Of meaning to the loop only.
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}
