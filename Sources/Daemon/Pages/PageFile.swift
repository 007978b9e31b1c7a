import CPages
import Orchestrator
import Persistence
import Transport

/// One file of the web pages: a document, whole or a part, a style sheet, a script, a picture.
struct PageFile: Sendable {
    let name: String
    let bytes: [UInt8]
    /// For `ETag`; changes with the bytes.
    let tag: String

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        tag = "\"\(Hex.text(SHA256.digest(of: bytes.span)).prefix(32))\""
    }

    /// What was built in, by name.
    static let builtIn: [String: PageFile] = {
        var files: [String: PageFile] = [:]
        for index in 0..<page_file_count() {
            let file = unsafe page_file_at(index)
            let name = unsafe String(cString: file.name)
            let bytes = unsafe Array(UnsafeBufferPointer(start: file.bytes, count: file.length))
            files[name] = PageFile(name: name, bytes: bytes)
        }
        return files
    }()

    private var mediaType: String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }

    /// Nothing from elsewhere, nothing inline; pictures also from memory, where a page draws a mask or an early view.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    /// Headers that every document and every part of one has.
    static let headers = [
        (name: "content-security-policy", value: contentSecurityPolicy),
        (name: "x-content-type-options", value: "nosniff"),
        (name: "referrer-policy", value: "same-origin"),
        (name: "cross-origin-opener-policy", value: "same-origin"),
    ]

    /// The file, or 304 where the browser has it: it asks each time, and pays one small round for it.
    func response(to request: HTTPRequest, status: Int = 200) -> HTTPResponse {
        let headers =
            [
                (name: "content-type", value: mediaType), (name: "etag", value: tag),
                (name: "cache-control", value: "no-cache"),
            ] + Self.headers
        if status == 200, request.headers.all(named: "if-none-match").contains(where: { $0.contains(tag) }) {
            return HTTPResponse(status: 304, headers: headers)
        }
        return HTTPResponse(status: status, headers: headers, body: .bytes(bytes))
    }
}
