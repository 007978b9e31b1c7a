package import Orchestrator

/// Keeps pictures as objects of a bucket, which any number of daemons may share: `artifacts/ab/abcd…`, as on disk.
///
/// A picture waits on local disk until the service has it, and for a while after that, as it is asked for most then.
package final class S3Storage: ArtifactStorage {
    private let client: S3Client
    private let services: S3Services
    private let staging: Staging
    private let upload: S3Upload
    private let removals: S3Removals
    private let recent = Lock(RecentArtifacts())

    /// Bodies that arrive are put into temporary files in `scratch`, which is made if needed; nothing is asked of the service
    /// before `check`.
    ///
    /// Blocks on the disk: call it at start.
    package convenience init(
        _ settings: S3Settings,
        scratch: String,
        services: S3Services,
        limits: ImageLimits = ImageLimits()
    ) throws(ArtifactError) {
        try self.init(settings, scratch: scratch, services: services, limits: limits, parts: S3Upload.Limits())
    }

    init(
        _ settings: S3Settings,
        scratch: String,
        services: S3Services,
        limits: ImageLimits,
        parts: S3Upload.Limits
    ) throws(ArtifactError) {
        self.services = services
        client = S3Client(settings, services)
        upload = S3Upload(client: client, services: services, limits: parts)
        removals = S3Removals(client: client, services: services)
        do throws(SystemError) {
            try Disk().makeDirectory(scratch)
            staging = try Staging(in: scratch + "/tmp", limits: limits, disk: Disk())
        } catch {
            throw .storage("cannot use '\(scratch)': \(error)")
        }
    }

    /// Asks whether the bucket is there and these keys may look into it; to be awaited before anything is served.
    package func check() async throws(ArtifactError) {
        try await look(tries: S3Client.tries)
    }

    /// Asks the service, unless it was heard of in the last second.
    package func ready() async throws(ArtifactError) {
        if !client.wasHeard(within: .seconds(1)) { try await look(tries: 2) }
    }

    private func look(tries: Int) async throws(ArtifactError) {
        var request = S3Request(.get, what: "looking into the bucket")
        request.query = Self.list(prefix: "artifacts/", most: 1)
        request.tries = tries
        do throws(S3Error) {
            _ = try await client.perform(request)
        } catch {
            throw .unreachable(error.message)
        }
    }

    package func close() async {
        forgetRecent()
        await staging.close()
    }

    /// Lets go of what is kept here for later readers.
    func forgetRecent() {
        let gone = recent.withLock { recent in
            defer { recent = RecentArtifacts() }
            return recent
        }
        withExtendedLifetime(gone) {}
    }

    private static func key(of digest: String) -> String {
        "artifacts/\(ArtifactLayout.prefix(of: digest))/\(digest)"
    }

    // MARK: - Storing

    package func makeSink() -> any ArtifactSink { staging.makeSink() }

    package func publish(_ staged: [StagedArtifact]) async throws(ArtifactError) {
        let failure = await withTaskGroup(of: ArtifactError?.self) { group in
            for artifact in staged {
                group.addTask { [self] in
                    do throws(S3Error) {
                        try await keep(artifact)
                        return nil
                    } catch {
                        let why = "a picture could not be kept: \(error.message)"
                        return error.kind == .unreachable ? .unreachable(why) : .storage(why)
                    }
                }
            }
            return await group.reduce(nil) { $0 ?? $1 }
        }
        if let failure { throw failure }
    }

    private func keep(_ staged: StagedArtifact) async throws(S3Error) {
        let key = Self.key(of: staged.digest)
        // Once more where somebody has just taken away what was there before.
        for _ in 0..<3 {
            try await upload.put(staged, as: key)
            try await removals.passed(staged.digest)
            if let reply = try await head(key) {
                guard reply["content-length"] == String(staged.source.byteCount), Self.mayBe(staged.digest, reply)
                else {
                    throw S3Error(.refused, "the S3 service has other bytes under '\(key)' than it was sent")
                }
                remember(staged.digest, HeldBytes(source: staged.source, keeper: staged.keeper))
                return
            }
        }
        throw S3Error(.refused, "the S3 service does not have '\(key)', which it says it stored")
    }

    /// Whether the checksum that the service computed, if it tells one, is of these bytes; that of parts is none of the whole.
    private static func mayBe(_ digest: String, _ reply: S3Reply) -> Bool {
        guard let checksum = reply["x-amz-checksum-sha256"], !checksum.contains("-"), let bytes = Hex.bytes(digest)
        else {
            return true
        }
        return checksum == String(decoding: Base64.encode(bytes.span), as: UTF8.self)
    }

    private func remember(_ digest: String, _ bytes: HeldBytes) {
        let gone = recent.withLock { $0.insert(digest, bytes) }
        withExtendedLifetime(gone) {}
    }

    /// Copies the object onto itself, by which its time becomes now.
    package func renew(_ digest: String) async throws(ArtifactError) -> Bool {
        guard ArtifactLayout.isDigest(digest) else { return false }
        let key = Self.key(of: digest)
        do throws(S3Error) {
            guard let found = try await head(key) else { return false }
            var request = S3Request(.put, key, what: "renewing a picture")
            request.headers = S3Upload.headers(found["content-type"] ?? "application/octet-stream")
            request.headers.append((name: "x-amz-copy-source", value: "/\(client.bucket)/\(key)"))
            request.headers.append((name: "x-amz-metadata-directive", value: "REPLACE"))
            request.body = .empty
            do throws(S3Error) {
                _ = try await client.perform(request)
            } catch {
                guard error.kind == .missing else { throw error }
                return false
            }
            try await removals.passed(digest)
            return try await head(key) != nil
        } catch {
            throw error.artifactError
        }
    }

    // MARK: - Reading

    package func open(_ digest: String) async throws(ArtifactError) -> HeldBytes {
        guard ArtifactLayout.isDigest(digest) else { throw .notFound }
        if let held = recent.withLock({ $0.find(digest) }) { return held }
        let sink: any ArtifactSink
        do throws(S3Error) {
            sink = try await client.download(
                S3Request(.get, Self.key(of: digest), what: "reading a picture"),
                into: staging
            )
            .sink
        } catch {
            throw error.artifactError
        }
        let staged: StagedArtifact
        do throws(ArtifactError) {
            staged = try await sink.stage()
        } catch {
            guard case .defective(let defect) = error else { throw error }
            throw .storage("the picture '\(digest)' is damaged where it is stored: \(defect)")
        }
        guard staged.digest == digest else {
            throw .storage("the picture '\(digest)' is another one where it is stored")
        }
        let held = HeldBytes(source: staged.source, keeper: staged.keeper)
        remember(digest, held)
        return held
    }

    package func read(_ digest: String, _ part: Range<Int64>?) async throws(ArtifactError) -> StoredBytes {
        guard ArtifactLayout.isDigest(digest) else { throw .notFound }
        if let held = recent.withLock({ $0.find(digest) }) { return .held(held) }
        var request = S3Request(.get, Self.key(of: digest), what: "reading a picture")
        if let part {
            request.headers = [(name: "range", value: "bytes=\(part.lowerBound)-\(part.upperBound - 1)")]
        }
        return .stream(
            try await S3Download.start(
                request,
                checking: part == nil ? digest : nil,
                with: client,
                on: services.executor()
            )
        )
    }

    package func contains(_ digest: String) async throws(ArtifactError) -> Bool {
        guard ArtifactLayout.isDigest(digest) else { return false }
        if recent.withLock({ $0.find(digest) }) != nil { return true }
        do throws(S3Error) {
            return try await head(Self.key(of: digest)) != nil
        } catch {
            throw error.artifactError
        }
    }

    private func head(_ key: String) async throws(S3Error) -> S3Reply? {
        var request = S3Request(.head, key, what: "looking at a picture")
        request.headers = [(name: "x-amz-checksum-mode", value: "ENABLED")]
        do throws(S3Error) {
            return try await client.perform(request)
        } catch {
            guard error.kind == .missing else { throw error }
            return nil
        }
    }

    // MARK: - Sweeping

    /// Ends the uploads to the shelf, too, that were begun more than a day ago: their daemon died in the middle.
    package func digests(onShelf shelf: UInt8) async throws(ArtifactError) -> [String] {
        let prefix = "artifacts/\(Hex.text([shelf]))/"
        do throws(S3Error) {
            await endStaleUploads(prefix)
            var digests: [String] = []
            var token: String?
            repeat {
                var request = S3Request(.get, what: "listing pictures")
                request.query = Self.list(prefix: prefix, most: 1000)
                if let token { request.query.append((name: "continuation-token", value: token)) }
                let page = try await client.perform(request).document
                digests += page.elements("Contents").compactMap { $0["Key"] }.map { String($0.dropFirst(prefix.count)) }
                    .filter(ArtifactLayout.isDigest)
                token = page["IsTruncated"] == "true" ? page["NextContinuationToken"] : nil
            } while token != nil
            return digests
        } catch {
            throw error.artifactError
        }
    }

    private static func list(prefix: String, most: Int) -> [(name: String, value: String)] {
        [
            (name: "list-type", value: "2"), (name: "prefix", value: prefix),
            (name: "max-keys", value: String(most)),
        ]
    }

    /// A service without the means to list them, or a key without the right, has its own rules for them.
    private func endStaleUploads(_ prefix: String) async {
        var request = S3Request(.get, what: "listing uploads")
        request.query = [(name: "uploads", value: ""), (name: "prefix", value: prefix)]
        request.tries = 1
        guard let page = try? await client.perform(request).document else { return }
        let limit = services.time.now() + .seconds(-86_400)
        for item in page.elements("Upload") {
            guard let key = item["Key"], key.hasPrefix(prefix), let id = item["UploadId"],
                let begun = item["Initiated"].flatMap({ Timestamp($0) }), begun < limit
            else { continue }
            await upload.abandon(id, of: key)
        }
    }

    package func remove(_ digest: String, ifUnusedSince time: Timestamp) async throws(ArtifactError) -> Bool {
        guard ArtifactLayout.isDigest(digest) else { return false }
        let gone = recent.withLock { $0.remove(digest) }
        withExtendedLifetime(gone) {}
        let key = Self.key(of: digest)
        do throws(S3Error) {
            guard try await isUnused(key, since: time) else { return false }
            return try await removals.during(digest) { () async throws(S3Error) in
                guard try await self.isUnused(key, since: time) else { return false }
                var request = S3Request(.delete, key, what: "removing a picture")
                // Not repeated: an earlier try might come late, when somebody has stored the picture anew.
                request.tries = 1
                _ = try await self.client.perform(request)
                return true
            }
        } catch {
            throw error.artifactError
        }
    }

    /// The service tells times in whole seconds, rounded down.
    private func isUnused(_ key: String, since time: Timestamp) async throws(S3Error) -> Bool {
        guard let modified = try await head(key)?["last-modified"].flatMap({ Timestamp(httpDate: $0) }) else {
            return false
        }
        return modified + .seconds(1) <= time
    }
}
