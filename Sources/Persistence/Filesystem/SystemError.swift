internal import Glibc

/// What the operating system said no with.
struct SystemError: Error, Equatable {
    /// The call, such as `fsync`.
    var operation: String
    /// Its errno.
    var code: CInt

    /// Whether space, or a share of it, ran out.
    var isFull: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

    static func text(_ code: CInt) -> String {
        unsafe String(cString: strerror(code))
    }
}

extension SystemError: CustomStringConvertible {
    var description: String {
        isFull
            ? "no space is left (\(operation): \(SystemError.text(code)))" : "\(operation): \(SystemError.text(code))"
    }
}
