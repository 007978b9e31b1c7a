import Orchestrator
import Testing

@testable import Transport

@Suite struct UpstreamReachTests {
    @Test(arguments: ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "169.254.169.254", "0.0.0.0"])
    func `a call that must stay public reaches nothing else`(host: String) async throws {
        let vendor = ScriptedVendor.answering { _ in reply("200 OK", "text/plain", "secret") }
        defer { vendor.stop() }
        try await withClient { client in
            // A connection that another call has opened must not be used either.
            _ = try await client.send(WireRequest(.get, "http://localhost:\(vendor.port)/"))
            let request = WireRequest(.get, "http://\(host):\(vendor.port)/")
            #expect(await client.failure(request) { $0.reach = .publicOnly } == .forbiddenAddress)
        }
        #expect(vendor.connectionCount == 1)
    }

    @Test(arguments: [
        "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://user:pass@127.0.0.1/", "file:///etc/passwd",
    ])
    func `an address that is no plain one is not used, nor followed`(url: String) async throws {
        let vendor = ScriptedVendor.answering { _ in reply("302 Found", "text/plain", "", "Location: \(url)\r\n") }
        defer { vendor.stop() }
        try await withClient { client in
            #expect(await client.failure(WireRequest(.get, url)) == .forbiddenAddress)
            #expect(await client.failure(WireRequest(.get, vendor.url())) { $0.redirects = 3 } == .forbiddenAddress)
        }
    }

    /// What a public host may answer with, and what keeps the call away: nil is the check of the address connected to.
    static let inwardRedirects: [(location: String, stop: UpstreamError.Kind?)] = [
        ("https://127.0.0.1/", nil), ("https://[::1]/", nil), ("https://[::ffff:7f00:1]/", nil),
        ("https://10.0.0.1/", nil), ("https://169.254.169.254/latest", nil), ("//127.0.0.1/", nil),
        ("https://localhost/", nil), ("https://2130706433/", .forbiddenAddress), ("https://0x7f.1/", .forbiddenAddress),
        ("https://user@127.0.0.1/", .forbiddenAddress), ("http://127.0.0.1/", .forbiddenAddress),
        ("file:///etc/passwd", .forbiddenAddress),
    ]

    /// Without a network no public host can be asked, so the transfer is given the reply of one.
    @Test(arguments: inwardRedirects)
    func `a public host cannot redirect a call to where it may not go`(
        location: String,
        stop: UpstreamError.Kind?
    ) throws {
        var call = UpstreamCall(
            WireRequest(.get, "https://pictures.example/a.png", reply: .picture),
            credential: nil,
            timeLimit: .seconds(1)
        )
        call.reach = .publicOnly
        call.redirects = 3
        let transfer = Transfer(call, sinks: RecordingSinks(), isStream: false)
        transfer.begin(at: try UpstreamURL(call.request.url))
        for line in ["HTTP/1.1 302 Found\r\n", "Location: \(location)\r\n", "\r\n"] {
            let isTaken = transfer.receiveHeader(Array(line.utf8).span)
            #expect(isTaken)
        }
        #expect(transfer.followsRedirect)
        do throws(UpstreamError) {
            let next = try transfer.redirect(to: location)
            #expect(stop == nil)
            // A number is refused before a connection is made, a name when its address is known.
            #expect(next.address?.isPublic == false || next.origin.host == "localhost")
            let addresses: [[UInt8]] = [[127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1], [8, 8, 8, 8]]
            let mayConnect = addresses.map { transfer.mayConnect(to: $0.span) }
            #expect(mayConnect == [false, false, true])
        } catch {
            #expect(error.kind == stop)
        }
    }

    static let elsewhere: [(location: String, Reach?, isFollowed: Bool)] = [
        ("/there", .publicOnly, true), ("http://127.0.0.1:PORT/there", .publicOnly, true),
        ("http://localhost:PORT/there", .publicOnly, false), ("http://127.0.0.2:PORT/there", .publicOnly, false),
        ("http://169.254.169.254/there", .publicOnly, false), ("http://localhost:PORT/there", nil, true),
    ]

    @Test(arguments: elsewhere)
    func `a host that may be private sends a call to no other that is`(
        location: String,
        reach: Reach?,
        isFollowed: Bool
    ) async throws {
        let vendor = ScriptedVendor.answering { request in
            let to = location.replacing("PORT", with: (request.header("host") ?? "").drop { $0 != ":" }.dropFirst())
            return request.head.hasPrefix("GET /there ")
                ? reply("200 OK", "application/json", "{}") : reply("302 Found", "text/html", "", "Location: \(to)\r\n")
        }
        defer { vendor.stop() }
        try await withClient { client in
            let request = WireRequest(.get, vendor.url("/here"))
            if isFollowed {
                let result = try await client.send(request) {
                    $0.redirects = 2
                    $0.reachElsewhere = reach
                }
                #expect(result.reply.status == 200)
            } else {
                let kind = await client.failure(request) {
                    $0.redirects = 2
                    $0.reachElsewhere = reach
                }
                #expect(kind == .forbiddenAddress)
            }
        }
    }

    @Test func `a redirect is followed without the credential`() async throws {
        let seen = Box<[VendorRequest]>([])
        let target = ScriptedVendor.answering { request in
            seen.value += [request]
            return reply("200 OK", "image/png", "picture")
        }
        defer { target.stop() }
        let vendor = ScriptedVendor.answering { [url = target.url("/there?x=1")] request in
            seen.value += [request]
            return reply("302 Found", "text/html", "moved", "Location: \(url)\r\n")
        }
        defer { vendor.stop() }
        try await withClient { client in
            var request = WireRequest(.get, vendor.url("/here"), authentication: .header(name: "x-key", prefix: ""))
            request.headers = [("accept", "image/*")]
            let result = try await client.send(request, credential: "sk-secret") { $0.redirects = 1 }
            #expect(result.reply.status == 200 && result.blobs.count == 1)
        }
        #expect(seen.value.map { $0.header("x-key") } == ["sk-secret", nil])
        #expect(seen.value.map { $0.header("accept") } == ["image/*", "image/*"])
        #expect(seen.value.last?.head.hasPrefix("GET /there?x=1 ") == true)
    }

    @Test func `a relative redirect is resolved, and one too many is the reply`() async throws {
        let seen = Box<[String]>([])
        let vendor = ScriptedVendor.answering { request in
            seen.value += [String(request.head.prefix { $0 != "\r\n" })]
            return reply("307 Temporary Redirect", "application/json", "{}", "Location: ../b\r\n")
        }
        defer { vendor.stop() }
        try await withClient { client in
            let result = try await client.send(WireRequest(.get, vendor.url("/a/x/y"))) { $0.redirects = 1 }
            #expect(result.reply.status == 307 && result.reply.document == [:])
        }
        #expect(seen.value == ["GET /a/x/y HTTP/1.1", "GET /a/b HTTP/1.1"])
    }

    @Test func `a redirect of a request with effects is its reply`() async throws {
        let vendor = ScriptedVendor.answering { _ in
            reply("308 Permanent Redirect", "application/json", "{}", "Location: /elsewhere\r\n")
        }
        defer { vendor.stop() }
        try await withClient { client in
            let request = WireRequest(.post, vendor.url(), body: .json([:]))
            let result = try await client.send(request) { $0.redirects = 5 }
            #expect(result.reply.status == 308)
        }
    }

    @Test func `the time limit covers redirects together`() async throws {
        let vendor = ScriptedVendor.answering { _ in reply("302 Found", "text/plain", "", "Location: /again\r\n") }
        defer { vendor.stop() }
        try await withClient { client in
            let kind = await client.failure(WireRequest(.get, vendor.url()), within: .milliseconds(50)) {
                $0.redirects = .max
            }
            #expect(kind == .timeout(sent: true) || kind == .timeout(sent: false))
        }
    }
}
