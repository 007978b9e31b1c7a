import Glibc

/// What `Synchronization.Mutex` is, over a mutex of pthread, since ThreadSanitizer knows that one.
///
/// The `Mutex` of Swift 6.3 on Linux is built on futexes inside a library that is not instrumented: the sanitizer takes
/// every value it protects for unprotected. What crosses threads here is exactly what the sanitizer is to watch.
@safe package final class Lock<Value>: @unchecked Sendable {  // `value` is touched only while the mutex is held
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>  // must not move in memory
    private var value: Value

    package init(_ value: sending Value) {
        self.value = value
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` alone; it must be short and neither wait nor call out.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
