/// Keeps the bytes of pictures under the SHA-256 of their content.
package protocol ArtifactStorage: SinkMaker {
    /// Makes staged pictures durable under their digests; returns only when a power cut could not lose them.
    func publish(_ staged: [StagedArtifact]) async throws(ArtifactError)

    /// Where the bytes of a stored picture can be read.
    func open(_ digest: String) async throws(ArtifactError) -> ByteSource

    /// Makes the bytes count as just published, for who is about to refer to them; false where there are none.
    func renew(_ digest: String) async throws(ArtifactError) -> Bool

    /// The digests of stored pictures whose first byte is `shelf`, in any order: one 256th of all.
    func digests(onShelf shelf: UInt8) async throws(ArtifactError) -> [String]

    /// Removes the bytes unless they were published or renewed at `time` or later; says whether it did. Absent ones are no
    /// error.
    ///
    /// Whoever publishes or renews the same bytes meanwhile finds them there afterwards.
    @discardableResult
    func remove(_ digest: String, ifUnusedSince time: Timestamp) async throws(ArtifactError) -> Bool
}

/// Takes in the bytes of one picture as they arrive, hashing and checking them on the way.
package protocol ArtifactSink: BlobSink {
    /// Ends the picture and says what it was; the bytes are not durable yet.
    ///
    /// Throws `.defective` for bytes that are no complete picture.
    func stage() async throws(ArtifactError) -> StagedArtifact
}

/// A complete, checked picture that is not durable yet; dropped unless published.
package struct StagedArtifact: Sendable {
    /// SHA-256 of the bytes, lower-case hex.
    package var digest: String
    package var facts: ImageFacts
    /// In memory while small, in a temporary file of the storage otherwise.
    /// It can be read as long as this value, or a copy, lives; also after it was published.
    package var source: ByteSource
    /// What removes the temporary file when nobody holds it any more.
    package var keeper: (any AnyObject & Sendable)?

    package init(
        digest: String,
        facts: ImageFacts,
        source: ByteSource,
        keeper: (any AnyObject & Sendable)? = nil
    ) {
        self.digest = digest
        self.facts = facts
        self.source = source
        self.keeper = keeper
    }
}

/// Why bytes could not be kept or found.
package enum ArtifactError: Error, Sendable {
    /// The bytes are no picture that we take.
    case defective(ImageDefect)
    case notFound
    /// The disk is full, or the operating system said no otherwise.
    case storage(String)
}
