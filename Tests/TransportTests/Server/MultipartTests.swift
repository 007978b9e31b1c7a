import Glibc
import Testing

@testable import Transport

@Suite struct MultipartParserTests {
    /// What a body comes to: its parts with their whole content, or the error.
    private enum Outcome: Equatable {
        case parts([MultipartPart], [String])
        case failure
    }

    private func parse(
        _ pieces: [ArraySlice<UInt8>],
        boundary: String = "B",
        limits: MultipartParser.Limits = MultipartParser.Limits()
    ) -> Outcome {
        var parser = MultipartParser(boundary: boundary, limits: limits)
        var parts: [MultipartPart] = []
        var contents: [[UInt8]] = []
        var isInside = false
        var isOver = false
        do throws(MultipartError) {
            for piece in pieces {
                parser.append(Array(piece))
                while let event = try parser.next() {
                    switch event {
                    case .partBegin(let part):
                        #expect(!isInside && !isOver)
                        isInside = true
                        parts.append(part)
                        contents.append([])
                    case .partData(let bytes):
                        #expect(isInside && !bytes.isEmpty)
                        contents[contents.count - 1] += bytes
                    case .partEnd:
                        #expect(isInside)
                        isInside = false
                    case .end:
                        #expect(!isInside && !isOver)
                        isOver = true
                    }
                }
            }
            try parser.finish()
            return .parts(parts, contents.map { String(decoding: $0, as: UTF8.self) })
        } catch {
            return .failure
        }
    }

    private func parse(_ text: String) -> Outcome { parse([Array(text.utf8)[...]]) }

    private static let whole =
        "preamble\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n-\r\n--\r\n--C\r\n\r\r\n--B \t\r\n"
        + "content-disposition:form-data; filename=\"x \\\"y\\\".png\"; name=file\r\nContent-Type: image/png\r\nX: y\r\n\r\n"
        + "\r\n--B\r\nContent-Disposition: form-data; name=\"ü\"\r\n\r\n--B\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n"
        + "\r\n--B--\r\nepilogue --B"

    private static let parts = Outcome.parts(
        [
            MultipartPart(name: "a"), MultipartPart(name: "file", filename: "x \"y\".png", contentType: "image/png"),
            MultipartPart(name: "ü"), MultipartPart(name: ""),
        ],
        ["1\r\n-\r\n--\r\n--C\r\n\r", "", "", ""]
    )

    @Test func `a form split at any one byte gives the same parts`() {
        let whole = MultipartParserTests.whole
        let bytes = Array(whole.utf8)
        let expected = parse(whole)
        #expect(expected == MultipartParserTests.parts)
        for split in 0...bytes.count {
            #expect(parse([bytes[..<split], bytes[split...]]) == expected)
        }
        #expect(parse(bytes.indices.map { bytes[$0...$0] }) == expected)
    }

    /// Found by fuzzing: the end of a header counted towards its length when it came in two pieces.
    @Test(arguments: [(0, true), (1, false)])
    func `a header or padding at its limit is taken wherever it is split`(excess: Int, isTaken: Bool) {
        let header = "Content-Disposition: form-data; name=\"a\""
        for (prefix, filling) in [("--B\r\n\(header)", "b"), ("--B", " ")] {
            let isHeader = filling == "b"
            var limits = MultipartParser.Limits()
            limits.headerBytes = isHeader ? header.utf8.count + 20 : 60
            let room = isHeader ? 20 - "\r\nX: ".utf8.count : 60
            let long = prefix + (isHeader ? "\r\nX: " : "") + String(repeating: filling, count: room + excess)
            let form = Array((long + (isHeader ? "" : "\r\n\(header)") + "\r\n\r\n1\r\n--B--\r\n").utf8)
            for split in 0...form.count {
                let outcome = parse([form[..<split], form[split...]], limits: limits)
                #expect((outcome == .parts([MultipartPart(name: "a")], ["1"])) == isTaken, "at \(split)")
            }
        }
    }

    @Test func `random content split at random gives itself`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("\r\n-Bx".utf8)
        for _ in 0..<300 {
            var content = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            let text = "\r\n" + String(decoding: content, as: UTF8.self)
            if text.utf8.elementsEqual(text.replacing("\r\n--B", with: "").utf8) == false { content = [] }
            let body =
                Array("--B\r\nContent-Disposition: form-data; name=a\r\n\r\n".utf8) + content + Array("\r\n--B--".utf8)
            var pieces: [ArraySlice<UInt8>] = []
            var start = 0
            while start < body.count {
                let end = min(body.count, start + Int.random(in: 1...20, using: &generator))
                pieces.append(body[start..<end])
                start = end
            }
            #expect(parse(pieces) == .parts([MultipartPart(name: "a")], [String(decoding: content, as: UTF8.self)]))
        }
    }

    static let broken: [(String, String)] = [
        ("nothing", ""),
        ("no delimiter", "abc"),
        ("no closing delimiter", "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B\r\n"),
        ("ended inside content", "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx"),
        ("ended inside a header", "--B\r\nContent-Disposition: form-data"),
        ("text behind a delimiter", "--Bx\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B--"),
        ("bare line feeds", "--B\nContent-Disposition: form-data; name=a\n\nx\n--B--"),
        ("no header", "--B\r\n\r\nx\r\n--B--"),
        ("no disposition", "--B\r\nContent-Type: a/b\r\n\r\nx\r\n--B--"),
        ("no name", "--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--"),
        ("another disposition", "--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--"),
        ("two names", "--B\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--B--"),
        (
            "two dispositions",
            "--B\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\nx\r\n--B--"
        ),
        ("an open quote", "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--B--"),
        ("a NUL in a name", "--B\r\nContent-Disposition: form-data; name=\"a\u{0}\"\r\n\r\nx\r\n--B--"),
        ("a folded header", "--B\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\nx\r\n--B--"),
        ("a line without a colon", "--B\r\nContent-Disposition\r\n\r\nx\r\n--B--"),
        (
            "base64 coding",
            "--B\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--B--"
        ),
        (
            "a header over 8 KiB",
            "--B\r\nX: \(String(repeating: "x", count: 9000))\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B--"
        ),
        (
            "65 parts",
            String(repeating: "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n", count: 65) + "--B--"
        ),
    ]

    @Test(arguments: broken)
    func `a broken form is refused`(name: String, body: String) {
        #expect(parse(body) == .failure)
        #expect(parse(Array(body.utf8).indices.map { Array(body.utf8)[$0...$0] }) == .failure)
    }

    @Test func `an empty form and 64 parts are accepted`() {
        #expect(parse("--B--") == .parts([], []))
        let many = String(repeating: "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n", count: 64) + "--B--"
        #expect(
            parse(many)
                == .parts(Array(repeating: MultipartPart(name: "a"), count: 64), Array(repeating: "x", count: 64))
        )
    }

    @Test(
        arguments: [
            ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data ; Boundary=\"a b:c\"", "a b:c"),
            ("multipart/form-data; charset=utf-8; boundary=x;", "x"), ("multipart/form-data", nil),
            ("multipart/mixed; boundary=abc", nil), ("application/json", nil), ("multipart/form-data; boundary=", nil),
            ("multipart/form-data; boundary=\"a ", nil), ("multipart/form-data; boundary=\"a \"", nil),
            ("multipart/form-data; boundary=a\u{E4}", nil), ("multipart/form-data; boundary=a; boundary=b", nil),
            ("multipart/form-data; boundary=" + String(repeating: "a", count: 71), nil),
        ] as [(String, String?)]
    )
    func `the boundary is read strictly`(contentType: String, expected: String?) {
        #expect((try? MultipartParser.boundary(of: contentType)) == expected)
    }
}

@Suite struct MultipartFormTests {
    private static func directory() throws -> String {
        var template = Array("/tmp/forms-XXXXXX".utf8CString)
        try #require(unsafe mkdtemp(&template) != nil)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func form(_ file: [UInt8], field: String = "a cat") -> [UInt8] {
        Array("--B\r\nContent-Disposition: form-data; name=prompt\r\n\r\n\(field)\r\n--B\r\n".utf8)
            + Array(
                "Content-Disposition: form-data; name=image; filename=a.png\r\nContent-Type: image/png\r\n\r\n".utf8
            )
            + file + Array("\r\n--B--\r\n".utf8)
    }

    private static func isEmpty(_ directory: String) -> Bool { unsafe rmdir(directory) == 0 }

    @Test(arguments: [0, 1000, 1_500_000])
    func `a form's fields and files arrive, large files on disk, which leave with their owner`(size: Int) async throws {
        let pool = try BlockingPool(name: "files", threads: 2)
        defer { pool.stop() }
        let directory = try MultipartFormTests.directory()
        let file = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }
        try await withServer(answer: { request in
            do throws(FormError) {
                let form = try await MultipartForm.read(
                    request.body,
                    contentType: request.headers["Content-Type"] ?? "",
                    directory: directory,
                    pool: pool
                )
                guard let upload = form.files.first, form.files.count == 1 else { return .text("no file", status: 500) }
                let description = "\(form["prompt"] ?? "") \(upload.name) \(upload.filename) \(upload.size)"
                switch upload.content {
                case .memory(let bytes): return .text(description + " memory \(bytes == file)")
                case .file(let open, let path):
                    let back = try? OpenFile(path: path)
                    return HTTPResponse(
                        headers: [("X-Form", description + " disk \(back?.size ?? -1)")],
                        body: .file(open, range: 0..<upload.size)
                    )
                }
            } catch {
                return .text("\(error)", status: 400)
            }
        }) { port, _ in
            let client = try await RawClient(port: port)
            let body = MultipartFormTests.form(file)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: \(body.count)\r\n\r\n"
            )
            try await client.send(body)
            let head = try await client.receive(through: "\r\n\r\n")
            if size > 256 << 10 {
                #expect(head.contains("X-Form: a cat image a.png \(size) disk \(size)\r\n"))
                #expect(try await client.receive(exactly: size) == file)
            } else {
                let text = "a cat image a.png \(size) memory true"
                #expect(String(decoding: try await client.receive(exactly: text.utf8.count), as: UTF8.self) == text)
            }
        }
        #expect(MultipartFormTests.isEmpty(directory))
    }

    @Test(
        arguments: [
            (10_000, 5, FormError.tooLarge), (100, 5000, .tooLarge), (100, 5, nil),
        ] as [(Int, Int, FormError?)]
    )
    func `a form or a field over its limit is refused and leaves no file`(
        file: Int,
        field: Int,
        expected: FormError?
    ) async throws {
        let pool = try BlockingPool(name: "files", threads: 1)
        defer { pool.stop() }
        let directory = try MultipartFormTests.directory()
        var limits = MultipartForm.Limits()
        limits.total = 8000
        limits.field = 1000
        limits.fileInMemory = 50
        let body = MultipartFormTests.form(
            [UInt8](repeating: 7, count: file),
            field: String(repeating: "x", count: field)
        )
        var offset = 0
        var failure: FormError?
        do throws(FormError) {
            _ = try await MultipartForm.read(
                contentType: "multipart/form-data; boundary=B",
                limits: limits,
                directory: directory,
                pool: pool
            ) { () async throws(BodyError) in
                guard offset < body.count else { return nil }
                defer { offset += 700 }
                return Array(body[offset..<min(offset + 700, body.count)])
            }
        } catch {
            failure = error
        }
        #expect(failure == expected)
        #expect(MultipartFormTests.isEmpty(directory))
    }

    @Test func `a directory that cannot be written is a storage error`() async throws {
        let pool = try BlockingPool(name: "files", threads: 1)
        defer { pool.stop() }
        var limits = MultipartForm.Limits()
        limits.fileInMemory = 0
        var pieces = [MultipartFormTests.form([1, 2, 3])]
        var failure: FormError?
        do throws(FormError) {
            _ = try await MultipartForm.read(
                contentType: "multipart/form-data; boundary=B",
                limits: limits,
                directory: "/nonexistent",
                pool: pool
            ) { () async throws(BodyError) in pieces.popLast() }
        } catch {
            failure = error
        }
        guard case .storage = failure else {
            Issue.record("expected a storage error, not \(String(describing: failure))")
            return
        }
    }
}
