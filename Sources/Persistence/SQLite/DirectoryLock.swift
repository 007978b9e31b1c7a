internal import Glibc
internal import Orchestrator

/// The right to be the only process that opens the database of a data directory; given back by `deinit` or death.
final class DirectoryLock: Sendable {
    private let descriptor: CInt

    /// Throws when another process, or another part of this one, has it.
    init(path: String) throws(StoreError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("cannot open '\(path)': \(SystemError.text(errno))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let owner = DirectoryLock.owner(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else { throw .unavailable("cannot lock '\(path)': \(SystemError.text(code))") }
            throw .unavailable("another process owns the SQLite file: \(owner) holds '\(path)'")
        }
        // For people and error messages only; the lock itself is the kernel's.
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        unsafe pwrite(descriptor, text, text.count, 0)
    }

    deinit { close(descriptor) }

    private static func owner(_ descriptor: CInt) -> String {
        let text = unsafe String(unsafeUninitializedCapacity: 32) { buffer in
            unsafe max(0, pread(descriptor, buffer.baseAddress, 32, 0))
        }
        return text.split(separator: "\n").first.flatMap { Int($0) }.map { "process \($0)" } ?? "it"
    }
}
