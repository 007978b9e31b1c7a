import Glibc

/// A system call that the transport cannot do without failed.
package struct TransportError: Error, Equatable, CustomStringConvertible {
    /// What was tried, for example `bind 0.0.0.0:8080`.
    package var operation: String
    /// The `errno` it failed with.
    package var code: Int32

    package init(operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    package var description: String {
        "\(operation) failed: \(unsafe String(cString: strerror(code))) (errno \(code))"
    }
}
