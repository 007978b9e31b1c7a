internal import Orchestrator

/// One picture on its way from an S3 service to a single reader: a little of it is in memory at any time.
///
/// Where the whole is read its last bytes are handed out only when the hash of all is the digest, so that a reader who gets
/// to the end has what was stored.
final class S3Download: ByteStream {
    private struct State {
        var chunks: [[UInt8]] = []
        var pendingBytes = 0
        /// Set once nothing more will come; nil as error for a sound end.
        var isOver = false
        var failure: ArtifactError?
        var hasBegun = false
        var begin: CheckedContinuation<Result<Void, ArtifactError>, Never>?
        var reader: CheckedContinuation<Void, Never>?
    }

    private let state = Lock(State())
    private let check: Check?
    private let work = Lock<Task<Void, Never>?>(nil)

    /// Compares the bytes with the digest as they are handed out.
    private final class Check: @unchecked Sendable {  // a download has one reader, which alone touches it
        let digest: String
        var hash: SHA256? = SHA256()
        /// Handed out when it is known what follows.
        var held: [UInt8] = []

        init(_ digest: String) { self.digest = digest }
    }

    /// Nil checks nothing but that the bytes do not break off.
    private init(checking digest: String?) {
        check = digest.map(Check.init)
    }

    deinit { work.withLock { $0 }?.cancel() }

    /// Asks for the bytes; returns when the first of them are about to come.
    static func start(
        _ request: S3Request,
        checking digest: String?,
        with client: S3Client,
        on executor: (any TaskExecutor)?
    ) async throws(ArtifactError) -> S3Download {
        let download = S3Download(checking: digest)
        let sinks = Sinks(state: download.state)
        var request = request
        request.mayRepeat = { [state = download.state] in !state.withLock { $0.hasBegun } }
        // Owned by the download, and ended with it: it goes on while the caller hands the bytes on.
        let work = Task(executorPreference: executor) { [request, state = download.state] in
            var failure: ArtifactError?
            do throws(S3Error) {
                _ = try await client.download(request, into: sinks)
            } catch {
                failure = error.artifactError
            }
            Self.end(state, failure)
        }
        download.work.withLock { $0 = work }
        try await download.begun().get()
        return download
    }

    private func begun() async -> Result<Void, ArtifactError> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Result<Void, ArtifactError>? = state.withLock { state in
                    if state.hasBegun { return .success(()) }
                    if state.isOver { return .failure(state.failure ?? .storage("the download has no bytes")) }
                    state.begin = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            work.withLock { $0 }?.cancel()
        }
    }

    /// What has come and was not read yet.
    var pendingBytes: Int { state.withLock { $0.pendingBytes } }

    func next() async throws(ArtifactError) -> [UInt8]? {
        while true {
            let chunk = try await arrived()
            guard let check else { return chunk }
            let ready = check.held
            guard let chunk else {
                check.held = []
                guard let hash = check.hash.take() else { return nil }
                guard Hex.text(hash.finish()) == check.digest else {
                    throw .storage("the picture '\(check.digest)' is damaged where it is stored")
                }
                return ready.isEmpty ? nil : ready
            }
            check.hash?.update(chunk.span)
            check.held = chunk
            if !ready.isEmpty { return ready }
        }
    }

    private func arrived() async throws(ArtifactError) -> [UInt8]? {
        while true {
            let (chunk, isOver, failure) = state.withLock { state in
                if state.chunks.isEmpty { return ([UInt8]?.none, state.isOver, state.failure) }
                let chunk = state.chunks.removeFirst()
                state.pendingBytes -= chunk.count
                return (chunk, false, nil)
            }
            if let chunk { return chunk }
            if let failure { throw failure }
            if isOver { return nil }
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.chunks.isEmpty, !state.isOver else { return false }
                    state.reader = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        }
    }

    private static func end(_ state: Lock<State>, _ failure: ArtifactError?) {
        let (begin, reader) = state.withLock { state in
            state.isOver = true
            state.failure = failure
            defer { (state.begin, state.reader) = (nil, nil) }
            return (state.begin, state.reader)
        }
        begin?.resume(returning: .failure(failure ?? .storage("the download has no bytes")))
        reader?.resume()
    }

    /// Makes the one place into which the bytes are written; that it is asked for says that they come.
    private struct Sinks: SinkMaker {
        let state: Lock<State>

        func makeSink() -> any ArtifactSink {
            let begin = state.withLock { state in
                state.hasBegun = true
                return state.begin.take()
            }
            begin?.resume(returning: .success(()))
            return Sink(state: state)
        }
    }

    private final class Sink: ArtifactSink {
        private let state: Lock<State>

        init(state: Lock<State>) { self.state = state }

        var pendingBytes: Int { state.withLock { $0.pendingBytes } }

        func write(_ bytes: Span<UInt8>) {
            guard !bytes.isEmpty else { return }
            let chunk = [UInt8](copying: bytes)
            let reader = state.withLock { state in
                state.chunks.append(chunk)
                state.pendingBytes += chunk.count
                return state.reader.take()
            }
            reader?.resume()
        }

        // How it ends is said by the request's own end.
        func finish() {}
        func abort() {}

        func stage() async throws(ArtifactError) -> StagedArtifact { throw .defective(ImageDefect(.notAnImage)) }
    }
}
