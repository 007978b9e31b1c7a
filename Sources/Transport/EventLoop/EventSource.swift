import CSystem

/// What a descriptor is ready for, or is to be watched for; the bits are those of `epoll_ctl(2)`.
package struct EventMask: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = EventMask(rawValue: system_epoll_in)
    package static let writable = EventMask(rawValue: system_epoll_out)
    /// The peer has shut down its writing half or the whole connection.
    package static let peerClosed = EventMask(rawValue: system_epoll_rdhup)
    /// Both halves are closed; always reported, need not be asked for.
    package static let hungUp = EventMask(rawValue: system_epoll_hup)
    /// An error is pending on the descriptor; always reported, need not be asked for.
    package static let failed = EventMask(rawValue: system_epoll_err)
    /// Report a change once instead of a state for as long as it lasts.
    package static let edgeTriggered = EventMask(rawValue: system_epoll_et)
}

/// The owner of descriptors on an ``EventLoop``.
package protocol EventSource: AnyObject {
    /// Tells that `descriptor` is ready; called on the loop's thread, never after `unregister`.
    func ready(_ descriptor: Int32, _ events: EventMask)
}
