import CSystem
import Glibc
import Transport

/// The signals that steer the daemon, caught from the moment this is made.
struct ProcessSignals {
    enum Signal: Sendable {
        /// SIGHUP.
        case reload
        /// SIGTERM or SIGINT.
        case stop
    }

    private let pool: BlockingPool

    init() throws(TransportError) {
        guard system_catch_signals() == 0 else { throw TransportError(operation: "sigaction", code: errno) }
        pool = try BlockingPool(name: "signals", threads: 1)
    }

    /// Waits for the next signal; nil when waiting is not possible.
    func next() async -> Signal? {
        let number = try? await pool.run { system_next_signal() }
        switch number {
        case SIGHUP?: return .reload
        case SIGTERM?, SIGINT?: return .stop
        default: return nil
        }
    }
}
