internal import CVips
internal import Orchestrator

/// The one libvips of the process, started by the first picture: its start costs tens of milliseconds that a daemon
/// which never touches a pixel need not wait for.
enum VipsLibrary {
    private static let startError: String? = cvips_start() == 0 ? nil : takeError()

    /// Starts the library unless that has been done; throws if it cannot be.
    static func start() throws(ImagingError) {
        if let startError { throw ImagingError(.storage, "libvips: \(startError)") }
    }

    /// The text of the last error; the buffer is one for all threads, so another thread's words may stand in it.
    static func takeError() -> String {
        guard let text = unsafe vips_error_buffer_copy() else { return "no reason given" }
        defer { unsafe cvips_free(text) }
        return unsafe String(cString: text).split(separator: "\n").joined(separator: "; ")
    }

    /// Gives back what libvips keeps for the calling thread; due before a thread ends.
    static func leaveThread() {
        vips_thread_shutdown()
    }
}
