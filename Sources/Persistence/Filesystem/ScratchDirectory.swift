internal import Glibc
import Synchronization

/// A directory for temporary files of one process, told from those of dead processes by a lock that dies with its owner.
final class ScratchDirectory: Sendable {
    let path: String
    /// Open for the lock's sake.
    private let descriptor: CInt
    private let counter = Atomic<UInt64>(0)

    /// Makes a directory inside `parent`, and removes what dead processes left there.
    init(in parent: String, disk: Disk) throws(SystemError) {
        try disk.makeDirectory(parent)
        ScratchDirectory.sweep(parent, disk: disk)
        // Between making and locking it another process's sweep may take the directory away: then there is the next.
        while true {
            let path = parent + "/" + Hex.text(SecureRandom().bytes(8))
            try disk.makeDirectory(path)
            let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            if descriptor < 0, errno == ENOENT { continue }
            guard descriptor >= 0 else { throw SystemError(operation: "open of a directory", code: errno) }
            var status = stat()
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0, unsafe fstat(descriptor, &status) == 0, status.st_nlink > 0 {
                self.path = path
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    deinit {
        unsafe _ = rmdir(path)
        close(descriptor)
    }

    /// The path of a file that does not exist yet.
    func freshPath() -> String {
        path + "/" + String(counter.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    /// Removes the directories whose owner lives no longer, with all that is in them.
    private static func sweep(_ parent: String, disk: Disk) {
        for name in disk.names(in: parent) {
            let path = parent + "/" + name
            let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { continue }
            for file in disk.names(in: path) { unsafe _ = unlink(path + "/" + file) }
            unsafe _ = rmdir(path)
        }
    }
}
