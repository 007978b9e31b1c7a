import CSystem
import Glibc

/// One file of a form: in memory when it is small, else in a temporary file that goes away with the last reference.
package final class UploadedFile: Sendable {
    package enum Content: Sendable {
        case memory([UInt8])
        /// Open for reading; `path` may be renamed or linked before the last reference goes.
        case file(OpenFile, path: String)
    }

    /// The form field's name.
    package let name: String
    /// As the client sent it: never to be used as a path.
    package let filename: String
    /// As the client claims, for example `image/png`.
    package let contentType: String?
    /// In bytes.
    package let size: Int64
    package let content: Content

    init(part: MultipartPart, size: Int64, content: Content) {
        name = part.name
        filename = part.filename ?? ""
        contentType = part.contentType
        self.size = size
        self.content = content
    }

    deinit {
        if case .file(_, let path) = content { unsafe unlink(path) }
    }
}

/// A file on its way in: collects in memory, and beyond a threshold writes to disk on the threads of a pool.
struct UploadSpool {
    /// Bytes handed to the pool at once: a write per piece would cost a thread switch each.
    private static let batch = 256 << 10

    private let part: MultipartPart
    private let directory: String
    private let threshold: Int
    private let pool: BlockingPool
    private var pending: [UInt8] = []
    private var size: Int64 = 0
    private var spooled: TemporaryFile?

    init(part: MultipartPart, directory: String, threshold: Int, pool: BlockingPool) {
        self.part = part
        self.directory = directory
        self.threshold = threshold
        self.pool = pool
    }

    mutating func append(_ bytes: ArraySlice<UInt8>) async throws(FormError) {
        pending.append(contentsOf: bytes)
        size += Int64(bytes.count)
        if pending.count > (spooled == nil ? threshold : UploadSpool.batch) { try await spill() }
    }

    mutating func finish() async throws(FormError) -> UploadedFile {
        guard spooled != nil else { return UploadedFile(part: part, size: size, content: .memory(pending)) }
        if !pending.isEmpty { try await spill() }
        guard let (descriptor, path) = spooled?.take() else { throw .storage("the temporary file is gone") }
        let content = UploadedFile.Content.file(OpenFile(descriptor: descriptor, size: size), path: path)
        return UploadedFile(part: part, size: size, content: content)
    }

    private mutating func spill() async throws(FormError) {
        let bytes = pending
        pending.removeAll(keepingCapacity: false)
        let (known, directory) = (spooled, directory)
        do {
            spooled = try await pool.run {
                let file = try known ?? TemporaryFile(directory: directory)
                try file.write(bytes)
                return file
            }
        } catch let error as BlockingPool.Refusal {
            throw error == .queueFull ? .overloaded : .storage("the pool for files has stopped")
        } catch {
            throw .storage("\(error)")
        }
    }
}

/// A new file that is removed unless somebody takes it.
///
/// Its one owner, a spool, never uses it while a piece of its work is with the pool.
private final class TemporaryFile: @unchecked Sendable {  // one thread at a time, handed on by the pool's queue
    private var descriptor: Int32
    private let path: String

    init(directory: String) throws(TransportError) {
        var template = Array("\(directory)/upload-XXXXXX".utf8CString)
        descriptor = unsafe system_temporary_file(&template)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard descriptor >= 0 else { throw TransportError(operation: "create a file in '\(directory)'", code: errno) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unsafe unlink(path)
    }

    func write(_ bytes: [UInt8]) throws(TransportError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw TransportError(operation: "write '\(path)'", code: errno) }
            written += count
        }
    }

    func take() -> (descriptor: Int32, path: String) {
        defer { descriptor = -1 }
        return (descriptor, path)
    }
}
