/// For calls whose answers hold no pictures: what is taken for one goes nowhere.
package struct NowhereSinks: SinkMaker {
    package init() {}

    package func makeSink() -> any ArtifactSink { NowhereSink() }
}

private final class NowhereSink: ArtifactSink {
    var pendingBytes: Int { 0 }
    func write(_ bytes: Span<UInt8>) {}
    func finish() {}
    func abort() {}
    func stage() async throws(ArtifactError) -> StagedArtifact { throw .notFound }
}
