import Orchestrator
import Persistence
import Transport

/// Brings in the pictures that come with a request, from wherever the caller has them, and looks at every byte.
struct InputImages {
    let service: Service
    let caller: Caller
    /// What owns the temporary files; to be kept as long as the pictures are used.
    private(set) var owners: [any Sendable] = []

    /// A fetched picture may take so long.
    private static let fetchTimeout = Duration.seconds(30)
    /// OpenAI's limit for one input picture.
    private static let largest: Int64 = 50 << 20
    private static let inspectInPlace = 64 << 10

    init(service: Service, caller: Caller) {
        self.service = service
        self.caller = caller
    }

    /// A picture that was uploaded in a form.
    mutating func load(_ file: UploadedFile, field: String) async throws(APIError) -> InputImage {
        guard file.size > 0 else { throw .invalidValue(field, "the file is empty") }
        owners.append(file)
        switch file.content {
        case .memory(let bytes): return try await inspect(.bytes(bytes), field)
        case .file(_, let path): return try await inspect(.file(path: path, byteCount: file.size), field)
        }
    }

    /// A picture that a JSON body refers to: `{"image_url": …}`, or the address itself.
    mutating func load(_ reference: JSON, field: String) async throws(APIError) -> InputImage {
        guard let address = reference.string ?? reference["image_url"]?.string else {
            throw .invalidValue(
                field,
                "must be {\"image_url\": …} with a data URL, an https URL or a stored image's id"
            )
        }
        if address.hasPrefix("data:") { return try await decode(address, field) }
        if let id = ImageID(address) { return try await stored(id, field) }
        return try await fetch(address, field)
    }

    private mutating func decode(_ address: String, _ field: String) async throws(APIError) -> InputImage {
        guard let comma = address.utf8.firstIndex(of: UInt8(ascii: ",")),
            address[..<comma].lowercased().hasSuffix(";base64")
        else { throw .invalidValue(field, "a data URL must be base64") }
        let bytes: [UInt8]
        do throws(Base64Error) {
            bytes = try Base64.decode(Array(address.utf8[address.utf8.index(after: comma)...]).span)
        } catch {
            throw .invalidValue(field, "the data URL is not valid base64")
        }
        return try await inspect(.bytes(bytes), field)
    }

    private func stored(_ id: ImageID, _ field: String) async throws(APIError) -> InputImage {
        let image = try await service.visibleImage(id, to: caller)
        do throws(ArtifactError) {
            let bytes = try await service.engine.storage.open(image.image.digest)
            var picture = InputImage(
                source: bytes.source,
                format: image.image.format,
                size: image.image.size,
                hasAlpha: image.image.hasAlpha,
                digest: image.image.digest
            )
            picture.parent = id
            picture.keeper = bytes.keeper
            return picture
        } catch {
            throw .unread(error, "image '\(id)'")
        }
    }

    private mutating func fetch(_ address: String, _ field: String) async throws(APIError) -> InputImage {
        let allowsPrivate = service.registry.server.allowPrivateURLs
        guard let origin = WebOrigin(address), origin.scheme == "https" || allowsPrivate else {
            throw .invalidValue(field, "must be a data URL, an https URL or a stored image's id")
        }
        var call = UpstreamCall(
            WireRequest(.get, address, reply: .picture),
            credential: nil,
            timeLimit: Self.fetchTimeout
        )
        call.reach = allowsPrivate ? .anywhere : .publicOnly
        call.redirects = 3
        call.maxReplyBytes = Self.largest
        let reply: UpstreamReply
        do throws(UpstreamError) {
            reply = try await service.engine.upstream.send(call, sinks: service.engine.storage)
        } catch {
            if case .forbiddenAddress = error.kind {
                throw .invalidValue(field, "the URL points at an address that may not be fetched from")
            }
            throw .invalidValue(field, "the image could not be fetched from its URL")
        }
        guard reply.reply.isSuccess, case .picture(let blob) = reply.reply.body,
            reply.blobs.indices.contains(blob.index)
        else { throw .invalidValue(field, "the URL answered \(reply.reply.status) and no image") }
        let sink = reply.blobs[blob.index]
        let staged: StagedArtifact
        do throws(ArtifactError) {
            staged = try await sink.stage()
        } catch {
            throw Self.refusal(of: error, field)
        }
        owners.append(sink)
        return try Self.image(staged.source, staged.facts, digest: staged.digest, field)
    }

    // MARK: - Looking at the bytes

    private func inspect(_ source: ByteSource, _ field: String) async throws(APIError) -> InputImage {
        guard source.byteCount <= Self.largest else {
            throw .requestTooLarge("'\(field)' has more than \(Self.largest >> 20) MiB")
        }
        let found: Result<(ImageFacts, String), ArtifactError>
        if case .bytes(let bytes) = source, bytes.count <= Self.inspectInPlace {
            found = InputImageInspection.run(source)
        } else {
            do {
                found = try await service.spool.pool.run { InputImageInspection.run(source) }
            } catch {
                throw .overloaded("too many uploads at the moment")
            }
        }
        switch found {
        case .success(let (facts, digest)): return try Self.image(source, facts, digest: digest, field)
        case .failure(let error): throw Self.refusal(of: error, field)
        }
    }

    private static func image(
        _ source: ByteSource,
        _ facts: ImageFacts,
        digest: String,
        _ field: String
    ) throws(APIError) -> InputImage {
        guard let size = PixelSize(width: facts.width, height: facts.height) else {
            throw .invalidValue(field, "an image of \(facts.width)x\(facts.height) pixels")
        }
        return InputImage(source: source, format: facts.format, size: size, hasAlpha: facts.hasAlpha, digest: digest)
    }

    private static func refusal(of error: ArtifactError, _ field: String) -> APIError {
        switch error {
        case .defective(let defect): .invalidValue(field, defect.message)
        case .notFound: .invalidValue(field, "there is no image")
        case .storage(let detail): .internalError(detail)
        case .unreachable(let detail): .overloaded("images cannot be kept at the moment; try again", detail: detail)
        }
    }
}

/// Reads a picture once, for what it is and for its hash.
enum InputImageInspection {
    private static let chunk = 256 << 10

    static func run(_ source: ByteSource) -> Result<(ImageFacts, String), ArtifactError> {
        var inspector = ImageInspector()
        var hash = SHA256()
        do throws(ArtifactError) {
            try ByteReader.forEachChunk(of: source, size: chunk) { bytes throws(ArtifactError) in
                hash.update(bytes)
                do throws(ImageDefect) {
                    try inspector.consume(bytes)
                } catch {
                    throw .defective(error)
                }
            }
            do throws(ImageDefect) {
                return .success((try inspector.finish(), Hex.text(hash.finish())))
            } catch {
                throw .defective(error)
            }
        } catch {
            return .failure(error)
        }
    }
}
