internal import Glibc
internal import Orchestrator

/// Puts one picture into a bucket: at once, or in parts where it is large.
struct S3Upload: Sendable {
    /// From where on a picture goes in parts, and how large they are. The service's own limits are 5 MiB for each part but
    /// the last, and 10,000 parts.
    struct Limits: Sendable {
        var multipart: Int64 = 16 << 20
        var part: Int64 = 8 << 20
    }

    private struct Part: Sendable {
        var number: Int
        var tag: String
    }

    let client: S3Client
    let services: S3Services
    let limits: Limits

    /// Returns when the service says that it has the bytes, and that they are the right ones.
    func put(_ staged: StagedArtifact, as key: String) async throws(S3Error) {
        if staged.source.byteCount > limits.multipart {
            try await putInParts(staged, as: key)
        } else {
            var request = S3Request(.put, key, what: "storing a picture")
            request.body = S3Request.Body(source: staged.source, part: nil, hash: staged.digest)
            request.headers = Self.headers(staged.facts.format.mediaType)
            if let digest = Hex.bytes(staged.digest) {
                let text = String(decoding: Base64.encode(digest.span), as: UTF8.self)
                request.headers.append((name: "x-amz-checksum-sha256", value: text))
            }
            _ = try await client.perform(request)
        }
    }

    /// What the object says of itself to whoever else looks into the bucket.
    static func headers(_ mediaType: String) -> [(name: String, value: String)] {
        [
            (name: "content-type", value: mediaType),
            (name: "cache-control", value: "private, max-age=31536000, immutable"),
        ]
    }

    private func putInParts(_ staged: StagedArtifact, as key: String) async throws(S3Error) {
        var begin = S3Request(.post, key, what: "beginning an upload")
        begin.query = [(name: "uploads", value: "")]
        begin.headers = Self.headers(staged.facts.format.mediaType)
        guard let upload = try await client.perform(begin).document["UploadId"], !upload.isEmpty else {
            throw S3Error(.refused, "beginning an upload: the answer names no upload")
        }
        do throws(S3Error) {
            var parts: [Part] = []
            var start: Int64 = 0
            while start < staged.source.byteCount {
                let end = min(start + limits.part, staged.source.byteCount)
                parts.append(try await put(start..<end, of: staged, number: parts.count + 1, upload, key))
                start = end
            }
            try await complete(parts, upload, key)
        } catch {
            // Else its parts would be kept, and paid for. What cannot be ended now is found by the next sweep.
            await abandon(upload, of: key)
            throw error
        }
    }

    private func put(
        _ range: Range<Int64>,
        of staged: StagedArtifact,
        number: Int,
        _ upload: String,
        _ key: String
    ) async throws(S3Error) -> Part {
        let hash: String?
        do {
            hash = try await services.offloading.run { Self.hash(of: range, in: staged.source) }
        } catch {
            throw S3Error(.refused, "storing a part: no thread to read on: \(error)")
        }
        guard let hash else { throw S3Error(.refused, "storing a part: the picture's file cannot be read") }
        var request = S3Request(.put, key, what: "storing a part")
        request.query = [(name: "partNumber", value: String(number)), (name: "uploadId", value: upload)]
        request.body = S3Request.Body(source: staged.source, part: range, hash: hash)
        guard let tag = try await client.perform(request)["etag"] else {
            throw S3Error(.refused, "storing a part: the answer has no ETag")
        }
        return Part(number: number, tag: tag)
    }

    private func complete(_ parts: [Part], _ upload: String, _ key: String) async throws(S3Error) {
        var request = S3Request(.post, key, what: "completing an upload")
        request.query = [(name: "uploadId", value: upload)]
        request.headers = [(name: "content-type", value: "application/xml")]
        let list = parts.map { "<Part><PartNumber>\($0.number)</PartNumber><ETag>\($0.tag)</ETag></Part>" }
        request.body = .text("<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>")
        do throws(S3Error) {
            _ = try await client.perform(request)
        } catch {
            // Done by an earlier try whose answer was lost: whether the object is there shows afterwards.
            guard error.kind == .missing else { throw error }
        }
    }

    /// Ends an upload that nobody will complete.
    func abandon(_ upload: String, of key: String) async {
        var request = S3Request(.delete, key, what: "ending an upload")
        request.query = [(name: "uploadId", value: upload)]
        request.tries = 2
        _ = try? await client.perform(request)
    }

    /// In lower-case hex; nil where the file cannot be read. Blocks.
    private static func hash(of range: Range<Int64>, in source: ByteSource) -> String? {
        var hash = SHA256()
        switch source {
        case .bytes(let bytes):
            hash.update(bytes.span.extracting(Int(range.lowerBound)..<Int(range.upperBound)))
        case .file(let path, _):
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return nil }
            defer { close(descriptor) }
            var piece = [UInt8](repeating: 0, count: 256 << 10)
            var offset = range.lowerBound
            while offset < range.upperBound {
                let count = min(piece.count, Int(range.upperBound - offset))
                let got = unsafe piece.withUnsafeMutableBytes {
                    unsafe pread(descriptor, $0.baseAddress, count, off_t(offset))
                }
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { return nil }
                hash.update(piece.span.extracting(first: got))
                offset += Int64(got)
            }
        }
        return Hex.text(hash.finish())
    }
}
