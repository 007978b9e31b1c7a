internal import Glibc
internal import Orchestrator

/// Whole files, read and written in one go.
enum FileBytes {
    /// The content; nil when there is no such file.
    static func read(_ path: String, atMost limit: Int = 512 << 20) throws(CommandFailure) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .failure("cannot read '\(path)': \(SystemError.last)")
        }
        defer { close(file) }
        return try read(file, called: "'\(path)'", atMost: limit)
    }

    /// All that is still to come from a descriptor.
    static func read(_ file: Int32, called name: String, atMost limit: Int) throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .failure("cannot read \(name): \(SystemError.last)") }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= limit else { throw .failure("\(name) has more than \(limit >> 20) MiB") }
        }
    }

    /// Writes a file beside the old one and puts it in its place, so that either is there whole.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(CommandFailure) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp"
        let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw .failure("cannot write '\(path)': \(SystemError.last)") }
        let isWritten = writeAll(bytes, to: file) && fsync(file) == 0
        let why = SystemError.last
        close(file)
        guard isWritten, unsafe rename(temporary, path) == 0 else {
            let reason = isWritten ? SystemError.last : why
            unsafe unlink(temporary)
            throw .failure("cannot write '\(path)': \(reason)")
        }
    }

    static func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    static func makeDirectories(above path: String, mode: mode_t) throws(CommandFailure) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        try makeDirectories(String(path[..<slash]), mode: mode)
    }

    static func makeDirectories(_ path: String, mode: mode_t) throws(CommandFailure) {
        var facts = stat()
        if unsafe stat(path, &facts) == 0 {
            guard facts.st_mode & S_IFMT == S_IFDIR else { throw .failure("'\(path)' is no directory") }
            return
        }
        try makeDirectories(above: path, mode: mode)
        guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else {
            throw .failure("cannot make '\(path)': \(SystemError.last)")
        }
    }

    /// Where a path leads, links followed; the path itself while nothing is there.
    static func resolved(_ path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}

/// What the system said was wrong.
enum SystemError {
    static var last: String { unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)" }
}
