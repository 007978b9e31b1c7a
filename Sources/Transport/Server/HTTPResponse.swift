import CSystem
import Glibc

/// What a handler answers. The server adds `Date`, `Content-Length` or `Transfer-Encoding`, and `Connection`.
package struct HTTPResponse: Sendable {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// A part of a file, sent without copying it into the process; `range` counts bytes from the file's start.
        case file(OpenFile, range: Range<Int64>)
        /// Bytes as they are made: chunked for HTTP/1.1, ended by closing for HTTP/1.0. A throw breaks the connection
        /// off, so that the client sees that the body is not complete.
        case stream(@Sendable (HTTPBodyWriter) async throws -> Void)
        /// As `stream`, with so many bytes to come, which the client is told; fewer or more break the connection off.
        case counted(Int64, @Sendable (HTTPBodyWriter) async throws -> Void)
    }

    package var status: Int
    /// In the order they are sent. `Content-Length`, `Transfer-Encoding`, `Connection: keep-alive` and `Date` are not
    /// needed here; `Connection: close` ends the connection after this response. Control characters become spaces.
    package var headers: [(name: String, value: String)]
    package var body: Body

    package init(status: Int = 200, headers: [(name: String, value: String)] = [], body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A short text of type `text/plain`.
    package static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [("Content-Type", "text/plain; charset=utf-8")],
            body: .bytes(Array(text.utf8))
        )
    }
}

/// A file opened for reading, closed with its last reference.
package final class OpenFile: Sendable {
    let descriptor: Int32
    /// In bytes, as it was when the file was opened.
    package let size: Int64

    /// Opens a regular file; throws what `open(2)` or `fstat(2)` report, and EISDIR or EINVAL for anything else.
    package init(path: String) throws(TransportError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw TransportError(operation: "open '\(path)'", code: errno) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let code = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
            close(descriptor)
            throw TransportError(operation: "open '\(path)' as a regular file", code: code)
        }
        self.descriptor = descriptor
        size = Int64(status.st_size)
    }

    /// Takes over an open descriptor of `size` bytes.
    package init(descriptor: Int32, size: Int64) {
        self.descriptor = descriptor
        self.size = size
    }

    /// The bytes of a small range, which cost less to read than a `sendfile` of their own; nil when they cannot be read.
    func bytes(in range: Range<Int64>) -> [UInt8]? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            count = max(0, unsafe pread(descriptor, buffer.baseAddress, range.count, off_t(range.lowerBound)))
        }
        return bytes.count == range.count ? bytes : nil
    }

    deinit { close(descriptor) }
}
