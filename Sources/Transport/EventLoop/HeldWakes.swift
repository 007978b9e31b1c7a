import CSystem

/// The loops that a thread has handed something over to without waking them yet.
final class HeldWakes {
    private var loops: [EventLoop] = []

    /// Runs `body` and wakes each loop once that it handed something over to.
    static func during(_ body: () -> Void) {
        let held = HeldWakes()
        unsafe system_thread_set_wakes(Unmanaged.passUnretained(held).toOpaque())
        body()
        system_thread_set_wakes(nil)
        for loop in held.loops { loop.signal() }
    }

    /// Notes a loop that is to be woken; false when the calling thread holds nothing back.
    static func hold(_ loop: EventLoop) -> Bool {
        guard let pointer = unsafe system_thread_wakes() else { return false }
        unsafe Unmanaged<HeldWakes>.fromOpaque(pointer).takeUnretainedValue().loops.append(loop)
        return true
    }
}
