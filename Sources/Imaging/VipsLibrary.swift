internal import CVips
internal import Orchestrator
private import Synchronization

/// The one libvips of the process, loaded and started by the first picture: it costs tens of milliseconds and some twenty
/// megabytes that a daemon which never touches a pixel can do without.
enum VipsLibrary {
    private static let startError: String? = {
        defer { isStarted.store(true, ordering: .releasing) }
        return cvips_start() == 0 ? nil : takeError()
    }()
    private static let isStarted = Atomic(false)

    /// Starts the library unless that has been done; throws if it cannot be.
    static func start() throws(ImagingError) {
        if let startError { throw ImagingError(.storage, "libvips: \(startError)") }
    }

    /// The text of the last error; the buffer is one for all threads, so another thread's words may stand in it.
    static func takeError() -> String {
        guard let text = unsafe cvips_error_copy() else { return "no reason given" }
        defer { unsafe cvips_free(text) }
        return unsafe String(cString: text).split(separator: "\n").joined(separator: "; ")
    }

    /// Gives back what libvips keeps for the calling thread; due before a thread ends.
    ///
    /// A thread that only looked at headers may end before the library was ever started, and then there is nothing that
    /// it could be asked for without a crash.
    static func leaveThread() {
        guard isStarted.load(ordering: .acquiring) else { return }
        cvips_leave_thread()
    }
}
