import Foundation
import Orchestrator
import Testing

@testable import Transport

/// Runs `body` with the path of a file that holds `bytes`.
func withFile<Value>(_ bytes: [UInt8], _ body: (String) async throws -> Value) async throws -> Value {
    let url = FileManager.default.temporaryDirectory.appending(path: "upstream-\(UUID().uuidString)")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(url.path)
}

@Suite struct MultipartEncoderTests {
    private func text(_ encoder: MultipartEncoder) -> String {
        String(
            decoding: encoder.pieces.flatMap { piece in
                if case .bytes(let bytes) = piece { bytes } else { Array("<file>".utf8) }
            },
            as: UTF8.self
        )
    }

    @Test func `text parts have neither type nor charset, file parts have name and type`() {
        var image = FormPart("image[]", "")
        image.content = .file(.bytes([1, 2, 3]), name: "image.png", mediaType: "image/png")
        let encoder = MultipartEncoder([FormPart("prompt", "ein Bär"), image], boundary: "B")
        let expected =
            "--B\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nein Bär\r\n"
            + "--B\r\nContent-Disposition: form-data; name=\"image[]\"; filename=\"image.png\"\r\n"
            + "Content-Type: image/png\r\n\r\n\u{1}\u{2}\u{3}\r\n--B--\r\n"
        #expect(text(encoder) == expected)
        #expect(encoder.byteCount == Int64(expected.utf8.count))
        #expect(encoder.contentType == "multipart/form-data; boundary=B")
    }

    @Test func `a form without parts is its end alone`() {
        let encoder = MultipartEncoder([], boundary: "B")
        #expect(text(encoder) == "--B--\r\n")
        #expect(encoder.byteCount == 7)
    }

    @Test func `a file counts with its size and stands between two pieces`() {
        var part = FormPart("f", "")
        part.content = .file(.file(path: "/x", byteCount: 1000), name: "x", mediaType: "a/b")
        let encoder = MultipartEncoder([part, part], boundary: "B")
        #expect(encoder.pieces.count == 5)
        #expect(encoder.byteCount == Int64(text(encoder).utf8.count) + 2 * (1000 - 6))
    }

    @Test func `names cannot end their quotation or line`() {
        var part = FormPart("a\"\r\nb", "")
        part.content = .file(.bytes([]), name: "c\"\r\nd", mediaType: "image/png\r\nX: y")
        let result = text(MultipartEncoder([part], boundary: "B"))
        #expect(result.contains("name=\"a%22%0D%0Ab\"; filename=\"c%22%0D%0Ad\"\r\nContent-Type: image/pngX: y\r\n"))
    }
}

@Suite struct RequestBodyTests {
    /// Reads all of a body through a buffer of `size` bytes, supplying files as they are asked for.
    private func read(_ sources: [ByteSource], size: Int) -> (bytes: [UInt8], end: RequestBody.Portion) {
        var body = RequestBody(sources)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: size)
        while true {
            let portion = unsafe buffer.withUnsafeMutableBytes { unsafe body.read(into: $0) }
            switch portion {
            case .bytes(let count): bytes += buffer[..<count]
            case .needsFile(let read):
                let again = unsafe buffer.withUnsafeMutableBytes { unsafe body.read(into: $0) }
                #expect(again == .waiting)
                body.supply(read.perform())
            case .waiting, .end, .failed:
                #expect(body.isFinished == (portion == .end))
                return (bytes, portion)
            }
        }
    }

    @Test(arguments: [1, 7, 65536])
    func `pieces come in order whatever the buffer`(size: Int) async throws {
        let content = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await withFile(content) { path in
            let sources: [ByteSource] = [
                .bytes([1, 2]), .file(path: path, byteCount: 3000), .bytes([]), .bytes([3]),
                .file(path: path, byteCount: 10), .bytes([4]),
            ]
            let result = read(sources, size: size)
            #expect(result.end == .end)
            #expect(result.bytes == [1, 2] + content + [3] + content[..<10] + [4])
        }
    }

    @Test func `a file larger than one read arrives whole`() async throws {
        let content = (0..<600_000).map { UInt8(truncatingIfNeeded: $0 >> 3) }
        try await withFile(content) { path in
            #expect(read([.file(path: path, byteCount: 600_000)], size: 65536).bytes == content)
        }
    }

    @Test func `a file that is shorter than announced fails`() async throws {
        try await withFile([1, 2, 3]) { path in
            let result = read([.file(path: path, byteCount: 4)], size: 16)
            #expect(result.end == .failed)
            #expect(result.bytes == [1, 2, 3])
        }
    }

    @Test func `a file that is not there fails`() {
        #expect(read([.file(path: "/nonexistent/file", byteCount: 4)], size: 16).end == .failed)
    }
}

@Suite struct ReplyHeadTests {
    private func head(_ lines: String...) -> ReplyHead {
        var head = ReplyHead()
        for line in lines { _ = head.accept(Array((line + "\r\n").utf8).span) }
        return head
    }

    @Test func `names are lower case and values trimmed`() {
        let head = head(
            "HTTP/1.1 200 OK",
            "Content-TYPE:  Application/JSON; charset=utf-8 ",
            "X-Empty:",
            "nonsense",
            ""
        )
        #expect(head.isComplete && head.status == 200)
        #expect(head.mediaType == "application/json")
        #expect(head.headers.map(\.name) == ["content-type", "x-empty"])
        #expect(head.headers.map(\.value) == ["Application/JSON; charset=utf-8", ""])
        #expect(head.header("x-empty") == "" && head.header("content") == nil)
    }

    @Test func `an interim head is forgotten`() {
        let head = head("HTTP/1.1 103 Early Hints", "Link: x", "", "HTTP/2 404 ", "A: b", "", "Trailer: c")
        #expect(head.isComplete && head.status == 404)
        #expect(head.headers.map(\.name) == ["a"])
    }

    @Test(arguments: ["HTTP/1.1", "HTTP/1.1 2x0 OK", "HTTP/1.1 099 No"])
    func `a status line without status is refused`(line: String) {
        var head = ReplyHead()
        let isAccepted = head.accept(Array((line + "\r\n").utf8).span)
        #expect(!isAccepted)
    }

    @Test func `a head without bound is refused`() {
        var head = head("HTTP/1.1 200 OK")
        let line = Array(("X: " + String(repeating: "y", count: 1000)).utf8)
        var count = 0
        while head.accept(line.span) { count += 1 }
        #expect((60...66).contains(count))
    }
}
