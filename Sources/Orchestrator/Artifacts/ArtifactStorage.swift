/// Keeps the bytes of pictures under the SHA-256 of their content.
package protocol ArtifactStorage: SinkMaker {
    /// Makes staged pictures durable under their digests; returns only when a power cut could not lose them.
    func publish(_ staged: [StagedArtifact]) async throws(ArtifactError)

    /// The whole of a stored picture at hand, fetched where it is kept elsewhere: for whoever works on it.
    func open(_ digest: String) async throws(ArtifactError) -> HeldBytes

    /// The bytes `part` of a stored picture, all where nil, for whoever sends them on: as a stream where the picture is kept
    /// elsewhere. What has not been read by then is fetched as the reader asks for it.
    func read(_ digest: String, _ part: Range<Int64>?) async throws(ArtifactError) -> StoredBytes

    /// Throws where pictures cannot be kept at the moment: to be asked before anything is begun that costs money.
    func ready() async throws(ArtifactError)

    /// Whether the bytes are stored.
    func contains(_ digest: String) async throws(ArtifactError) -> Bool

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

    /// Ends what works in the background, after what waits for it; later pictures are refused.
    func close() async
}

/// Bytes of a stored picture that can be read at once, for as long as this value, or a copy, lives.
package struct HeldBytes: Sendable {
    package var source: ByteSource
    /// What removes a temporary file when nobody holds it any more.
    package var keeper: Keeper?

    package init(source: ByteSource, keeper: Keeper? = nil) {
        self.source = source
        self.keeper = keeper
    }
}

/// Whatever must live for some bytes to be there. It says nothing of the bytes, so that any two are equal.
package struct Keeper: Sendable, Hashable {
    package let object: any AnyObject & Sendable

    package init(_ object: any AnyObject & Sendable) { self.object = object }

    package static func == (a: Keeper, b: Keeper) -> Bool { true }
    package func hash(into hasher: inout Hasher) {}
}

/// The bytes of a stored picture on their way to who asked for them.
package enum StoredBytes: Sendable {
    /// All of them are at hand, whatever part was asked for.
    case held(HeldBytes)
    /// The part that was asked for, as it arrives.
    case stream(any ByteStream)
}

/// Bytes that arrive from elsewhere; not reading holds the sender back. One reader; what is not read is dropped with it.
package protocol ByteStream: AnyObject, Sendable {
    /// The next bytes, never empty; nil after the last. Throws where they break off or are not those that were stored.
    func next() async throws(ArtifactError) -> [UInt8]?
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
    package var keeper: Keeper?

    package init(
        digest: String,
        facts: ImageFacts,
        source: ByteSource,
        keeper: Keeper? = nil
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
    /// The pictures are kept elsewhere, and nobody answers there at the moment.
    case unreachable(String)
}
