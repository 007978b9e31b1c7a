import Testing

@testable import Transport

/// What hostile and odd requests get; each row is one connection.
@Suite struct HTTPProtocolTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: String
        /// The statuses of all responses until the connection ends.
        var statuses: [Int]
        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(
            name: "three pipelined requests",
            bytes: "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                + "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            statuses: [200, 200, 200]
        ),
        Row(name: "a 100 KB header", bytes: get("X: \(String(repeating: "x", count: 100_000))\r\n"), statuses: [431]),
        Row(
            name: "1000 headers",
            bytes: get((0..<1000).map { "X\($0): 1\r\n" }.joined()),
            statuses: [431]
        ),
        Row(name: "100 headers", bytes: get((0..<99).map { "X\($0): 1\r\n" }.joined()), statuses: [200]),
        Row(name: "101 headers", bytes: get((0..<100).map { "X\($0): 1\r\n" }.joined()), statuses: [431]),
        Row(
            name: "a target of 9 KB",
            bytes: "GET /\(String(repeating: "x", count: 9_000)) HTTP/1.1\r\nHost: a\r\n\r\n",
            statuses: [414]
        ),
        Row(
            name: "a target of 9 KB that does not end",
            bytes: "GET /\(String(repeating: "x", count: 9_000))",
            statuses: [414]
        ),
        Row(name: "a bad chunk size", bytes: chunked("zz\r\nabc\r\n0\r\n\r\n"), statuses: [400]),
        Row(name: "a chunk without CRLF", bytes: chunked("3\r\nabc0\r\n\r\n"), statuses: [400]),
        Row(
            name: "a chunk size that overflows",
            bytes: chunked("fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
            statuses: [400]
        ),
        Row(name: "a chunk ended by a bare LF", bytes: chunked("3\nabc\n0\n\n"), statuses: [400]),
        Row(
            name: "Content-Length and Transfer-Encoding",
            bytes: post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
            statuses: [400]
        ),
        Row(
            name: "Transfer-Encoding and Content-Length",
            bytes: post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"),
            statuses: [400]
        ),
        Row(
            name: "two differing lengths",
            bytes: post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"),
            statuses: [400]
        ),
        Row(name: "a list of lengths", bytes: post("Content-Length: 3, 3\r\n", "abc"), statuses: [400]),
        Row(name: "a length with a sign", bytes: post("Content-Length: +2\r\n", "ab"), statuses: [400]),
        Row(name: "a negative length", bytes: post("Content-Length: -2\r\n", "ab"), statuses: [400]),
        Row(name: "an empty length", bytes: post("Content-Length:\r\n", "ab"), statuses: [400]),
        Row(
            name: "a length over 64 bits",
            bytes: post("Content-Length: 99999999999999999999\r\n", "ab"),
            statuses: [400]
        ),
        Row(
            name: "a length over 63 bits",
            bytes: post("Content-Length: 18446744073709551615\r\n", "ab"),
            statuses: [400]
        ),
        Row(name: "a space before the colon", bytes: get("X : 1\r\n"), statuses: [400]),
        Row(name: "a space before the name", bytes: get(" X: 1\r\n"), statuses: [400]),
        Row(name: "a folded header", bytes: get("X: 1\r\n 2\r\n"), statuses: [400]),
        Row(name: "a header folded with a tab", bytes: get("X: 1\r\n\t2\r\n"), statuses: [400]),
        Row(name: "bare line feeds", bytes: "GET / HTTP/1.1\nHost: a\n\n", statuses: [400]),
        Row(name: "one bare line feed", bytes: "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", statuses: [400]),
        Row(name: "a bare carriage return", bytes: get("X: a\rb\r\n"), statuses: [400]),
        Row(name: "a NUL in a value", bytes: get("X: a\u{0}b\r\n"), statuses: [400]),
        Row(name: "a control byte in a value", bytes: get("X: a\u{1}b\r\n"), statuses: [400]),
        Row(name: "DEL in a value", bytes: get("X: a\u{7F}b\r\n"), statuses: [400]),
        Row(name: "a name with a slash", bytes: get("X/Y: 1\r\n"), statuses: [400]),
        Row(name: "an empty name", bytes: get(": 1\r\n"), statuses: [400]),
        Row(name: "no Host", bytes: "GET / HTTP/1.1\r\n\r\n", statuses: [400]),
        Row(name: "two Hosts", bytes: get("Host: b\r\n"), statuses: [400]),
        Row(name: "two equal Hosts", bytes: get("host: a\r\n"), statuses: [400]),
        Row(name: "a Host with a space", bytes: "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", statuses: [400]),
        Row(name: "HTTP/1.0 without Host", bytes: "GET / HTTP/1.0\r\n\r\n", statuses: [200]),
        Row(name: "an unknown coding", bytes: post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), statuses: [501]),
        Row(name: "a second coding", bytes: post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), statuses: [501]),
        Row(
            name: "chunked before another",
            bytes: post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"),
            statuses: [400]
        ),
        Row(
            name: "a coding in HTTP/1.0",
            bytes: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            statuses: [400]
        ),
        Row(name: "an unknown expectation", bytes: get("Expect: tea\r\n"), statuses: [417]),
        Row(name: "HTTP/9.9", bytes: "GET / HTTP/9.9\r\nHost: a\r\n\r\n", statuses: [505]),
        Row(name: "HTTP/2.0", bytes: "GET / HTTP/2.0\r\nHost: a\r\n\r\n", statuses: [505]),
        Row(name: "HTTP/0.9", bytes: "GET /\r\n\r\n", statuses: [505]),
        Row(name: "the HTTP/2 preface", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", statuses: [505]),
        Row(name: "a TLS hello", bytes: "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}", statuses: [400]),
        Row(name: "an unknown method", bytes: "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", statuses: [405]),
        Row(name: "a method not served", bytes: "PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", statuses: [405]),
        Row(name: "CONNECT", bytes: "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", statuses: [405]),
        Row(
            name: "an upgrade, which is ignored",
            bytes: get("Connection: upgrade, close\r\nUpgrade: h2c\r\n"),
            statuses: [200]
        ),
        Row(name: "a target that is no path", bytes: "GET a HTTP/1.1\r\nHost: a\r\n\r\n", statuses: [400]),
        Row(
            name: "an absolute target",
            bytes: "GET http://a/b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            statuses: [200]
        ),
        Row(name: "a target with a broken escape", bytes: "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", statuses: [400]),
        Row(name: "a target with a NUL", bytes: "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", statuses: [400]),
        Row(name: "a target with bad UTF-8", bytes: "GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", statuses: [400]),
        Row(name: "empty lines before the request", bytes: "\r\n\r\n" + get("Connection: close\r\n"), statuses: [200]),
    ]

    private static func get(_ fields: String) -> String { "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n" }
    private static func post(_ fields: String, _ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
    }
    private static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked\r\n", body) }

    @Test(arguments: rows)
    func `each request gets the statuses the table promises`(row: Row) async throws {
        try await withServer(answer: { request in
            do throws(BodyError) {
                _ = try await request.body.collect(upTo: 1 << 20)
                return .text("ok")
            } catch {
                return .text("\(error)", status: 400)
            }
        }) { port, server in
            let client = try await RawClient(port: port)
            try? await client.send(row.bytes)
            if row.statuses == [200] { client.shutdownWriting() }
            let answer = try await client.receiveAll()
            let statuses = answer.split(separator: "HTTP/1.1 ", omittingEmptySubsequences: true)
                .map { Int($0.prefix(3)) ?? 0 }
            #expect(statuses == row.statuses)
            #expect(answer.contains("\r\nDate: "))
        }
    }

    @Test func `a split at any byte gives the same answer`() async throws {
        let whole = Array(
            "POST /a%20b?x=1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"
                .utf8
        )
        try await withServer(answer: { request in
            let body = (try? await request.body.collect(upTo: 100)) ?? []
            return .text("\(request.path) \(request.query("x") ?? "") \(String(decoding: body, as: UTF8.self))")
        }) { port, _ in
            let client = try await RawClient(port: port)
            for split in 1..<whole.count {
                try await client.send(Array(whole[..<split]))
                await Task.yield()
                try await client.send(Array(whole[split...]))
                let response = try await client.response()
                #expect(response.body == "/a b 1 abcde")
            }
        }
    }
}
