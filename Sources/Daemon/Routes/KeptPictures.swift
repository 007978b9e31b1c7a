import Orchestrator
import Transport

/// Makes the pictures of a request durable under their digests, so that its job can begin anew without its caller.
enum KeptPictures {
    private static let piece = 256 << 10

    /// Throws 503 where no picture can be kept at the moment, which would be paid for in vain.
    static func ready(_ service: Service) async throws(APIError) {
        do throws(ArtifactError) {
            try await service.engine.storage.ready()
        } catch {
            var why = "\(error)"
            if case .unreachable(let detail) = error { why = detail }
            throw .overloaded("images cannot be kept at the moment; try again", detail: why)
        }
    }

    static func keep(_ request: ImageRequest, _ service: Service) async throws(APIError) {
        for image in request.references + [request.mask].compactMap({ $0 }) {
            do throws(ArtifactError) {
                // One that is there already may be about to be swept.
                if try await service.engine.storage.renew(image.digest) { continue }
                try await service.engine.storage.publish([try await copy(image.source, service)])
            } catch {
                switch error {
                case .storage(let why), .unreachable(let why):
                    throw .overloaded("the request's pictures cannot be kept at the moment; try again", detail: why)
                case .notFound, .defective: throw .internalError("keep a request's picture: \(error)")
                }
            }
        }
    }

    private static func copy(_ source: ByteSource, _ service: Service) async throws(ArtifactError) -> StagedArtifact {
        let sink = service.engine.storage.makeSink()
        let isWhole: Bool
        do {
            isWhole = try await service.spool.pool.run {
                do throws(ArtifactError) {
                    try ByteReader.forEachChunk(of: source, size: piece) { bytes throws(ArtifactError) in
                        sink.write(bytes)
                    }
                } catch { return false }
                sink.finish()
                return true
            }
        } catch {
            throw .storage("no thread to read on: \(error)")
        }
        guard isWhole else {
            sink.abort()
            throw .storage("the upload cannot be read")
        }
        return try await sink.stage()
    }
}
