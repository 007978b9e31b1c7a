@testable import Orchestrator

/// Keeps pictures in memory, under their own text as digest.
final class MemoryStorage: ArtifactStorage {
    struct State: Sendable {
        var published: [String] = []
        var failsToPublish = false
        /// When pictures were published or renewed, where that matters.
        var used: [String: Timestamp] = [:]
    }

    let state = Lock(State())

    var published: [String] { state.withLock { $0.published } }

    func makeSink() -> any ArtifactSink { MemorySink() }

    func publish(_ staged: [StagedArtifact]) async throws(ArtifactError) {
        let failed = state.withLock { state in
            if !state.failsToPublish { state.published += staged.map(\.digest) }
            return state.failsToPublish
        }
        if failed { throw .storage("no space left on device") }
    }

    func open(_ digest: String) async throws(ArtifactError) -> HeldBytes {
        guard published.contains(digest) else { throw .notFound }
        return HeldBytes(source: .bytes(Array(digest.utf8)))
    }

    func read(_ digest: String, _ part: Range<Int64>?) async throws(ArtifactError) -> StoredBytes {
        .held(try await open(digest))
    }

    func contains(_ digest: String) async throws(ArtifactError) -> Bool { published.contains(digest) }

    func ready() async throws(ArtifactError) {}

    func close() async {}

    func renew(_ digest: String) async throws(ArtifactError) -> Bool { published.contains(digest) }

    func digests(onShelf shelf: UInt8) async throws(ArtifactError) -> [String] {
        published.filter { $0.utf8.first == shelf }
    }

    func remove(_ digest: String, ifUnusedSince time: Timestamp) async throws(ArtifactError) -> Bool {
        state.withLock { state in
            guard state.published.contains(digest), state.used[digest].map({ $0 < time }) ?? true else { return false }
            state.published.removeAll { $0 == digest }
            return true
        }
    }
}

final class MemorySink: ArtifactSink {
    private let bytes = Lock<[UInt8]>([])

    var pendingBytes: Int { 0 }

    func write(_ bytes: Span<UInt8>) {
        let copy = bytes.indices.map { bytes[$0] }
        self.bytes.withLock { $0 += copy }
    }

    func finish() {}

    func abort() {
        bytes.withLock { $0 = [] }
    }

    func stage() async throws(ArtifactError) -> StagedArtifact {
        let bytes = bytes.withLock { $0 }
        guard let picture = ScriptedPicture(bytes) else { throw .defective(ImageDefect(.truncated)) }
        let facts = ImageFacts(
            format: picture.format,
            width: picture.size.width,
            height: picture.size.height,
            hasAlpha: picture.hasAlpha,
            byteCount: Int64(bytes.count),
            hasC2PA: picture.hasC2PA
        )
        return StagedArtifact(digest: String(decoding: bytes, as: UTF8.self), facts: facts, source: .bytes(bytes))
    }
}

/// Works on pictures that are text.
struct ScriptedImaging: Imaging {
    /// So many conversions find the line full.
    let busyCalls = Lock(0)

    private func picture(_ source: ByteSource) throws(ImagingError) -> ScriptedPicture {
        guard case .bytes(let bytes) = source, let picture = ScriptedPicture(bytes) else {
            throw ImagingError(.unreadable(ImageDefect(.notAnImage)), "no picture")
        }
        return picture
    }

    func verify(_ source: ByteSource) async throws(ImagingError) -> ImageFacts { try await facts(of: source) }

    func facts(of source: ByteSource) async throws(ImagingError) -> ImageFacts {
        let picture = try picture(source)
        return ImageFacts(
            format: picture.format,
            width: picture.size.width,
            height: picture.size.height,
            hasAlpha: picture.hasAlpha,
            byteCount: Int64(picture.bytes.count)
        )
    }

    func hasTransparency(_ source: ByteSource) async throws(ImagingError) -> Bool { try picture(source).hasAlpha }

    func convert(_ source: ByteSource, _ conversion: ImageConversion) async throws(ImagingError) -> [UInt8] {
        let isBusy = busyCalls.withLock { calls in
            calls -= 1
            return calls >= 0
        }
        if isBusy { throw ImagingError(.busy, "64 pictures are waiting") }
        var picture = try picture(source)
        picture.format = conversion.format
        picture.size = conversion.size ?? picture.size
        picture.hasC2PA = false
        return picture.bytes
    }

    func thumbnail(of source: ByteSource, maxEdge: Int) async throws(ImagingError) -> [UInt8] {
        try picture(source).bytes
    }

    func mask(of source: ByteSource, polarity: MaskPolarity, size: PixelSize?) async throws(ImagingError) -> [UInt8] {
        guard case .bytes(let bytes) = source, !bytes.isEmpty else { throw ImagingError(.unwritable, "no mask") }
        return Array("\(polarity.rawValue) mask".utf8)
    }
}
