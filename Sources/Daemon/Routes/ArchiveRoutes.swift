import Orchestrator
import Transport

/// `/v1/images/zip`: several stored pictures in one download.
enum ArchiveRoutes {
    static let all: [Route] = [
        Route(.get, "/v1/images/zip", .anyone, "Download several images as one ZIP archive: ids=…,… or job=…") {
            exchange throws(APIError) in try await archive(exchange)
        }
    ]

    /// As many as a page of a list may have.
    static let most = 100
    /// Of a picture that is read for its checksum, or sent on, at once.
    private static let pieceSize = 256 << 10

    private static func archive(_ exchange: Exchange) async throws(APIError) -> HTTPResponse {
        let images = try await wanted(exchange)
        let entries = images.enumerated().map { index, image in
            ZipArchive.Entry(
                name: "\(padded(index + 1, like: images.count))-\(image.id.text).\(image.format.fileExtension)",
                byteCount: image.byteCount,
                modified: image.created
            )
        }
        let length = ZipArchive.byteCount(of: entries)
        guard length <= ZipArchive.longest else {
            throw .requestTooLarge("these images are \(length) bytes; one archive holds \(ZipArchive.longest)")
        }
        let headers = [
            (name: "content-type", value: "application/zip"),
            (name: "content-disposition", value: "attachment; filename=\"images.zip\""),
            (name: "cache-control", value: "private, no-store"),
            (name: "x-content-type-options", value: "nosniff"),
        ]
        let service = exchange.service
        if exchange.request.method == .head {
            return HTTPResponse(headers: headers, body: .counted(length) { _ in })
        }
        // The first is fetched before anything is answered: with a storage that is away there is a plain error.
        let first = try await held(images[0], service)
        return HTTPResponse(
            headers: headers,
            body: .counted(length) { writer in
                var archive = ZipArchive()
                for (index, (image, entry)) in zip(images, entries).enumerated() {
                    let bytes = index == 0 ? first : try await held(image, service)
                    let checksum = try await checksum(of: bytes.source, service)
                    try await writer.write(archive.begin(entry, checksum: checksum))
                    var reader = PieceReader(bytes.source, pool: service.spool.pool)
                    while let piece = try await reader.next(pieceSize) { try await writer.write(piece) }
                    withExtendedLifetime(bytes) {}
                }
                try await writer.write(archive.end())
            }
        )
    }

    /// The pictures that the query names, each of which the caller may see; one that is named twice comes once.
    private static func wanted(_ exchange: Exchange) async throws(APIError) -> [ImageRecord] {
        let query = QueryReader(exchange.request)
        switch (query.text("ids"), query.text("job")) {
        case (let names?, nil):
            var ids: [ImageID] = []
            for name in names.split(separator: ",") {
                guard let id = ImageID(name) else { throw .notFound("there is no image '\(name)'") }
                if !ids.contains(id) { ids.append(id) }
                guard ids.count <= most else { throw .invalidValue("ids", "must name at most \(most) images") }
            }
            guard !ids.isEmpty else { throw .missingField("ids") }
            var images: [ImageRecord] = []
            for id in ids { images.append(try await StoredImageRoutes.visible(id, exchange).image) }
            return images
        case (nil, let name?):
            let caller = try await exchange.service.authenticator.caller(of: exchange)
            try caller.require(.imagesRead)
            let missing = APIError.notFound("there is no job '\(name)'")
            guard let id = JobID(name) else { throw missing }
            let job = try await exchange.reading { store throws(StoreError) in try await store.job(id) }
            guard let job, job.owner == caller.user.id || caller.user.isAdmin else { throw missing }
            guard !job.images.isEmpty else { throw .notFound("job '\(name)' has no images") }
            return job.images
        case (nil, nil): throw .missingField("ids")
        case (_?, _?): throw .invalidValue("job", "cannot be given together with ids")
        }
    }

    private static func held(_ image: ImageRecord, _ service: Service) async throws(APIError) -> HeldBytes {
        do throws(ArtifactError) {
            let bytes = try await service.engine.storage.open(image.digest)
            guard bytes.source.byteCount == image.byteCount else { throw .storage("its length is another one") }
            return bytes
        } catch {
            throw .unread(error, "image '\(image.id)'")
        }
    }

    /// Read once more before it is sent: the checksum stands in front of the bytes.
    private static func checksum(of source: ByteSource, _ service: Service) async throws -> UInt32 {
        try await service.spool.pool.run {
            var sum = CRC32()
            try ByteReader.forEachChunk(of: source, size: pieceSize) { piece throws(ArtifactError) in
                sum.update(piece)
            }
            return sum.value
        }
    }

    /// So that names sort as the pictures were asked for.
    private static func padded(_ number: Int, like largest: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: String(largest).utf8.count - text.utf8.count) + text
    }
}
