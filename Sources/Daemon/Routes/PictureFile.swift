import Orchestrator
import Transport

/// Serves the bytes of one stored picture: validators, ranges, and headers that keep browsers from guessing.
struct PictureFile {
    let exchange: Exchange

    /// The answer to the request; `cacheControl` replaces the rule for bytes that never change. With `?download=1` browsers
    /// save the file, under `name` or the picture's own.
    func response(
        _ image: ImageRecord,
        cacheControl: String? = nil,
        name: String? = nil
    ) async throws(APIError) -> HTTPResponse {
        let request = exchange.request
        let tag = "\"\(image.digest)\""
        var headers = Self.headers(image.format, tag: tag, cacheControl ?? Self.forGood(image))
        headers.append((name: "accept-ranges", value: "bytes"))
        if try QueryReader(request).flag("download") {
            let name = name ?? "\(image.id.text).\(image.format.fileExtension)"
            headers.append((name: "content-disposition", value: "attachment; filename=\"\(name)\""))
        }
        if Self.matches(request.headers.all(named: "if-none-match"), tag) {
            return HTTPResponse(status: 304, headers: headers)
        }
        let size = image.byteCount
        switch ByteRange(request.headers["range"], of: size, ifRange: request.headers["if-range"], tag: tag) {
        case .whole:
            return HTTPResponse(headers: headers, body: try await body(image, nil))
        case .part(let range):
            headers.append(
                (name: "content-range", value: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)")
            )
            return HTTPResponse(status: 206, headers: headers, body: try await body(image, range))
        case .unsatisfiable:
            return HTTPResponse(status: 416, headers: [(name: "content-range", value: "bytes */\(size)")])
        }
    }

    /// A small WebP file of the picture.
    func thumbnail(_ image: ImageRecord) async throws(APIError) -> HTTPResponse {
        let tag = "\"\(image.digest)-\(Thumbnails.maxEdge)\""
        let headers = Self.headers(.webp, tag: tag, Self.forGood(image))
        if Self.matches(exchange.request.headers.all(named: "if-none-match"), tag) {
            return HTTPResponse(status: 304, headers: headers)
        }
        return HTTPResponse(headers: headers, body: .bytes(try await exchange.service.thumbnails.preview(of: image)))
    }

    private static func forGood(_ image: ImageRecord) -> String {
        "\(image.isPublic ? "public" : "private"), max-age=31536000, immutable"
    }

    private static func headers(_ format: ImageFormat, tag: String, _ cacheControl: String) -> [(
        name: String, value: String
    )] {
        [
            (name: "content-type", value: format.mediaType),
            (name: "etag", value: tag),
            (name: "cache-control", value: cacheControl),
            (name: "x-content-type-options", value: "nosniff"),
            (name: "content-security-policy", value: "default-src 'none'; sandbox"),
        ]
    }

    /// The bytes of a part, all where nil; a stored picture that is not as long as its record is an error.
    private func body(_ image: ImageRecord, _ part: Range<Int64>?) async throws(APIError) -> HTTPResponse.Body {
        let range = part ?? 0..<image.byteCount
        do throws(ArtifactError) {
            let storage = exchange.service.engine.storage
            if exchange.request.method == .head {
                guard try await storage.contains(image.digest) else { throw .notFound }
                return .counted(Int64(range.count)) { _ in }
            }
            switch try await storage.read(image.digest, part) {
            case .held(let held):
                guard held.source.byteCount == image.byteCount else {
                    throw .storage("it has \(held.source.byteCount) bytes in place of \(image.byteCount)")
                }
                switch held.source {
                case .bytes(let bytes):
                    return .bytes(part == nil ? bytes : Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
                case .file(let path, _):
                    do throws(TransportError) {
                        return .file(try OpenFile(path: path), range: range)
                    } catch {
                        throw .storage("\(error)")
                    }
                }
            case .stream(let stream):
                return .counted(Int64(range.count)) { writer in
                    while let bytes = try await stream.next() { try await writer.write(bytes) }
                }
            }
        } catch {
            throw .unread(error, "image '\(image.id)'")
        }
    }

    private static func matches(_ fields: [String], _ tag: String) -> Bool {
        fields.joined(separator: ",").split(separator: ",").contains { field in
            var text = field.filter { $0 != " " }
            if text.hasPrefix("W/") { text.removeFirst(2) }
            return text == tag || text == "*"
        }
    }
}

/// The part of a file that a request asks for (RFC 9110 section 14); several parts are answered with the whole.
enum ByteRange: Equatable {
    case whole
    case part(Range<Int64>)
    case unsatisfiable

    init(_ header: String?, of size: Int64, ifRange: String?, tag: String) {
        self = .whole
        guard let header, header.hasPrefix("bytes="), ifRange == nil || ifRange == tag else { return }
        let parts = header.dropFirst("bytes=".count).split(
            separator: "-",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        // `Int64` would take a sign.
        guard parts.count == 2, !header.contains(","), !header.contains("+") else { return }
        let (first, last) = (Int64(parts[0]), Int64(parts[1]))
        switch (first, last) {
        case (let first?, nil) where parts[1].isEmpty && first >= 0:
            self = first < size ? .part(first..<size) : .unsatisfiable
        case (let first?, let last?) where first >= 0 && last >= first:
            self = first < size ? .part(first..<min(last, size - 1) + 1) : .unsatisfiable
        case (nil, let count?) where parts[0].isEmpty && count >= 0:
            self = count > 0 && size > 0 ? .part(max(size - count, 0)..<size) : .unsatisfiable
        default: return
        }
    }
}
