internal import Orchestrator

/// Takes in one picture for a `FilesystemStorage`: hashed and inspected as it arrives, in memory while it is small.
final class StagingSink: ArtifactSink, @unchecked Sendable {  // one thread at a time, as `BlobSink` demands
    /// More than this goes to a temporary file.
    static let memoryLimit = 256 << 10
    /// From then on bytes go there in pieces of this size: small enough for malloc to reuse their memory, where larger
    /// ones are mapped and cleared by the kernel each time.
    static let pieceSize = 64 << 10

    private enum Phase {
        case taking, finished, aborted, staged
    }

    private let makeSpool: @Sendable () -> SpoolFile
    private var phase = Phase.taking
    private var hash: SHA256? = SHA256()
    private var inspector: ImageInspector
    private var defect: ImageDefect?
    /// Bytes that are in no file yet.
    private var buffer: [UInt8] = []
    private var spool: SpoolFile?

    init(limits: ImageLimits, makeSpool: @escaping @Sendable () -> SpoolFile) {
        inspector = ImageInspector(limits: limits)
        self.makeSpool = makeSpool
    }

    deinit { spool?.drop() }

    var pendingBytes: Int { spool?.pendingBytes ?? 0 }

    func write(_ bytes: Span<UInt8>) {
        guard phase == .taking, defect == nil else { return }
        do throws(ImageDefect) {
            try inspector.consume(bytes)
        } catch {
            defect = error
            discard()
            return
        }
        hash?.update(bytes)
        buffer.append(bytes)
        if buffer.count > (spool == nil ? StagingSink.memoryLimit : StagingSink.pieceSize) { spill() }
    }

    func finish() {
        if phase == .taking { phase = .finished }
    }

    func abort() {
        guard phase == .taking else { return }
        phase = .aborted
        discard()
    }

    func stage() async throws(ArtifactError) -> StagedArtifact {
        precondition(phase != .staged, "a picture was staged twice")
        let wasAborted = phase == .aborted
        phase = .staged
        if let defect { throw .defective(defect) }
        if wasAborted { throw .defective(ImageDefect(.truncated)) }
        let facts: ImageFacts
        do throws(ImageDefect) {
            facts = try inspector.finish()
        } catch {
            discard()
            throw .defective(error)
        }
        guard let digest = hash.take()?.finish() else { preconditionFailure("a picture was hashed twice") }
        guard spool != nil else {
            defer { buffer = [] }
            return StagedArtifact(digest: Hex.text(digest), facts: facts, source: .bytes(buffer))
        }
        return try await staged(digest: Hex.text(digest), facts: facts)
    }

    /// The picture once the last of its bytes is in the temporary file.
    private func staged(digest: String, facts: ImageFacts) async throws(ArtifactError) -> StagedArtifact {
        spill()
        guard let spool = spool.take() else { preconditionFailure("a spilled picture has a file") }
        do throws(SystemError) {
            try await spool.written()
        } catch {
            throw .storage("a picture could not be taken in: \(error)")
        }
        let source = ByteSource.file(path: spool.path, byteCount: facts.byteCount)
        return StagedArtifact(digest: digest, facts: facts, source: source, keeper: Keeper(spool))
    }

    private func spill() {
        guard !buffer.isEmpty else { return }
        let file = spool ?? makeSpool()
        spool = file
        file.append(buffer)
        buffer = []
        buffer.reserveCapacity(StagingSink.pieceSize)
    }

    /// Lets go of the bytes of a picture that nobody can use.
    private func discard() {
        buffer = []
        spool?.drop()
        spool = nil
    }
}
