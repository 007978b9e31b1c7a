/// How event loops and the threads that work for them wake each other: once for a whole batch.
///
/// A thread that is woken for the first of many takes it alone, sleeps again, and interrupts for each what the other was
/// doing. On one core that made a third of a small request's CPU time: three switches between threads and two commits a
/// request, against one switch in eight requests. The standard values wake at once.
package struct Wakeups: Sendable {
    /// Takes over to wake somebody when the calling loop's turn ends; false when the caller is on no loop.
    package var later: @Sendable (any Wakeable) -> Bool = { _ in false }
    /// Runs its argument, which resumes many tasks, and wakes their loops when it has ended.
    package var together: @Sendable (() -> Void) -> Void = { $0() }

    package init() {}
}

/// Somebody who sleeps until there is work.
package protocol Wakeable: AnyObject, Sendable {
    func wake()
}
