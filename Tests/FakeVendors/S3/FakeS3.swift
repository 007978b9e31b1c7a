package import Foundation
import Orchestrator

/// A small S3 service with one bucket, in memory, for failures that a real one cannot be brought to.
///
/// It refuses what S3 refuses: wrong signatures, wrong hashes, clocks that are off, parts and uploads that do not exist.
package final class FakeS3: Sendable {
    package struct Object: Sendable {
        package var bytes: [UInt8]
        package var mediaType: String
        package var modified: Date
    }

    private struct Upload: Sendable {
        var key: String
        var mediaType: String
        var parts: [Int: [UInt8]] = [:]
        var begun = Date()
    }

    private struct State: Sendable {
        var objects: [String: Object] = [:]
        var uploads: [String: Upload] = [:]
        var requests: [FakeRequest] = []
        var number = 0
    }

    /// Decides whether a request fails, and how, before it has any effect; nil lets it through.
    package typealias Fault = @Sendable (FakeRequest) -> FakeReply?
    /// Changes what is answered after the request had its effect.
    package typealias Distortion = @Sendable (FakeRequest, FakeReply) -> FakeReply

    package static let bucket = "pictures"
    package static let accessKey = "AKFAKE"
    package static let secretKey = "fake-secret-key"

    private let state = Lock(State())
    private let fault = Lock<Fault?>(nil)
    private let distortion = Lock<Distortion?>(nil)
    private let server = Lock<LoopbackServer?>(nil)

    package init() throws {
        let server = try LoopbackServer { [unowned self] request, send in send(answer(request)) }
        self.server.withLock { $0 = server }
    }

    package var endpoint: String { server.withLock { $0?.origin } ?? "" }
    package var objects: [String: Object] { state.withLock { $0.objects } }
    package var uploadCount: Int { state.withLock { $0.uploads.count } }
    /// What was asked, in order.
    package var requests: [FakeRequest] { state.withLock { $0.requests } }

    package func fail(_ fault: Fault?) { self.fault.withLock { $0 = fault } }
    package func distort(_ distortion: Distortion?) { self.distortion.withLock { $0 = distortion } }

    package func put(_ key: String, _ bytes: [UInt8], modified: Date = Date()) {
        state.withLock { $0.objects[key] = Object(bytes: bytes, mediaType: "image/png", modified: modified) }
    }

    /// Begins an upload that nobody goes on with.
    package func beginUpload(_ key: String, begun: Date) {
        state.withLock {
            $0.number += 1
            $0.uploads["upload-\($0.number)"] = Upload(key: key, mediaType: "image/png", begun: begun)
        }
    }

    package func refuseConnections() { server.withLock { $0 }?.refuseConnections() }
    package func acceptConnections() throws { try server.withLock { $0 }?.acceptConnections() }
    package func stop() { server.withLock { $0.take() }?.stop() }

    // MARK: - Answering

    private func answer(_ request: FakeRequest) -> FakeReply {
        state.withLock { $0.requests.append(request) }
        if let reply = fault.withLock({ $0 })?(request) { return reply }
        var reply = FakeS3Signature.objection(to: request).map { FakeS3.error($0.status, $0.code) } ?? effect(request)
        reply.headers.append(("date", FakeS3.httpDate(Date())))
        return distortion.withLock { $0 }?(request, reply) ?? reply
    }

    package static func error(_ status: Int, _ code: String) -> FakeReply {
        FakeReply(
            status,
            headers: [("content-type", "application/xml")],
            body: Array("<?xml version=\"1.0\"?>\n<Error><Code>\(code)</Code><Message>no</Message></Error>".utf8)
        )
    }

    private static func document(_ text: String) -> FakeReply {
        FakeReply(
            200,
            headers: [("content-type", "application/xml")],
            body: Array("<?xml version=\"1.0\"?>\(text)".utf8)
        )
    }

    private func effect(_ request: FakeRequest) -> FakeReply {
        let segments = request.path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard segments.first == FakeS3.bucket[...] else { return FakeS3.error(404, "NoSuchBucket") }
        let key = segments.count > 1 ? String(segments[1]).removingPercentEncoding ?? "" : ""
        let query = request.query
        switch (request.method, key.isEmpty) {
        case ("GET", true): return query["uploads"] != nil ? uploads(query) : list(query)
        case ("GET", false), ("HEAD", false): return read(request, key)
        case ("DELETE", false):
            guard let id = query["uploadId"] else {
                state.withLock { $0.objects[key] = nil }
                return FakeReply(204)
            }
            return state.withLock { $0.uploads.removeValue(forKey: id) } == nil
                ? FakeS3.error(404, "NoSuchUpload") : FakeReply(204)
        case ("PUT", false):
            guard request.header("content-length") != nil else { return FakeS3.error(411, "MissingContentLength") }
            if let id = query["uploadId"] { return putPart(request, id, query["partNumber"].flatMap { Int($0) } ?? 0) }
            if let source = request.header("x-amz-copy-source") { return copy(request, source, to: key) }
            put(key, request)
            return FakeReply(200, headers: [("etag", FakeS3.tag(request.body))])
        case ("POST", false):
            return query["uploads"] != nil ? begin(request, key) : complete(request, query["uploadId"] ?? "", key)
        default: return FakeS3.error(405, "MethodNotAllowed")
        }
    }

    private func put(_ key: String, _ request: FakeRequest) {
        let object = Object(bytes: request.body, mediaType: request.header("content-type") ?? "", modified: Date())
        state.withLock { $0.objects[key] = object }
    }

    private func read(_ request: FakeRequest, _ key: String) -> FakeReply {
        guard let object = objects[key] else { return FakeS3.error(404, "NoSuchKey") }
        var headers = [
            ("content-type", object.mediaType), ("etag", FakeS3.tag(object.bytes)),
            ("last-modified", FakeS3.httpDate(object.modified)),
        ]
        if request.header("x-amz-checksum-mode") == "ENABLED" {
            headers.append(("x-amz-checksum-sha256", FakeS3Signature.checksum(object.bytes)))
        }
        guard let range = request.header("range")?.dropFirst("bytes=".count).split(separator: "-"), range.count == 2,
            let first = Int(range[0]), let last = Int(range[1]), first <= last, first < object.bytes.count
        else { return FakeReply(200, headers: headers, body: object.bytes) }
        let end = min(last + 1, object.bytes.count)
        headers.append(("content-range", "bytes \(first)-\(end - 1)/\(object.bytes.count)"))
        return FakeReply(206, headers: headers, body: Array(object.bytes[first..<end]))
    }

    private func copy(_ request: FakeRequest, _ source: String, to key: String) -> FakeReply {
        guard let object = objects[String(source.drop { $0 == "/" }.drop { $0 != "/" }.dropFirst())] else {
            return FakeS3.error(404, "NoSuchKey")
        }
        guard request.header("x-amz-metadata-directive") == "REPLACE" else {
            return FakeS3.error(400, "InvalidRequest")
        }
        let copied = Object(bytes: object.bytes, mediaType: request.header("content-type") ?? "", modified: Date())
        state.withLock { $0.objects[key] = copied }
        return FakeS3.document("<CopyObjectResult><ETag>\(FakeS3.tag(object.bytes))</ETag></CopyObjectResult>")
    }

    private func list(_ query: [String: String]) -> FakeReply {
        guard query["list-type"] == "2" else { return FakeS3.error(400, "InvalidArgument") }
        let most = min(Int(query["max-keys"] ?? "") ?? 1000, 1000)
        let found = objects.filter {
            $0.key.hasPrefix(query["prefix"] ?? "") && $0.key > query["continuation-token"] ?? ""
        }
        .sorted { $0.key < $1.key }
        let items = found.prefix(most).map { key, object in
            "<Contents><Key>\(key)</Key><LastModified>\(FakeS3.timestamp(object.modified))</LastModified>"
                + "<Size>\(object.bytes.count)</Size></Contents>"
        }
        let next = found.count > most ? found[most - 1].key : nil
        return FakeS3.document(
            "<ListBucketResult><IsTruncated>\(next != nil)</IsTruncated>\(items.joined())"
                + (next.map { "<NextContinuationToken>\($0)</NextContinuationToken>" } ?? "") + "</ListBucketResult>"
        )
    }

    // MARK: - Uploads in parts

    private func uploads(_ query: [String: String]) -> FakeReply {
        let found = state.withLock { $0.uploads }.filter { $0.value.key.hasPrefix(query["prefix"] ?? "") }
        let items = found.map { id, upload in
            "<Upload><Key>\(upload.key)</Key><UploadId>\(id)</UploadId>"
                + "<Initiated>\(FakeS3.timestamp(upload.begun))</Initiated></Upload>"
        }
        return FakeS3.document("<ListMultipartUploadsResult>\(items.joined())</ListMultipartUploadsResult>")
    }

    private func begin(_ request: FakeRequest, _ key: String) -> FakeReply {
        let id = state.withLock { state in
            state.number += 1
            state.uploads["upload-\(state.number)"] = Upload(key: key, mediaType: request.header("content-type") ?? "")
            return "upload-\(state.number)"
        }
        return FakeS3.document(
            "<InitiateMultipartUploadResult><UploadId>\(id)</UploadId></InitiateMultipartUploadResult>"
        )
    }

    private func putPart(_ request: FakeRequest, _ id: String, _ number: Int) -> FakeReply {
        let isKnown = state.withLock { state in
            state.uploads[id]?.parts[number] = request.body
            return state.uploads[id] != nil
        }
        return isKnown && (1...10_000).contains(number)
            ? FakeReply(200, headers: [("etag", FakeS3.tag(request.body))]) : FakeS3.error(404, "NoSuchUpload")
    }

    private func complete(_ request: FakeRequest, _ id: String, _ key: String) -> FakeReply {
        let order = String(decoding: request.body, as: UTF8.self)
        return state.withLock { state in
            guard let upload = state.uploads[id], upload.key == key else { return FakeS3.error(404, "NoSuchUpload") }
            let listed = order.components(separatedBy: "<Part>").dropFirst()
            var bytes: [UInt8] = []
            for (index, part) in listed.enumerated() {
                guard let data = upload.parts[index + 1], part.contains("<PartNumber>\(index + 1)</PartNumber>"),
                    part.contains(FakeS3.tag(data))
                else { return FakeS3.error(400, "InvalidPart") }
                bytes += data
            }
            guard listed.count == upload.parts.count else { return FakeS3.error(400, "InvalidPart") }
            state.uploads[id] = nil
            state.objects[key] = Object(bytes: bytes, mediaType: upload.mediaType, modified: Date())
            return FakeS3.document("<CompleteMultipartUploadResult><Key>\(key)</Key></CompleteMultipartUploadResult>")
        }
    }

    // MARK: - Words

    private static func tag(_ bytes: [UInt8]) -> String {
        "\"\(bytes.count)-\(bytes.reduce(7) { $0 &* 31 &+ Int($1) })\""
    }

    private static func timestamp(_ date: Date) -> String { date.formatted(.iso8601) }

    private static func httpDate(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: date)
    }
}
