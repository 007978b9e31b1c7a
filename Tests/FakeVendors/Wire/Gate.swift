import Glibc

/// Holds threads back until a test opens it: the way to make "slow" exact, without clocks.
@safe package final class Gate: @unchecked Sendable {  // sem_post(3) and sem_wait(3) are safe from any thread
    private let semaphore: UnsafeMutablePointer<sem_t>

    /// Makes a closed gate.
    package init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    /// Lets everybody through, now and later; may be repeated.
    package func open() {
        unsafe sem_post(semaphore)
    }

    /// Blocks the calling thread until the gate is open; never call it from a task.
    package func wait() {
        while unsafe sem_wait(semaphore) != 0, errno == EINTR {}
        // Whoever passes opens for the next.
        unsafe sem_post(semaphore)
    }
}
