import Glibc
import Orchestrator
import Persistence

/// The directory that holds everything the daemon keeps.
struct DataDirectory: Sendable {
    /// Why the directory cannot be used.
    struct Problem: Error {
        var message: String
    }

    let path: String
    var artifacts: String { path + "/artifacts" }
    var spool: String { path + "/spool" }
    /// Pictures on their way to a storage elsewhere.
    var incoming: String { path + "/incoming" }

    private static let secretBytes = 32

    /// Makes the directory and its parts where they are missing; only their owner may look inside.
    init(_ path: String) throws(Problem) {
        self.path = path
        for directory in [path, artifacts, spool] {
            guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else {
                throw Problem(message: "cannot make '\(directory)': \(Self.reason)")
            }
        }
    }

    /// Bytes that may still be written there; nil where the system does not say. Blocks on the disk.
    var freeSpace: Int64? {
        var facts = statvfs()
        guard unsafe statvfs(path, &facts) == 0 else { return nil }
        return Int64(
            clamping: UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize)).partialValue
        )
    }

    /// The secret that signs links and sessions: the configured one; else it is made at the first start, and kept where
    /// the configuration names a file that was not there, or in this directory.
    func sessionSecret(_ settings: AuthSettings) throws(Problem) -> [UInt8] {
        if let text = settings.sessionSecret?.reveal() {
            guard text.utf8.count >= Self.secretBytes else {
                throw Problem(message: "auth.session_secret must have \(Self.secretBytes) characters or more")
            }
            // What was made at the first start is read as what it was made from.
            if let bytes = Hex.bytes(text), bytes.count >= Self.secretBytes { return bytes }
            return SHA256.digest(of: Array(text.utf8).span)
        }
        let file = settings.sessionSecretFile ?? path + "/session.secret"
        if let text = try read(file) {
            guard let bytes = Hex.bytes(text), bytes.count >= Self.secretBytes else {
                throw Problem(message: "'\(file)' must hold \(Self.secretBytes) bytes in hex")
            }
            return bytes
        }
        let secret = SecureRandom().bytes(Self.secretBytes)
        try write(Hex.text(secret), to: file)
        return secret
    }

    /// A secret of the same kind for a record that daemons with different directories share; in hex.
    static func newSecret() -> String { Hex.text(SecureRandom().bytes(secretBytes)) }

    /// The key of the first administrator, if one was ever written here.
    func adminKey() throws(Problem) -> String? { try read(path + "/admin.key") }

    func keep(adminKey: String) throws(Problem) { try write(adminKey, to: path + "/admin.key") }

    /// Removes what was written for a key that did not become one.
    func forgetAdminKey() { unsafe unlink(path + "/admin.key") }

    private func read(_ file: String) throws(Problem) -> String? {
        switch ByteReader.contents(of: .file(path: file, byteCount: 0)) {
        case .success(let bytes):
            let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
            return text.isEmpty ? nil : text
        case .failure(.notFound): return nil
        case .failure(let error): throw Problem(message: "cannot read '\(file)': \(error)")
        }
    }

    private func write(_ text: String, to file: String) throws(Problem) {
        let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Problem(message: "cannot write '\(file)': \(Self.reason)") }
        defer { close(descriptor) }
        let bytes = Array((text + "\n").utf8)
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        // An older file keeps its mode when it is opened; what is in it now is a secret.
        guard fchmod(descriptor, 0o600) == 0, count == bytes.count, fsync(descriptor) == 0 else {
            throw Problem(message: "cannot write '\(file)': \(Self.reason)")
        }
    }

    private static var reason: String {
        unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
    }
}
