import Glibc
import Orchestrator

/// Reads byte sources piece by piece; blocks, so it belongs on a thread that may.
enum ByteReader {
    static func forEachChunk(
        of source: ByteSource,
        size: Int,
        _ body: ([UInt8]) throws(ArtifactError) -> Void
    ) throws(ArtifactError) {
        switch source {
        case .bytes(let bytes): try body(bytes)
        case .file(let path, _):
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw errno == ENOENT ? .notFound : .storage("open: errno \(errno)") }
            defer { close(descriptor) }
            while true {
                var count = 0
                let chunk = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
                    unsafe count = read(descriptor, buffer.baseAddress, size)
                    filled = max(count, 0)
                }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw .storage("read: errno \(errno)") }
                guard count > 0 else { return }
                try body(chunk)
            }
        }
    }

    /// The whole of a source.
    static func contents(of source: ByteSource) -> Result<[UInt8], ArtifactError> {
        if case .bytes(let bytes) = source { return .success(bytes) }
        var whole: [UInt8] = []
        whole.reserveCapacity(Int(source.byteCount))
        do throws(ArtifactError) {
            try forEachChunk(of: source, size: 1 << 20) { chunk throws(ArtifactError) in whole.append(contentsOf: chunk)
            }
            return .success(whole)
        } catch {
            return .failure(error)
        }
    }
}
