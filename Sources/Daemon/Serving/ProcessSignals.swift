import Glibc
import Transport

/// The signals that steer the daemon, as a stream; blocked everywhere but on the one thread that waits for them.
struct ProcessSignals {
    enum Signal: Sendable {
        /// SIGHUP.
        case reload
        /// SIGTERM or SIGINT.
        case stop
    }

    private let pool: BlockingPool

    /// Blocks the signals in this thread and in all that it starts later, so it comes before any other thread.
    init() throws(TransportError) {
        var set = Self.signals
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        pool = try BlockingPool(name: "signals", threads: 1)
    }

    private static var signals: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in [SIGHUP, SIGTERM, SIGINT] { unsafe sigaddset(&set, signal) }
        return set
    }

    /// Waits for the next signal; nil when waiting is not possible.
    func next() async -> Signal? {
        let number = try? await pool.run { () -> Int32 in
            var set = Self.signals
            var number: Int32 = 0
            return unsafe sigwait(&set, &number) == 0 ? number : 0
        }
        switch number {
        case SIGHUP?: return .reload
        case SIGTERM?, SIGINT?: return .stop
        default: return nil
        }
    }
}
