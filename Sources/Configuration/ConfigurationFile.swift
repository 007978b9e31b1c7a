import Glibc

/// Files that a configuration consists of: itself, and those that `${file:…}` names.
enum ConfigurationFile {
    /// Why a file could not be read, in the system's words.
    struct Problem: Error, Equatable {
        var message: String
    }

    /// The whole content; a file of more than `limit` bytes is cut behind one byte more, so that its reader sees the excess.
    static func bytes(of path: String, limit: Int) throws(Problem) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw lastProblem() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= limit {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw lastProblem()
            }
            if count == 0 { return bytes }
            bytes += chunk.prefix(count)
        }
        return Array(bytes.prefix(limit + 1))
    }

    /// A small UTF-8 file for a reference; nil when there is none that can be read.
    static func text(of path: String) -> String? {
        let limit = 1 << 16
        guard let bytes = try? bytes(of: path, limit: limit), bytes.count <= limit else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A path of the file, which starts from the file's own directory unless it is absolute.
    static func path(_ path: String, in directory: String) -> String {
        path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }

    /// What is before the last slash.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func lastProblem() -> Problem {
        let code = errno
        guard let text = unsafe strerror(code) else { return Problem(message: "error \(code)") }
        return Problem(message: unsafe String(cString: text).lowercased())
    }
}
