import CSystem
import Glibc

/// What a process that serves many connections asks of the system, once, at its start.
package enum ProcessLimits {
    /// Raises the soft limit of open descriptors to the hard one and returns it.
    @discardableResult
    package static func raiseDescriptors() throws(TransportError) -> Int {
        let limit = system_raise_descriptor_limit()
        guard limit >= 0 else { throw TransportError(operation: "setrlimit RLIMIT_NOFILE", code: errno) }
        return Int(limit)
    }

    /// How many event loops the process can keep busy.
    package static var processors: Int { Int(system_processor_count()) }

    /// Makes a write to a closed connection, or beyond the largest size of a file, an error instead of the end of the
    /// process.
    package static func ignoreWriteSignals() {
        system_ignore_write_signals()
    }
}
