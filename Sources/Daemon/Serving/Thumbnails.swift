import Orchestrator

/// Small previews of stored pictures, made when they are asked for; the latest are kept in memory.
///
/// A preview can be made from its picture again at any time, so there is nothing to store, to sweep or to back up.
final class Thumbnails: Sendable {
    /// Neither edge is longer, in pixels.
    static let maxEdge = 512
    /// Of all that is kept.
    private static let maxBytes = 16 << 20

    private struct Kept: Sendable {
        var bytes: [UInt8]
        /// Counts the uses of all previews.
        var lastUse: Int
    }

    private struct State: Sendable {
        var kept: [String: Kept] = [:]
        var byteCount = 0
        var uses = 0

        mutating func use(_ digest: String) -> [UInt8]? {
            uses += 1
            kept[digest]?.lastUse = uses
            return kept[digest]?.bytes
        }

        mutating func keep(_ bytes: [UInt8], of digest: String) {
            uses += 1
            remove(digest)
            kept[digest] = Kept(bytes: bytes, lastUse: uses)
            byteCount += bytes.count
            while byteCount > maxBytes, let oldest = kept.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                remove(oldest.key)
            }
        }

        private mutating func remove(_ digest: String) {
            byteCount -= kept.removeValue(forKey: digest)?.bytes.count ?? 0
        }
    }

    private let storage: any ArtifactStorage
    private let imaging: any Imaging
    private let state = Lock(State())

    init(storage: any ArtifactStorage, imaging: any Imaging) {
        self.storage = storage
        self.imaging = imaging
    }

    /// A WebP file. Throws 503 when too much imaging work waits, else as the reading of the picture does.
    func preview(of image: ImageRecord) async throws(APIError) -> [UInt8] {
        if let kept = state.withLock({ $0.use(image.digest) }) { return kept }
        let held: HeldBytes
        do throws(ArtifactError) {
            held = try await storage.open(image.digest)
        } catch {
            throw .unread(error, "image '\(image.id)'")
        }
        let bytes: [UInt8]
        do throws(ImagingError) {
            bytes = try await imaging.thumbnail(of: held.source, maxEdge: Self.maxEdge)
        } catch {
            switch error.kind {
            case .busy, .cancelled, .tooSlow:
                throw .overloaded("too many pictures are being worked on; try again", detail: error.detail)
            case .unreadable, .unwritable, .storage: throw .internalError("thumbnail: \(error.detail)")
            }
        }
        state.withLock { $0.keep(bytes, of: image.digest) }
        return bytes
    }
}
