internal import Glibc
internal import Orchestrator

/// A bounded queue from any number of tasks to threads that sleep while it is empty.
///
/// Own lock and condition, as Swift's `Mutex` has no way to wait.
@safe final class Mailbox<Element: Sendable>: Wakeable, @unchecked Sendable {  // `mutex` guards every stored variable
    enum Answer {
        case accepted, full, closed
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let filled: UnsafeMutablePointer<pthread_cond_t>
    private let limit: Int
    private let wakeups: Wakeups
    /// Nil where the element was taken: one that is let go may call back, so none must die while the lock is held.
    private var queue: [Element?] = []
    /// Elements before it have been taken.
    private var head = 0
    /// Threads that sleep and that nobody has woken yet: waking one again costs a system call and brings nothing.
    private var sleepers = 0
    private var isClosed = false

    init(limit: Int, wakeups: Wakeups = Wakeups()) {
        self.limit = limit
        self.wakeups = wakeups
        unsafe mutex = .allocate(capacity: 1)
        unsafe filled = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(filled, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(filled)
        unsafe pthread_mutex_destroy(mutex)
        unsafe filled.deallocate()
        unsafe mutex.deallocate()
    }

    /// Adds an element unless the queue is full or closed; never waits for space.
    func put(_ element: Element) -> Answer {
        var wakes = false
        unsafe pthread_mutex_lock(mutex)
        // After the unlock, so that the woken thread finds the lock free.
        defer { if wakes, !wakeups.later(self) { wake() } }
        defer { unsafe pthread_mutex_unlock(mutex) }
        if isClosed { return .closed }
        if queue.count - head >= limit { return .full }
        queue.append(element)
        wakes = sleepers > 0
        if wakes { sleepers -= 1 }
        return .accepted
    }

    func wake() {
        unsafe _ = pthread_cond_signal(filled)
    }

    /// Waits for elements and takes up to `most`, in order; none means that the queue is closed and empty.
    func take(most: Int) -> [Element] {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while head == queue.count, !isClosed {
            sleepers += 1
            unsafe pthread_cond_wait(filled, mutex)
        }
        let end = min(queue.count, head + most)
        let taken = (head..<end).compactMap { queue[$0].take() }
        if end == queue.count {
            queue.removeAll(keepingCapacity: end <= 1024)
            head = 0
        } else {
            head = end
            if head >= 1024, head * 2 >= queue.count {
                queue.removeSubrange(..<head)
                head = 0
            }
        }
        return taken
    }

    /// Refuses further elements; those that wait are still taken.
    func close() {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        isClosed = true
        unsafe pthread_cond_broadcast(filled)
    }

    var count: Int {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return queue.count - head
    }
}
