/// Where pictures go that nobody wants: those in the answers of services that have none to give.
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
