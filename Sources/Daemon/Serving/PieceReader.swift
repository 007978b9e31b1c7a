import Glibc
import Orchestrator
import Transport

/// Reads a byte source in pieces of a given size without blocking the caller's thread.
struct PieceReader {
    private let source: ByteSource
    private let pool: BlockingPool
    private var offset: Int64 = 0

    init(_ source: ByteSource, pool: BlockingPool) {
        self.source = source
        self.pool = pool
    }

    /// The next `size` bytes, fewer at the end, nil after it.
    mutating func next(_ size: Int) async throws -> [UInt8]? {
        let start = offset
        guard start < source.byteCount else { return nil }
        let count = min(size, Int(source.byteCount - start))
        offset += Int64(count)
        switch source {
        case .bytes(let bytes): return Array(bytes[Int(start)..<Int(start) + count])
        case .file(let path, _): return try await pool.run { try Self.read(path, at: start, count) }
        }
    }

    private static func read(_ path: String, at offset: Int64, _ count: Int) throws -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ArtifactError.notFound }
        defer { close(descriptor) }
        var got = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while got < count {
                let step = unsafe pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: got),
                    count - got,
                    off_t(offset) + off_t(got)
                )
                if step < 0, errno == EINTR { continue }
                guard step > 0 else { break }
                got += step
            }
            filled = got
        }
        guard got == count else { throw ArtifactError.storage("a stored picture is shorter than its record") }
        return bytes
    }
}
