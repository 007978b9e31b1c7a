import Glibc

/// Standard output and error of a command.
package enum Console {
    package static func out(_ text: String) { write(Array((text + "\n").utf8), to: STDOUT_FILENO) }
    package static func error(_ text: String) { write(Array((text + "\n").utf8), to: STDERR_FILENO) }

    /// Writes bytes as they are, all of them unless the reader has gone.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

/// How a command ends.
package enum ExitCode: Int32, Sendable {
    case success = 0
    case failure = 1
    /// The command was called wrongly.
    case misuse = 2
}
