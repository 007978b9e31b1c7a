internal import CSystem
internal import Glibc
internal import Orchestrator

/// The few system calls that a durable file takes, each with a place where a test can make it fail.
struct Disk: Sendable {
    /// What a call is for.
    enum Step: Sendable, CaseIterable {
        case create, write, sync, install, syncDirectory
    }

    /// Asked before each call; an errno that it returns is the call's failure.
    var fault: (@Sendable (Step) -> CInt?)?

    /// Makes a new file, readable and writable by its owner alone, and returns its descriptor.
    func create(_ path: String) throws(SystemError) -> CInt {
        try check(.create, "create")
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError(operation: "create", code: errno) }
        return descriptor
    }

    /// Writes all bytes at the descriptor's position.
    func write(_ bytes: [UInt8], to descriptor: CInt) throws(SystemError) {
        try check(.write, "write")
        let code: CInt = unsafe bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return errno }
                done += count
            }
            return 0
        }
        guard code == 0 else { throw SystemError(operation: "write", code: code) }
    }

    /// Starts to move a file's bytes to the disk without waiting, so that several go there at once; a hint.
    func startWriting(_ descriptor: CInt) {
        _ = system_start_writing(descriptor)
    }

    /// Returns when a file's bytes are on the disk.
    func sync(_ descriptor: CInt) throws(SystemError) {
        try check(.sync, "fsync")
        guard fsync(descriptor) == 0 else { throw SystemError(operation: "fsync", code: errno) }
    }

    /// Moves a file, in place of one that has the new name.
    func rename(_ path: String, to target: String) throws(SystemError) {
        try check(.install, "rename")
        guard unsafe Glibc.rename(path, target) == 0 else { throw SystemError(operation: "rename", code: errno) }
    }

    /// Gives a file a second name, which must be free.
    func link(_ path: String, as target: String) throws(SystemError) {
        try check(.install, "link")
        guard unsafe Glibc.link(path, target) == 0 else { throw SystemError(operation: "link", code: errno) }
    }

    func openDirectory(_ path: String) throws(SystemError) -> CInt {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(operation: "open of a directory", code: errno) }
        return descriptor
    }

    /// Returns when the names in a directory are on the disk.
    func syncDirectory(_ descriptor: CInt) throws(SystemError) {
        try check(.syncDirectory, "fsync of a directory")
        guard fsync(descriptor) == 0 else { throw SystemError(operation: "fsync of a directory", code: errno) }
    }

    /// Makes a directory for its owner alone; false when it was there.
    @discardableResult
    func makeDirectory(_ path: String) throws(SystemError) -> Bool {
        if unsafe mkdir(path, 0o700) == 0 { return true }
        guard errno == EEXIST else { throw SystemError(operation: "mkdir", code: errno) }
        return false
    }

    /// How many bytes a plain file has; nil for what is none or is not there.
    func byteCount(of path: String) -> Int64? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }

    /// When a plain file was written or touched last; nil for what is none or is not there.
    func modified(_ path: String) -> Timestamp? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000)
    }

    /// Makes a file count as written now; false where there is none.
    func touch(_ path: String) throws(SystemError) -> Bool {
        if unsafe utimensat(AT_FDCWD, path, nil, 0) == 0 { return true }
        guard errno == ENOENT else { throw SystemError(operation: "utimensat", code: errno) }
        return false
    }

    /// Removes a file; an absent one is no error.
    func remove(_ path: String) throws(SystemError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw SystemError(operation: "unlink", code: errno) }
    }

    /// The names in a directory; none where there is no directory.
    func names(in path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private func check(_ step: Step, _ operation: String) throws(SystemError) {
        if let fault, let code = fault(step) { throw SystemError(operation: operation, code: code) }
    }
}
