import Glibc
import Orchestrator

/// Reads byte sources piece by piece; blocks, so it belongs on a thread that may.
enum ByteReader {
    static func forEachChunk(
        of source: ByteSource,
        size: Int,
        _ body: (Span<UInt8>) throws(ArtifactError) -> Void
    ) throws(ArtifactError) {
        guard let problem = try source.forEachPiece(of: size, body) else { return }
        throw problem == ENOENT ? .notFound : .storage("read: errno \(problem)")
    }

    /// The whole of a source.
    static func contents(of source: ByteSource) -> Result<[UInt8], ArtifactError> {
        if case .bytes(let bytes) = source { return .success(bytes) }
        var whole: [UInt8] = []
        whole.reserveCapacity(Int(source.byteCount))
        do throws(ArtifactError) {
            try forEachChunk(of: source, size: 1 << 20) { chunk throws(ArtifactError) in whole.append(chunk) }
            return .success(whole)
        } catch {
            return .failure(error)
        }
    }
}
